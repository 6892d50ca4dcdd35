// One consumer's queue of waiting calls: matches them with ready jobs and new sources, in order of arrival.
import { asError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { WaitingCall } from '../base/waiting-call.ts';
import { type Database, DatabaseEnded, DatabaseUnavailable } from '../database/database.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import { type Flow, isLimited, storedFlow } from '../domain/jobs/flow.ts';
import type { EventRecord } from '../domain/events/event.ts';
import type { Live } from '../live/live.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogTail } from '../log/tail.ts';
import type { ConsumerState } from '../store/jobs/consumers.ts';
import { DirectDeliveries, type Offer, selectsUnwritten } from './direct-delivery.ts';
import { ReadyJobs } from './ready-jobs.ts';
import { JobClaimer } from './job-claimer.ts';
import type { Prefetched } from './prefetched.ts';
import { QueuedEvents } from './queued-events.ts';
import { SourceCursor } from './source-cursor.ts';
import { type Creation, StoredConsumer } from './consumers/stored-consumer.ts';
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
/** How long after a call changes of the stored consumer are looked for, in milliseconds. */
const followedMs = 10_000;
/** Longest interval between passes while a call waits beside leased or delayed jobs, in milliseconds. */
const lookAgainMs = 5_000;

export class ConsumerQueue {
  readonly definition: ConsumerDefinition;
  readonly #consumer: StoredConsumer;
  readonly #cursor: Prefetched;
  readonly #claimer: JobClaimer;
  readonly #wakeUp: WakeUp;
  readonly #ready: ReadyJobs;
  readonly #waiting = new Set<WaitingEnroll>();
  /** Calls being served outside of a pass. */
  readonly #atOnce = new Set<Promise<void>>();
  readonly #directDeliveries: DirectDeliveries;
  #isStopping = false;
  #pumping: Promise<void> | undefined;
  #wanted = false;
  #closelyUntil = 0;
  /** The last pass found nothing for the waiting calls; new work will wake them. */
  #isUpToDate = false;
  /** Start of the last pass. */
  #passAt = 0;
  lastAskedAt = performance.now();

  constructor(parts: JobParts, definition: ConsumerDefinition, creation: Creation) {
    this.definition = definition;
    this.#consumer = new StoredConsumer(parts.database, definition, creation);
    this.#cursor = definition.isQueue
      ? new QueuedEvents(parts.database, definition)
      : new SourceCursor(parts.database, definition, this.#consumer, parts.logger);
    this.#ready = new ReadyJobs(parts.database, definition);
    this.#claimer = new JobClaimer(parts, definition, {
      consumer: this.#consumer,
      cursor: this.#cursor,
      ready: this.#ready,
    });
    this.#wakeUp = new WakeUp(parts, definition, {
      wake: (isOver) => {
        if (!isOver || this.isLimited || [...this.#waiting].some(({ request }) => request.terms.sequential))
          this.#wake();
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

  get isStored(): boolean {
    return this.#consumer.isStored;
  }

  /** Whether it is stored, and was used a moment ago. */
  get isFollowed(): boolean {
    return this.#consumer.isStored && (this.isBusy || performance.now() - this.lastAskedAt < followedMs);
  }

  /** Takes over the stored state, which a gateway may have changed; undefined: the consumer was deleted. */
  update(stored: ConsumerState | undefined): void {
    const wasPaused = this.#consumer.isPaused;
    const limits = storedFlow(this.#consumer.flow);
    const isMoved = this.#consumer.update(stored);
    const isSame = this.#consumer.isPaused === wasPaused && storedFlow(this.#consumer.flow) === limits;
    if (!isMoved && isSame) return;
    this.#cursor.forget();
    this.#wake();
  }

  get isLimited(): boolean {
    return isLimited(this.#consumer.flow);
  }

  /** Sets the limits of the consumer. */
  async setFlow(flow: Flow): Promise<void> {
    await this.#open();
    await this.#consumer.setFlow(flow);
  }

  /** Stores the position now instead of a moment later. */
  save(): Promise<void> {
    return this.#cursor.save();
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
    if (!selectsUnwritten(this.definition, event)) return null;
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
    if (this.#isStopping || this.#consumer.isPaused || this.isLimited || !isPlain(call.request)) return false;
    if (performance.now() < this.#closelyUntil) return false;
    const sources = this.#cursor.ahead.nextFresh(call.missing);
    if (sources.length === 0) return false;
    this.#waiting.delete(call);
    call.begin();
    const serving = this.#claimer
      .assignSources(sources, [call])
      .then(async (pairs) => {
        if ((await this.#claimer.make(pairs, true)) < pairs.length) this.#yieldToReady();
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
      this.#claimer.mayBeMore = false;
      await this.#open();
      if (calls.some(({ request }) => request.waitMs > 0)) await this.#wakeUp.watch();
      if (this.#consumer.isPaused) {
        for (const call of calls) call.finish(true);
        return;
      }
      await this.#claimer.serveOwn(
        calls.filter(({ request, missing }) => request.terms.sticky && missing > 0),
      );
      const isOpen = ({ request, missing }: WaitingEnroll) => request.terms.sequential && missing > 0;
      await this.#claimer.serveSequential(calls.find(isOpen));
      await this.#claimer.servePlain(
        calls.filter(({ request, missing }) => !request.terms.sequential && missing > 0),
      );
      this.#wanted ||= this.#claimer.mayBeMore;
      const isExhausted = calls.some(
        // One that has got some may have no room for more.
        ({ request, got, missing }) =>
          isPlain(request) && request.waitMs > 0 && missing > 0 && got.length === 0,
      );
      for (const call of calls) call.finish(!this.#claimer.mayBeMore);
      if (this.#wanted || this.#waiting.size === 0) return;
      await this.#setAlarm();
      if (this.isLimited) return this.#wakeUp.wakeIn(this.#claimer.limitedMs ?? lookAgainMs);
      this.#isUpToDate = isExhausted && !this.#wanted && this.#waiting.size > 0;
    } catch (error) {
      this.#cursor.forget();
      this.#fail(calls, asError(error));
    }
  }

  async #open(): Promise<void> {
    const position = await this.#consumer.open();
    if (position !== null) this.#cursor.begin(position);
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
}
