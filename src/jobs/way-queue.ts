// The calls of enroll for one way of asking: rounds in which what there is goes to those who wait, first come first served.
import { asError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { Waiter } from '../base/waiter.ts';
import { type Database, DatabaseEnded, DatabaseUnavailable } from '../database/database.ts';
import type { Way } from '../domain/enroll.ts';
import type { EventRecord } from '../domain/event.ts';
import type { Live } from '../live/live.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogTail } from '../log/tail.ts';
import { findOwnJobs, findSequentialHead, type OwnJob } from '../store/find-jobs.ts';
import type { Source } from '../store/find-sources.ts';
import type { ReadyJob } from '../store/reclaim-jobs.ts';
import { claimOfNew, claimOfReclaimed, newClaim } from './claims.ts';
import { deal, total } from './deal.ts';
import { Handoffs, type Offer, wantsBeforehand } from './handoff.ts';
import { readyBatch, ReadyJobs } from './ready-jobs.ts';
import { SourceCursor } from './source-cursor.ts';
import { type Claim, type EnrollCall, type EnrollWaiter, isPlain } from './waiter.ts';
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
 * A call that waits at least this long need not look by itself: within it the log's reader has come to all that any gateway
 * had acknowledged before the call, even if a hint was lost. In milliseconds.
 */
const readWithinMs = 6_000;
/** After a job was ready that was not looked for, they are looked for in each round for so long, in milliseconds. */
const closelyMs = 1_000;
/** Who waits beside jobs that are held or pause looks at least this often, in milliseconds. */
const lookAgainMs = 5_000;

export class WayQueue {
  readonly #parts: JobParts;
  readonly way: Way;
  readonly #cursor: SourceCursor;
  readonly #wakeUp: WakeUp;
  readonly #ready: ReadyJobs;
  readonly #waiting = new Set<EnrollWaiter>();
  /** Calls that are served without a round. */
  readonly #atOnce = new Set<Promise<void>>();
  readonly #handoffs: Handoffs;
  #isStopping = false;
  #pumping: Promise<void> | undefined;
  #wanted = false;
  /** Some of the sources that were tried last were no longer to be had. */
  #wasBehind = false;
  /** And so it was when they had just been read: others take what this one is about to take. Get out of their way. */
  #contended = false;
  #closelyUntil = 0;
  /** Who waits has been looked for, and is woken when there may be something: there is nothing at this moment. */
  #isUpToDate = false;
  /** When the last round began. */
  #roundAt = 0;
  /** Something was found in this round and not got, or only put down as over: there may be more. */
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

  /** There may be something to claim in so many milliseconds. */
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
   * For an event that is about to be written as FINISHED: a job to be written with it, for the first who waits. Null where
   * it is not for these, or something else may have to go before it.
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
      // So that the place in the log is written down now and then.
      this.#wakeUp.ringIn(lookAgainMs);
    } else {
      // What comes after it is not to overtake it.
      this.#isUpToDate = false;
    }
    return offer;
  }

  /** What was to be made was not: mostly since a job is ready that goes before it. */
  #yieldToReady(): void {
    this.#closelyUntil = performance.now() + closelyMs;
    this.#wake();
  }

  /** All who wait get what they have, which is nothing; resolves when the place in the log is written down. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const waiter of this.#waiting) waiter.giveUp();
    await Promise.all([...this.#atOnce, this.#handoffs.settled()]);
    await this.#pumping;
    this.#wakeUp.stop();
    await this.#cursor.save();
  }

  /** The database has ended: nobody gets anything any more. */
  readonly end = (failure: DatabaseEnded) => this.#fail([...this.#waiting], failure);

  /** Without a look of its own: nothing is missed since the last one. */
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
   * Without a round, where enough was read ahead: one statement makes the jobs, unless one is ready for its next run. It
   * goes with the next flush, as do those of all who ask meanwhile. Who gets nothing waits for a round after all. False
   * where a round is needed to know what there is.
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
        // The sources are there for others.
        this.#wake();
      })
      .finally(() => {
        this.#atOnce.delete(serving);
        this.#restWhereIdle();
      });
    this.#atOnce.add(serving);
    return true;
  }

  /** It was to get something, which came to nothing. */
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
    // Calls that arrive in this turn of the event loop go together.
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

  /** Calls that have time left outlast an outage of the database; the others fail. */
  #fail(waiters: readonly EnrollWaiter[], error: Error): void {
    const isUnavailable = error instanceof DatabaseUnavailable && !(error instanceof DatabaseEnded);
    for (const waiter of waiters) waiter[isUnavailable ? 'postpone' : 'fail'](error);
    if (this.isBusy) this.#wakeUp.ringIn(retryMs);
  }

  /** Where all that there was is known, it is enough to see what became ready since. */
  async #ring(): Promise<void> {
    const isLongAgo = performance.now() - this.#roundAt >= lookAgainMs;
    if (!this.#isUpToDate || this.#waiting.size === 0 || isLongAgo) return this.#wake();
    try {
      // A clock may have jumped over what it was to ring for: a round sees that.
      if (!(await this.#setAlarm()) && this.#waiting.size > 0) this.#wakeUp.ringIn(lookAgainMs);
    } catch {
      this.#wake();
    }
  }

  /** False where nothing will be ready. */
  async #setAlarm(): Promise<boolean> {
    const ms = await this.#ready.nextInMs();
    // Who comes now looks by itself.
    if (this.#waiting.size === 0) this.#isUpToDate = false;
    if (ms === null || this.#waiting.size === 0) return ms !== null;
    if (ms === 0) this.#wake();
    // What tells of a lease that another gateway shortens can be lost.
    else this.#wakeUp.ringIn(Math.min(ms, lookAgainMs));
    return true;
  }

  /** A sticky worker gets what it has not finished, again. */
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

  /** One at a time: the first job that is not over, or the next source if there is none. */
  async #serveSequential(waiter: EnrollWaiter | undefined): Promise<void> {
    if (!waiter) return;
    const head = await findSequentialHead(this.#parts.database, this.way);
    const [job] = await this.#ready.onlyWanted(head?.job ? [head.job] : []);
    if (job) await this.#reclaim(waiter, job);
    if (head) return;
    await this.#cursor.readAhead(1, () => waiter.missing > 0);
    await this.#create(this.#cursor.next(1, false), [waiter]);
  }

  /** Jobs that are ready for their next run come first, then sources that have none. */
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

  /** Without a waiter, a job whose last run was lost is put down as FAILED. */
  async #reclaim(waiter: EnrollWaiter | null, job: ReadyJob): Promise<void> {
    if (!(await this.#tryReclaim(waiter, job))) this.#lost();
  }

  /** A sequential worker does not get its own while another is in front: that is no reason to look again. */
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

  /** How many got their jobs. `yields`: none, where one is ready for its next run. */
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

  /** What was found is not what it was: there may be something else. */
  #lost(): void {
    this.#again = true;
  }
}

/** Resolves when all have ended, whatever came of them; rejects then with what the first failure says. */
async function allOf(writes: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(writes);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw asError(outcome.reason);
}
