// The dispatcher of durable subscriptions: matches waiting nextEvent calls with pending events, in order of arrival.
import { Alarm } from '../base/alarm.ts';
import { asError, ThroughlineError } from '../base/errors.ts';
import { once, type Stoppable } from '../base/lifecycle.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/logger.ts';
import { Waiter } from '../base/waiting-call.ts';
import { type Database, DatabaseEnded, DatabaseUnavailable } from '../database/database.ts';
import { type DurableSubscription, noSuchSubscription } from '../domain/subscriptions/subscription.ts';
import type { Live } from '../live/live.ts';
import { GroupCommit } from '../log/group-commit.ts';
import type { LogTail } from '../log/tail.ts';
import { moveAll, readStandings, type Standing } from '../store/subscriptions/deliver-events.ts';
import { findPending } from '../store/events/find-pending.ts';
import {
  type Acknowledgement,
  acknowledgeAll,
  type Acknowledged,
  deleteExpired,
  keepSubscriptions,
} from '../store/subscriptions/subscriptions.ts';
import { Callers } from './waiting-calls.ts';
import { SubscriptionCursor } from './cursor.ts';
import { deal, type NextCall, type NextEvent, type NextWaiter, Offer } from './assign-events.ts';
import { siftCandidates } from './filter-candidates.ts';

export interface ConsumingParts {
  readonly database: Database;
  readonly tail: LogTail;
  readonly live: Live;
  readonly logger: Logger;
}

/**
 * How long the log is still watched after the last call ends, in milliseconds. The next call usually follows soon.
 */
const lingerMs = 1_000;
/** Retry interval while the database is unreachable, in milliseconds. */
const retryMs = 1_000;
/** How often positions that advanced without a delivery are saved, in milliseconds. */
const saveEveryMs = 5_000;
/** Smallest advance that is saved while a subscription is in use, in positions. */
const saveStep = 1_000n;
/** A cursor unused for this long is dropped from memory, in milliseconds. Longer than any call can wait. */
const idleMs = limits.timeoutMs + 5_000;
/** How often expired subscriptions are deleted, in milliseconds, and how many at once. */
const sweepMs = 60_000;
const sweepBatch = 1_000;

export class Consuming implements Stoppable {
  readonly #parts: ConsumingParts;
  readonly #cursors = new Map<string, SubscriptionCursor>();
  readonly #waiting = new Callers();
  readonly #alarm = new Alarm(() => this.#ring());
  #pumping: Promise<void> | undefined;
  #wanted = false;
  #holding: Promise<() => void> | undefined;
  /** Whether the log reader is running, so that its position is valid. */
  #isHeld = false;
  #linger: NodeJS.Timeout | undefined;
  #timers: NodeJS.Timeout[] = [];
  #housekeeping: Promise<void> = Promise.resolve();
  #stopped = false;
  readonly #acknowledgements: GroupCommit<Acknowledgement, Acknowledged | null>;

  constructor(parts: ConsumingParts) {
    this.#parts = parts;
    void parts.database.ended.then((failure) => this.#waiting.fail(failure));
    this.#acknowledgements = new GroupCommit({
      flush: (given) => acknowledgeAll(parts.database, given),
      sizeOf: () => 200,
    });
  }

  start(): void {
    const every = (ms: number, work: () => Promise<unknown>) =>
      this.#timers.push(
        setInterval(() => {
          this.#housekeeping = this.#housekeeping.then(work).then(
            () => {},
            (error: unknown) =>
              this.#parts.logger.warn({ err: asError(error) }, 'could not maintain subscriptions'),
          );
        }, ms).unref(),
      );
    every(saveEveryMs, () => this.save(false));
    every(sweepMs, () => this.sweep());
  }

  /**
   * Resolves with the oldest pending event of these subscriptions, or null after the wait time. Fails if one does not
   * exist.
   */
  async next(call: Omit<NextCall, 'count'>): Promise<NextEvent | null> {
    if (this.#stopped)
      throw new ThroughlineError('SHUTTING_DOWN', 'The gateway is stopping; try again elsewhere.');
    if (call.signal?.aborted) return null;
    if (this.#waiting.size >= limits.waitingNextEvents) {
      throw new ThroughlineError(
        'OVERLOADED',
        `${limits.waitingNextEvents} calls of nextEvent are waiting; try again after a pause.`,
      );
    }
    const waiter: NextWaiter = new Waiter({ ...call, count: 1 }, () => this.#waiting.remove(waiter));
    this.#waiting.add(waiter);
    for (const id of call.ids) {
      const cursor = this.#cursors.get(id);
      if (cursor) cursor.lastAskedAt = performance.now();
    }
    this.#wake();
    const [first] = await waiter.answer;
    return first ?? null;
  }

  /** Prevents redelivery of the event. Returns the updated subscription, or null if it does not exist. */
  async acknowledge(given: Acknowledgement): Promise<DurableSubscription | null> {
    const row = await this.#acknowledgements.submit(given);
    if (row?.askedLongAgo) await this.keep([row.id]);
    return row;
  }

  /** The subscription was deleted, here or at another gateway: fails its waiting calls. */
  gone(id: string): void {
    this.#cursors.get(id)?.unwatch();
    this.#cursors.delete(id);
    this.#wake(id);
  }

  /** Deletes expired subscriptions. */
  async sweep(): Promise<void> {
    while ((await deleteExpired(this.#parts.database, sweepBatch)) === sweepBatch);
  }

  /** Saves positions in one statement: `all`, or only those that advanced far or are no longer in use. */
  async save(all: boolean): Promise<void> {
    const since = performance.now() - idleMs;
    const cursors = [...this.#cursors.values()];
    if (this.#isHeld) for (const cursor of cursors) cursor.advance(this.#parts.tail.position);
    const behind = cursors.filter(({ base, settledTo, lastAskedAt }) =>
      all || lastAskedAt < since ? settledTo > base : settledTo - base >= saveStep,
    );
    const moves = behind.map((cursor) => cursor.moveTo(cursor.settledTo, null));
    const moved = moves.length === 0 ? [] : await moveAll(this.#parts.database, moves);
    for (const [n, cursor] of behind.entries()) if (moved[n]!.moved) cursor.standsAt(moves[n]!.to);
    for (const cursor of cursors) {
      if (cursor.lastAskedAt >= since) continue;
      cursor.unwatch();
      this.#cursors.delete(cursor.id);
    }
  }

  /** Answers waiting calls with no event, and accepts no more. */
  readonly stop = once(async () => {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#waiting.giveUp();
    await this.#pumping;
    await this.#acknowledgements.stop();
    await this.#housekeeping;
    await this.save(true).catch((error: unknown) =>
      this.#parts.logger.warn({ err: asError(error) }, 'could not save the positions of subscriptions'),
    );
    this.#letGo();
  });

  /** Starts a pass: the subscription, or any if omitted, may have new events. */
  #wake(id?: string): void {
    if (id !== undefined) this.#waiting.open(id);
    this.#wanted = true;
    if (this.#waiting.size > 0) this.#pumping ??= this.#pump();
  }

  async #pump(): Promise<void> {
    // Calls that arrive in the same turn of the event loop share a pass.
    await new Promise(setImmediate);
    while (this.#wanted && this.#waiting.size > 0) {
      this.#wanted = false;
      const concerned = this.#waiting.takeOpen();
      if (concerned.length > 0) await this.#round(concerned);
    }
    this.#pumping = undefined;
    if (this.#waiting.size === 0) this.#rest();
  }

  async #round(waiters: readonly NextWaiter[]): Promise<void> {
    for (const waiter of waiters) waiter.begin();
    try {
      if (waiters.some(({ call }) => call.waitMs > 0)) await this.#hold();
      const ids = [...new Set(waiters.flatMap(({ call }) => call.ids))];
      const { end, standings } = await readStandings(this.#parts.database, ids, waiters.length);
      this.#know(standings, waiters);
      const offers = new Map(
        standings.flatMap((standing) => {
          const cursor = this.#cursors.get(standing.subscription.id);
          return cursor ? [[cursor.id, new Offer(cursor, standing, end)] as const] : [];
        }),
      );
      await this.#look(waiters, [...offers.values()], end);
      const unserved = deal(waiters, offers, end);
      const isWhole = await this.#write([...offers.values()]);
      for (const waiter of waiters) {
        const isLooked = !unserved.has(waiter) && isWhole;
        waiter.finish(isLooked);
        if (!isLooked || waiter.call.ids.some((id) => this.#cursors.get(id)?.wantsLook ?? true))
          this.#lookAgain(waiter);
      }
      this.#setAlarm([...offers.values()].map(({ cursor }) => cursor));
      this.#keep(standings);
    } catch (error) {
      this.#fail(waiters, asError(error));
    }
  }

  #lookAgain(waiter: NextWaiter): void {
    this.#wanted = true;
    this.#waiting.reopen(waiter);
  }

  /** Fails calls that name a subscription that does not exist, and creates cursors for the others. */
  #know(standings: readonly Standing[], waiters: readonly NextWaiter[]): void {
    const byId = new Map(standings.map((standing) => [standing.subscription.id, standing]));
    for (const waiter of waiters) {
      const missing = waiter.call.ids.find((id) => !byId.has(id));
      if (missing !== undefined) waiter.fail(noSuchSubscription(missing));
    }
    for (const [id, { subscription }] of byId) {
      try {
        const cursor = this.#cursors.get(id) ?? new SubscriptionCursor(subscription);
        this.#cursors.set(id, cursor);
        if (this.#isHeld) cursor.advance(this.#parts.tail.position);
        cursor.standsAt(subscription.position);
        if (this.#isHeld && !cursor.isWatched)
          cursor.watch(this.#parts.live, this.#parts.tail.position, () => this.#wake(id));
      } catch (error) {
        // The filter was valid once, but is refused by this version.
        for (const waiter of waiters) if (waiter.call.ids.includes(id)) waiter.fail(asError(error));
      }
    }
  }

  /** Searches once for each subscription that has too few events for its calls. */
  async #look(waiters: readonly NextWaiter[], offers: readonly Offer[], end: bigint): Promise<void> {
    const callers = new Map<string, number>();
    for (const { call, missing } of waiters)
      for (const id of missing > 0 ? call.ids : []) callers.set(id, (callers.get(id) ?? 0) + 1);
    const asked = offers
      .map((offer) => ({ offer, count: offer.missing(callers.get(offer.cursor.id) ?? 0) }))
      .filter(({ count }) => count > 0);
    const searches = asked.map(({ offer, count }) => offer.cursor.search(count));
    const found = await findPending(this.#parts.database, searches, end);
    const tested = await siftCandidates(
      this.#parts.database,
      asked.map(({ offer }, n) => ({ question: offer.cursor.question, found: found[n]! })),
    );
    for (const [n, { offer }] of asked.entries()) offer.found(tested[n]!);
  }

  /** Saves all changes in one statement. Returns false if something changed since it was read. */
  async #write(offers: readonly Offer[]): Promise<boolean> {
    const moves = offers.map((offer) => offer.move);
    const some = moves.filter((move) => move !== null);
    const moved = some.length === 0 ? [] : await moveAll(this.#parts.database, some);
    const outcomes = new Map(some.map((move, n) => [move, moved[n]!]));
    const whole = offers.map((offer, n) => {
      const move = moves[n] ?? null;
      return offer.finish(move, move && outcomes.get(move)!);
    });
    return whole.every(Boolean);
  }

  /** Calls with time left outlast a database outage; the others fail. */
  #fail(waiters: readonly NextWaiter[], error: Error): void {
    const isUnavailable = error instanceof DatabaseUnavailable && !(error instanceof DatabaseEnded);
    for (const waiter of waiters) {
      this.#waiting.reopen(waiter);
      waiter[isUnavailable ? 'postpone' : 'fail'](error);
    }
    if (this.#waiting.size > 0) this.#alarm.ringIn(retryMs);
  }

  /** Extends the life of subscriptions in use. */
  #keep(standings: readonly Standing[]): void {
    const ids = standings
      .filter(({ askedLongAgo }) => askedLongAgo)
      .map(({ subscription }) => subscription.id);
    if (ids.length > 0) this.#housekeeping = this.#housekeeping.then(() => this.keep(ids));
  }

  /** Records that these subscriptions were used. Never rejects. */
  async keep(ids: readonly string[]): Promise<void> {
    await keepSubscriptions(this.#parts.database, ids).catch((error: unknown) =>
      this.#parts.logger.warn({ err: asError(error) }, 'could not extend subscriptions in use'),
    );
  }

  #ring(): void {
    const now = performance.now();
    const cursors = [...this.#cursors.values()];
    for (const { id, dueAt } of cursors) if (dueAt <= now) this.#waiting.open(id);
    this.#setAlarm(cursors);
    this.#wake();
  }

  #setAlarm(cursors: readonly SubscriptionCursor[]): void {
    if (this.#waiting.size === 0) return;
    const now = performance.now();
    for (const { dueAt } of cursors) if (dueAt > now && dueAt < Infinity) this.#alarm.ringIn(dueAt - now);
  }

  /** Resolves when no later commit can be missed. */
  async #hold(): Promise<void> {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    this.#holding ??= this.#parts.tail.hold();
    try {
      await this.#holding;
      this.#isHeld = true;
    } catch (error) {
      this.#holding = undefined;
      throw error;
    }
  }

  /** Stops watching the log soon, since no call is waiting. */
  #rest(): void {
    this.#alarm.off();
    if (this.#holding === undefined) return;
    this.#linger ??= setTimeout(() => this.#letGo(), lingerMs).unref();
  }

  #letGo(): void {
    this.#alarm.off();
    clearTimeout(this.#linger);
    this.#linger = undefined;
    if (this.#isHeld) for (const cursor of this.#cursors.values()) cursor.advance(this.#parts.tail.position);
    for (const cursor of this.#cursors.values()) cursor.unwatch();
    const holding = this.#holding;
    this.#holding = undefined;
    this.#isHeld = false;
    holding?.then(
      (end) => end(),
      () => {},
    );
  }
}
