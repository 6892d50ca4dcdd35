// One consumer's queue of waiting calls: matches them with ready jobs and new sources, in order of arrival.
import { asError } from '../base/errors.ts';
import { allOf } from './all-of.ts';
import type { Logger } from '../base/logger.ts';
import { WaitingCall } from '../base/waiting-call.ts';
import { type Database, DatabaseEnded, DatabaseUnavailable } from '../database/database.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { EventRecord } from '../domain/events/event.ts';
import type { Live } from '../live/live.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogTail } from '../log/tail.ts';
import { findOwnJobs, findSequentialHead, type OwnJob } from '../store/jobs/find-jobs.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import { assign, type Assigned, measureOfJob, measureOfSource, total } from './assign-jobs.ts';
import { type AssignedOrOver, ClaimWriter } from './claim-writer.ts';
import { DirectDeliveries, type Offer, wantsBeforehand } from './direct-delivery.ts';
import { readyBatch, ReadyJobs } from './ready-jobs.ts';
import type { Prefetched } from './prefetched.ts';
import { QueuedEvents } from './queued-events.ts';
import { type Owner, SourceCursor } from './source-cursor.ts';
import { type Claim, type EnrollCall, type WaitingEnroll, isPlain } from './waiting-enroll.ts';
import { WakeUp } from './wake-up.ts';

export interface JobParts {
  readonly database: Database;
  readonly writer: JobWriter;
  readonly tail: LogTail;
  readonly live: Live;
  readonly logger: Logger;
}

/** Retry interval while the database is unreachable, in milliseconds. */
const retryMs = 1_000;
/**
 * A call that waits at least this long, in milliseconds, need not check on arrival: within this time the log reader
 * catches up with everything acknowledged before the call, even if a notification was lost.
 */
const readWithinMs = 6_000;
/** After an unexpected ready job, how long every pass checks for ready jobs, in milliseconds. */
const closelyMs = 1_000;
/** Longest interval between passes while a call waits beside leased or delayed jobs, in milliseconds. */
const lookAgainMs = 5_000;

export class ConsumerQueue {
  readonly #parts: JobParts;
  readonly definition: ConsumerDefinition;
  readonly #cursor: Prefetched;
  readonly #claims: ClaimWriter;
  readonly #wakeUp: WakeUp;
  readonly #ready: ReadyJobs;
  readonly #waiting = new Set<WaitingEnroll>();
  /** Calls being served outside of a pass. */
  readonly #atOnce = new Set<Promise<void>>();
  readonly #directDeliveries: DirectDeliveries;
  #isStopping = false;
  #pumping: Promise<void> | undefined;
  #wanted = false;
  /** Some sources of the last attempt were claimed elsewhere first. */
  #wasBehind = false;
  /** Twice in a row, although the sources were just read: another gateway claims the same ones. Avoid them. */
  #contended = false;
  #closelyUntil = 0;
  /** The last pass found nothing for the waiting calls; new work will wake them. */
  #isUpToDate = false;
  /** Start of the last pass. */
  #passAt = 0;
  /** Something found in this pass was not claimed, or was only marked as failed: there may be more. */
  #again = false;
  lastAskedAt = performance.now();

  constructor(parts: JobParts, definition: ConsumerDefinition, owner: Owner) {
    this.#parts = parts;
    this.definition = definition;
    this.#cursor = definition.isQueue
      ? new QueuedEvents(parts.database, definition)
      : new SourceCursor(parts.database, definition, owner, parts.logger);
    this.#claims = new ClaimWriter(parts.writer, definition);
    this.#ready = new ReadyJobs(parts.database, definition);
    this.#wakeUp = new WakeUp(parts, definition, {
      wake: (isOver) => {
        if (!isOver || [...this.#waiting].some(({ request }) => request.terms.sequential)) this.#wake();
      },
      onAlarm: () => void this.#onAlarm(),
    });
    this.#directDeliveries = new DirectDeliveries(definition, (call) => {
      if (call.got.length === 0) this.#putFirst(call);
      call.finish(call.got.length > 0);
    });
  }

  get isBusy(): boolean {
    return this.#waiting.size > 0 || this.#atOnce.size > 0 || this.#directDeliveries.size > 0;
  }

  /** Work may become claimable after this many milliseconds. */
  wakeIn(ms: number): void {
    if (this.isBusy || this.#isUpToDate) this.#wakeUp.wakeIn(ms);
  }

  ask(request: EnrollCall): Promise<readonly Claim[]> {
    this.lastAskedAt = performance.now();
    const call: WaitingEnroll = new WaitingCall(request, () => {
      this.#waiting.delete(call);
      this.#restWhereIdle();
    });
    if (this.#canWaitOn(request)) {
      call.looked();
      this.#waiting.add(call);
    } else if (this.#waiting.size > 0 || !this.#serveAtOnce(call)) this.#queue(call);
    return call.answer;
  }

  /**
   * Offers direct delivery of an event about to be committed as FINISHED: a job for the first waiting call, to be
   * committed with the event. Null if the consumer does not match the event, or if other work may have to go first.
   */
  offer(asEvent: () => EventRecord, bytes: () => number): Offer | null {
    if (!this.#isUpToDate) return null;
    const event = asEvent();
    if (!wantsBeforehand(this.definition, event)) return null;
    const next = () => {
      const [first] = this.#waiting;
      const isClose = performance.now() < this.#closelyUntil;
      if (first === undefined || isClose || !isPlain(first.request)) return undefined;
      this.#waiting.delete(first);
      return first;
    };
    const offer = this.#directDeliveries.offer(bytes(), next, (isWritten) => {
      this.#wakeUp.notify(event.id);
      if (isWritten) this.#yieldToReady();
    });
    if (offer) {
      this.#wakeUp.notifyOfOwn(event.id);
      // So that the consumer's position is saved from time to time.
      this.#wakeUp.wakeIn(lookAgainMs);
    } else {
      // Later events must not overtake this one.
      this.#isUpToDate = false;
    }
    return offer;
  }

  /** A job was not created, usually because a job ready for its next run has precedence. */
  #yieldToReady(): void {
    this.#closelyUntil = performance.now() + closelyMs;
    this.#wake();
  }

  /** Answers all waiting calls with no jobs. Resolves when the consumer's position is saved. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const call of this.#waiting) call.giveUp();
    await Promise.all([...this.#atOnce, this.#directDeliveries.settled()]);
    await this.#pumping;
    this.#wakeUp.stop();
    await this.#cursor.save();
  }

  /** The database has ended: fails all waiting calls. */
  readonly end = (failure: DatabaseEnded) => this.#fail([...this.#waiting], failure);

  /** Whether the call can wait without a check, because nothing can have been missed since the last pass. */
  #canWaitOn(request: EnrollCall): boolean {
    if (!this.#isUpToDate || this.#isStopping || !isPlain(request) || request.waitMs < readWithinMs)
      return false;
    return this.#wakeUp.goOn();
  }

  #queue(call: WaitingEnroll): void {
    if (this.#isStopping) return call.giveUp();
    this.#waiting.add(call);
    this.#wake();
  }

  /**
   * Creates jobs for a call from prefetched sources, unless a job is ready for its next run. Concurrent calls share a
   * flush. A call that gets nothing is queued for a pass. Returns false if a pass is needed.
   */
  #serveAtOnce(call: WaitingEnroll): boolean {
    if (this.#isStopping || !isPlain(call.request) || performance.now() < this.#closelyUntil) return false;
    const sources = this.#cursor.nextPrefetched(call.missing);
    if (sources.length === 0) return false;
    this.#waiting.delete(call);
    call.begin();
    const serving = this.#assignSources(sources, [call])
      .then(async (pairs) => {
        if ((await this.#make(pairs, true)) < pairs.length) this.#yieldToReady();
        if (call.got.length === 0) this.#queue(call);
        call.finish(call.got.length > 0);
      })
      .catch((error: unknown) => {
        if (error instanceof DatabaseUnavailable && call.request.waitMs > 0) this.#queue(call);
        this.#fail([call], asError(error));
        // The sources remain available to other calls.
        this.#wake();
      })
      .finally(() => {
        this.#atOnce.delete(serving);
        this.#restWhereIdle();
      });
    this.#atOnce.add(serving);
    return true;
  }

  /** Returns a call to the front of the queue after a direct delivery failed. */
  #putFirst(call: WaitingEnroll): void {
    const others = [...this.#waiting];
    this.#waiting.clear();
    for (const each of [call, ...others]) this.#waiting.add(each);
    if (this.#isStopping) call.giveUp();
    else if (this.#wanted) this.#wake();
  }

  #wake(): void {
    this.#wanted = true;
    this.#isUpToDate = false;
    if (this.#waiting.size > 0) this.#pumping ??= this.#dispatch();
  }

  async #dispatch(): Promise<void> {
    // Calls that arrive in the same turn of the event loop share a pass.
    await new Promise(setImmediate);
    while (this.#wanted && this.#waiting.size > 0) {
      this.#wanted = false;
      for (const call of this.#waiting) if (!this.#serveAtOnce(call)) break;
      if (this.#waiting.size > 0) await this.#pass([...this.#waiting]);
    }
    this.#pumping = undefined;
    this.#restWhereIdle();
  }

  #restWhereIdle(): void {
    if (!this.isBusy && this.#pumping === undefined) this.#wakeUp.rest();
  }

  async #pass(calls: readonly WaitingEnroll[]): Promise<void> {
    this.#passAt = performance.now();
    this.#ready.look();
    for (const call of calls) call.begin();
    try {
      this.#again = false;
      if (calls.some(({ request }) => request.waitMs > 0)) await this.#wakeUp.watch();
      await this.#serveOwn(calls.filter(({ request, missing }) => request.terms.sticky && missing > 0));
      const isOpen = ({ request, missing }: WaitingEnroll) => request.terms.sequential && missing > 0;
      await this.#serveSequential(calls.find(isOpen));
      await this.#servePlain(
        calls.filter(({ request, missing }) => !request.terms.sequential && missing > 0),
      );
      this.#wanted ||= this.#again;
      const isExhausted = calls.some(
        // One that has got some may have no room for more.
        ({ request, got, missing }) =>
          isPlain(request) && request.waitMs > 0 && missing > 0 && got.length === 0,
      );
      for (const call of calls) call.finish(!this.#again);
      if (this.#wanted || this.#waiting.size === 0) return;
      await this.#setAlarm();
      this.#isUpToDate = isExhausted && !this.#wanted && this.#waiting.size > 0;
    } catch (error) {
      this.#cursor.forget();
      this.#fail(calls, asError(error));
    }
  }

  /** Calls with time left outlast a database outage; the others fail. */
  #fail(calls: readonly WaitingEnroll[], error: Error): void {
    const isUnavailable = error instanceof DatabaseUnavailable && !(error instanceof DatabaseEnded);
    for (const call of calls) call[isUnavailable ? 'postpone' : 'fail'](error);
    if (this.isBusy) this.#wakeUp.wakeIn(retryMs);
  }

  /** If all available work is known, only jobs that became ready since then are checked for. */
  async #onAlarm(): Promise<void> {
    const isLongAgo = performance.now() - this.#passAt >= lookAgainMs;
    if (!this.#isUpToDate || this.#waiting.size === 0 || isLongAgo) return this.#wake();
    try {
      // If the clock jumped past the alarm's time, the next pass notices.
      if (!(await this.#setAlarm()) && this.#waiting.size > 0) this.#wakeUp.wakeIn(lookAgainMs);
    } catch {
      this.#wake();
    }
  }

  /** Returns false if no job will become ready. */
  async #setAlarm(): Promise<boolean> {
    const ms = await this.#ready.nextInMs();
    // Calls that arrive now check for themselves.
    if (this.#waiting.size === 0) this.#isUpToDate = false;
    if (ms === null || this.#waiting.size === 0) return ms !== null;
    if (ms === 0) this.#wake();
    // The notification that another gateway shortened a lease can be lost.
    else this.#wakeUp.wakeIn(Math.min(ms, lookAgainMs));
    return true;
  }

  /** Gives sticky workers their unfinished jobs again. */
  async #serveOwn(calls: readonly WaitingEnroll[]): Promise<void> {
    if (calls.length === 0) return;
    const workers = [...new Set(calls.map(({ request }) => request.terms.worker))];
    const limit = Math.max(...calls.map(({ missing }) => missing)) + readyBatch.least;
    const found = await findOwnJobs(this.#parts.database, this.definition, workers, limit);
    const over = found.filter(({ held, expires }) => expires && !held).slice(0, readyBatch.most);
    await allOf(over.map((job) => this.#reclaim([null, job, 0])));
    const jobs = found.filter(({ held, expires }) => held || !expires);
    for (const call of calls) {
      const { worker, key, isOwnOnly } = call.request.terms;
      const own = jobs.filter((job) => job.worker === worker && (!isOwnOnly || job.key === key));
      while (call.missing > 0 && own.length > 0) {
        const next = await assign(this.#parts.database, own, [call], measureOfJob);
        if (next.length === 0) break;
        own.splice(0, next.length);
        await allOf(next.map((job) => this.#giveAgain(job)));
      }
    }
  }

  /** Serves one job at a time: the first unfinished job, or the next source if there is none. */
  async #serveSequential(call: WaitingEnroll | undefined): Promise<void> {
    if (!call) return;
    const head = await findSequentialHead(this.#parts.database, this.definition);
    const [job] = await this.#ready.onlyWanted(head?.job ? [head.job] : []);
    if (job) await this.#reclaim([call, job, 0]);
    if (head) return;
    await this.#cursor.readAhead(1, () => call.missing > 0);
    await this.#create(this.#cursor.next(1, false), [call]);
  }

  /** Serves jobs that are ready for their next run first, then sources without a job. */
  async #servePlain(calls: readonly WaitingEnroll[]): Promise<void> {
    if (calls.length === 0) return;
    const stillWanted = () => calls.some((call) => call.missing > 0);
    const ready = await this.#ready.find(total(calls), stillWanted);
    const claimable = ready.filter(({ expires }) => !expires);
    const expired = ready.filter(({ expires }) => expires);
    const assigned = await assign(this.#parts.database, claimable, calls, measureOfJob);
    const missing = total(calls) - assigned.length;
    await allOf([
      ...assigned.map((job) => this.#reclaim(job)),
      ...expired.map((job) => this.#reclaim([null, job, 0])),
    ]);
    if (missing <= 0 || assigned.length < claimable.length) return;
    await this.#cursor.readAhead(missing, stillWanted);
    await this.#create(this.#cursor.next(missing, this.#contended), calls);
  }

  /** Those that no call takes are given back. */
  async #assignSources(sources: readonly Source[], calls: readonly WaitingEnroll[]) {
    let count = 0;
    try {
      const assigned = await assign(this.#parts.database, sources, calls, measureOfSource);
      count = assigned.length;
      return assigned;
    } finally {
      this.#cursor.giveBack(sources.slice(count), new Set());
    }
  }

  /** A sequential worker gets no job while another precedes it; this is no reason for another pass. */
  async #giveAgain(job: Assigned<OwnJob>): Promise<void> {
    const [{ request }, { held }] = job;
    const isGiven = await (held ? this.#claims.keep(job) : this.#claims.reclaim(job));
    if (!isGiven && (held || !request.terms.sequential)) this.#lost();
  }

  /** Without a waiting call, a job whose last lease lapsed is marked FAILED. */
  async #reclaim(job: AssignedOrOver): Promise<void> {
    if (!(await this.#claims.reclaim(job))) this.#lost();
  }

  async #create(sources: readonly Source[], calls: readonly WaitingEnroll[]): Promise<void> {
    const pairs = await this.#assignSources(sources, calls);
    if (pairs.length === 0) return;
    const isBehind = (await this.#make(pairs, false)) < pairs.length;
    this.#contended = isBehind && this.#wasBehind;
    this.#wasBehind = isBehind;
    if (!isBehind) return;
    this.#cursor.forget();
    this.#lost();
  }

  /** Returns how many jobs were created. `yields`: none are created if a job is ready for its next run. */
  async #make(pairs: readonly Assigned<Source>[], yields: boolean): Promise<number> {
    const settled = new Set<Source>();
    const create = async (pair: Assigned<Source>) => {
      if (await this.#claims.create(pair, yields)) settled.add(pair[1]);
    };
    const sources = pairs.map(([, source]) => source);
    await allOf(pairs.map(create)).finally(() => this.#cursor.giveBack(sources, settled));
    return settled.size;
  }

  /** The state has changed since it was read: another pass is needed. */
  #lost(): void {
    this.#again = true;
  }
}
