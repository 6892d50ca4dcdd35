// One consumer's queue of waiting calls: matches them with ready jobs and new sources, in order of arrival.
import { asError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { Waiter } from '../base/waiting-call.ts';
import { type Database, DatabaseEnded, DatabaseUnavailable } from '../database/database.ts';
import type { Way } from '../domain/jobs/enroll.ts';
import type { EventRecord } from '../domain/events/event.ts';
import type { Live } from '../live/live.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogTail } from '../log/tail.ts';
import { findOwnJobs, findSequentialHead, type OwnJob } from '../store/jobs/find-jobs.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import type { ReadyJob } from '../store/jobs/reclaim-jobs.ts';
import { claimOfNew, claimOfReclaimed, newClaim } from './claims.ts';
import { deal, total } from './assign-jobs.ts';
import { Handoffs, type Offer, wantsBeforehand } from './direct-delivery.ts';
import { readyBatch, ReadyJobs } from './ready-jobs.ts';
import { SourceCursor } from './source-cursor.ts';
import { type Claim, type EnrollCall, type EnrollWaiter, isPlain } from './waiting-enroll.ts';
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

export class WayQueue {
  readonly #parts: JobParts;
  readonly way: Way;
  readonly #cursor: SourceCursor;
  readonly #wakeUp: WakeUp;
  readonly #ready: ReadyJobs;
  readonly #waiting = new Set<EnrollWaiter>();
  /** Calls being served outside of a pass. */
  readonly #atOnce = new Set<Promise<void>>();
  readonly #handoffs: Handoffs;
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
  #roundAt = 0;
  /** Something found in this pass was not claimed, or was only marked as failed: there may be more. */
  #again = false;
  lastAskedAt = performance.now();

  constructor(parts: JobParts, way: Way, owner: string) {
    this.#parts = parts;
    this.way = way;
    this.#cursor = new SourceCursor(parts.database, way, owner, parts.logger);
    this.#ready = new ReadyJobs(parts.database, way);
    this.#wakeUp = new WakeUp(parts, way, {
      wake: (isOver) => {
        if (!isOver || [...this.#waiting].some(({ call }) => call.terms.sequential)) this.#wake();
      },
      ring: () => void this.#ring(),
    });
    this.#handoffs = new Handoffs(way, (waiter) => {
      if (waiter.got.length === 0) this.#putFirst(waiter);
      waiter.finish(waiter.got.length > 0);
    });
  }

  get isBusy(): boolean {
    return this.#waiting.size > 0 || this.#atOnce.size > 0 || this.#handoffs.size > 0;
  }

  /** Work may become claimable after this many milliseconds. */
  wakeIn(ms: number): void {
    if (this.isBusy || this.#isUpToDate) this.#wakeUp.ringIn(ms);
  }

  ask(call: EnrollCall): Promise<readonly Claim[]> {
    this.lastAskedAt = performance.now();
    const waiter: EnrollWaiter = new Waiter(call, () => {
      this.#waiting.delete(waiter);
      this.#restWhereIdle();
    });
    if (this.#canWaitOn(call)) {
      waiter.looked();
      this.#waiting.add(waiter);
    } else if (this.#waiting.size > 0 || !this.#serveAtOnce(waiter)) this.#queue(waiter);
    return waiter.answer;
  }

  /**
   * Offers direct delivery of an event about to be committed as FINISHED: a job for the first waiting call, to be
   * committed with the event. Null if the consumer does not match the event, or if other work may have to go first.
   */
  offer(asEvent: () => EventRecord): Offer | null {
    if (!this.#isUpToDate) return null;
    const event = asEvent();
    if (!wantsBeforehand(this.way, event)) return null;
    const next = () => {
      const [first] = this.#waiting;
      const isClose = performance.now() < this.#closelyUntil;
      if (first === undefined || isClose || !isPlain(first.call)) return undefined;
      this.#waiting.delete(first);
      return first;
    };
    const offer = this.#handoffs.offer(next, (isWritten) => {
      this.#wakeUp.hear(event.id);
      if (isWritten) this.#yieldToReady();
    });
    if (offer) {
      this.#wakeUp.overhear(event.id);
      // So that the consumer's position is saved from time to time.
      this.#wakeUp.ringIn(lookAgainMs);
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
    for (const waiter of this.#waiting) waiter.giveUp();
    await Promise.all([...this.#atOnce, this.#handoffs.settled()]);
    await this.#pumping;
    this.#wakeUp.stop();
    await this.#cursor.save();
  }

  /** The database has ended: fails all waiting calls. */
  readonly end = (failure: DatabaseEnded) => this.#fail([...this.#waiting], failure);

  /** Whether the call can wait without a check, because nothing can have been missed since the last pass. */
  #canWaitOn(call: EnrollCall): boolean {
    if (!this.#isUpToDate || this.#isStopping || !isPlain(call) || call.waitMs < readWithinMs) return false;
    return this.#wakeUp.goOn();
  }

  #queue(waiter: EnrollWaiter): void {
    if (this.#isStopping) return waiter.giveUp();
    this.#waiting.add(waiter);
    this.#wake();
  }

  /**
   * Creates jobs for a call from prefetched sources, unless a job is ready for its next run. Concurrent calls share a
   * flush. A call that gets nothing is queued for a pass. Returns false if a pass is needed.
   */
  #serveAtOnce(waiter: EnrollWaiter): boolean {
    if (this.#isStopping || !isPlain(waiter.call) || performance.now() < this.#closelyUntil) return false;
    const sources = this.#cursor.nextAhead(waiter.missing);
    if (sources.length === 0) return false;
    this.#waiting.delete(waiter);
    waiter.begin();
    const serving = this.#make(deal(sources, [waiter]), true)
      .then((made) => {
        if (made < sources.length) this.#yieldToReady();
        if (waiter.got.length === 0) this.#queue(waiter);
        waiter.finish(waiter.got.length > 0);
      })
      .catch((error: unknown) => {
        if (error instanceof DatabaseUnavailable && waiter.call.waitMs > 0) this.#queue(waiter);
        this.#fail([waiter], asError(error));
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
  #putFirst(waiter: EnrollWaiter): void {
    const others = [...this.#waiting];
    this.#waiting.clear();
    for (const each of [waiter, ...others]) this.#waiting.add(each);
    if (this.#isStopping) waiter.giveUp();
    else if (this.#wanted) this.#wake();
  }

  #wake(): void {
    this.#wanted = true;
    this.#isUpToDate = false;
    if (this.#waiting.size > 0) this.#pumping ??= this.#pump();
  }

  async #pump(): Promise<void> {
    // Calls that arrive in the same turn of the event loop share a pass.
    await new Promise(setImmediate);
    while (this.#wanted && this.#waiting.size > 0) {
      this.#wanted = false;
      for (const waiter of this.#waiting) if (!this.#serveAtOnce(waiter)) break;
      if (this.#waiting.size > 0) await this.#round([...this.#waiting]);
    }
    this.#pumping = undefined;
    this.#restWhereIdle();
  }

  #restWhereIdle(): void {
    if (!this.isBusy && this.#pumping === undefined) this.#wakeUp.rest();
  }

  async #round(waiters: readonly EnrollWaiter[]): Promise<void> {
    this.#roundAt = performance.now();
    this.#ready.look();
    for (const waiter of waiters) waiter.begin();
    try {
      this.#again = false;
      if (waiters.some(({ call }) => call.waitMs > 0)) await this.#wakeUp.watch();
      await this.#serveOwn(waiters.filter(({ call, missing }) => call.terms.sticky && missing > 0));
      await this.#serveSequential(waiters.find(({ call, missing }) => call.terms.sequential && missing > 0));
      await this.#servePlain(waiters.filter(({ call, missing }) => !call.terms.sequential && missing > 0));
      this.#wanted ||= this.#again;
      const isExhausted = waiters.some(
        ({ call, missing }) => isPlain(call) && call.waitMs > 0 && missing > 0,
      );
      for (const waiter of waiters) waiter.finish(!this.#again);
      if (this.#wanted || this.#waiting.size === 0) return;
      await this.#setAlarm();
      this.#isUpToDate = isExhausted && !this.#wanted && this.#waiting.size > 0;
    } catch (error) {
      this.#cursor.forget();
      this.#fail(waiters, asError(error));
    }
  }

  /** Calls with time left outlast a database outage; the others fail. */
  #fail(waiters: readonly EnrollWaiter[], error: Error): void {
    const isUnavailable = error instanceof DatabaseUnavailable && !(error instanceof DatabaseEnded);
    for (const waiter of waiters) waiter[isUnavailable ? 'postpone' : 'fail'](error);
    if (this.isBusy) this.#wakeUp.ringIn(retryMs);
  }

  /** If all available work is known, only jobs that became ready since then are checked for. */
  async #ring(): Promise<void> {
    const isLongAgo = performance.now() - this.#roundAt >= lookAgainMs;
    if (!this.#isUpToDate || this.#waiting.size === 0 || isLongAgo) return this.#wake();
    try {
      // If the clock jumped past the alarm's time, the next pass notices.
      if (!(await this.#setAlarm()) && this.#waiting.size > 0) this.#wakeUp.ringIn(lookAgainMs);
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
    else this.#wakeUp.ringIn(Math.min(ms, lookAgainMs));
    return true;
  }

  /** Gives sticky workers their unfinished jobs again. */
  async #serveOwn(waiters: readonly EnrollWaiter[]): Promise<void> {
    if (waiters.length === 0) return;
    const workers = [...new Set(waiters.map(({ call }) => call.terms.worker))];
    const limit = Math.max(...waiters.map(({ missing }) => missing)) + readyBatch.least;
    const found = await findOwnJobs(this.#parts.database, this.way.target, workers, limit);
    const over = found.filter(({ held, expires }) => expires && !held).slice(0, readyBatch.most);
    await allOf(over.map((job) => this.#reclaim(null, job)));
    const jobs = found.filter(({ held, expires }) => held || !expires);
    for (const waiter of waiters) {
      const own = jobs.filter(({ worker }) => worker === waiter.call.terms.worker);
      while (waiter.missing > 0 && own.length > 0) {
        const next = own.splice(0, waiter.missing);
        await allOf(next.map((job) => (job.held ? this.#keep(waiter, job) : this.#reclaimOwn(waiter, job))));
      }
    }
  }

  /** Serves one job at a time: the first unfinished job, or the next source if there is none. */
  async #serveSequential(waiter: EnrollWaiter | undefined): Promise<void> {
    if (!waiter) return;
    const head = await findSequentialHead(this.#parts.database, this.way);
    const [job] = await this.#ready.onlyWanted(head?.job ? [head.job] : []);
    if (job) await this.#reclaim(waiter, job);
    if (head) return;
    await this.#cursor.readAhead(1, () => waiter.missing > 0);
    await this.#create(this.#cursor.next(1, false), [waiter]);
  }

  /** Serves jobs that are ready for their next run first, then sources without a job. */
  async #servePlain(waiters: readonly EnrollWaiter[]): Promise<void> {
    if (waiters.length === 0) return;
    const stillWanted = () => waiters.some((waiter) => waiter.missing > 0);
    const ready = await this.#ready.find(total(waiters), stillWanted);
    const claimable = ready.filter(({ expires }) => !expires);
    const expired = ready.filter(({ expires }) => expires);
    const writing = [
      ...deal(claimable, waiters).map(([waiter, job]) => this.#reclaim(waiter, job)),
      ...expired.map((job) => this.#reclaim(null, job)),
    ];
    const missing = total(waiters) - claimable.length;
    await allOf(writing);
    if (missing <= 0) return;
    await this.#cursor.readAhead(missing, stillWanted);
    await this.#create(this.#cursor.next(missing, this.#contended), waiters);
  }

  async #keep(waiter: EnrollWaiter, job: OwnJob): Promise<void> {
    const { leaseMs } = waiter.call.terms;
    const lease = await this.#parts.writer.extend({ eventId: job.eventId, attempt: job.attempt, leaseMs });
    if (lease === null) return this.#lost();
    const { eventId: id, sourceId, attempt } = job;
    waiter.got.push({ event: { id }, source: { id: sourceId }, attempt, until: lease.until, isKept: true });
  }

  /** Without a waiting call, a job whose last lease lapsed is marked FAILED. */
  async #reclaim(waiter: EnrollWaiter | null, job: ReadyJob): Promise<void> {
    if (!(await this.#tryReclaim(waiter, job))) this.#lost();
  }

  /** A sequential worker gets no job while another precedes it; this is no reason for another pass. */
  async #reclaimOwn(waiter: EnrollWaiter, job: ReadyJob): Promise<void> {
    const isClaimed = await this.#tryReclaim(waiter, job);
    if (!isClaimed && !waiter.call.terms.sequential) this.#lost();
  }

  async #tryReclaim(waiter: EnrollWaiter | null, job: ReadyJob): Promise<boolean> {
    const terms = job.expires ? null : (waiter?.call.terms ?? null);
    const row = await this.#parts.writer.reclaim({ job, wayId: this.way.id, terms });
    const claim = row && waiter && claimOfReclaimed(this.way, job, row);
    if (claim) waiter.got.push(claim);
    return claim !== null;
  }

  async #create(sources: readonly Source[], waiters: readonly EnrollWaiter[]): Promise<void> {
    const pairs = deal(sources, waiters);
    this.#cursor.giveBack(sources.slice(pairs.length), new Set());
    if (pairs.length === 0) return;
    const isBehind = (await this.#make(pairs, false)) < pairs.length;
    this.#contended = isBehind && this.#wasBehind;
    this.#wasBehind = isBehind;
    if (!isBehind) return;
    this.#cursor.forget();
    this.#lost();
  }

  /** Returns how many jobs were created. `yields`: none are created if a job is ready for its next run. */
  async #make(pairs: readonly (readonly [EnrollWaiter, Source])[], yields: boolean): Promise<number> {
    const settled = new Set<Source>();
    const create = async ([waiter, source]: readonly [EnrollWaiter, Source]) => {
      const run = newClaim(this.way, waiter.call.terms, yields);
      const job = { ...run, sourceId: source.id, sourcePosition: source.position };
      const row = await this.#parts.writer.create(job);
      if (row === null) return;
      settled.add(source);
      waiter.got.push(claimOfNew(run, { id: source.id }, row));
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

/** Waits until all have settled, then rejects with the first failure, if any. */
async function allOf(writes: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(writes);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw asError(outcome.reason);
}
