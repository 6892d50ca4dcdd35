// The dispatcher of durable subscriptions: matches waiting nextEvent calls with pending events, in order of arrival.
import { Alarm } from '../base/alarm.ts';
import { asError, ThroughlineError } from '../base/errors.ts';
import { once, type Stoppable } from '../base/lifecycle.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/logger.ts';
import { WaitingCall } from '../base/waiting-call.ts';
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
import { WaitingCalls } from './waiting-calls.ts';
import { SubscriptionCursor } from './cursor.ts';
import { assign, type NextCall, type NextEvent, type WaitingNext, Offer } from './assign-events.ts';
import { filterCandidates } from './filter-candidates.ts';

export interface SubscriptionDispatcherParts {
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

export class SubscriptionDispatcher implements Stoppable {
  readonly #parts: SubscriptionDispatcherParts;
  readonly #cursors = new Map<string, SubscriptionCursor>();
  readonly #waiting = new WaitingCalls();
  readonly #alarm = new Alarm(() => this.#onAlarm());
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

  constructor(parts: SubscriptionDispatcherParts) {
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
  async next(request: Omit<NextCall, 'count'>): Promise<NextEvent | null> {
    if (this.#stopped)
      throw new ThroughlineError('SHUTTING_DOWN', 'The gateway is stopping; try again elsewhere.');
    if (request.signal?.aborted) return null;
    if (this.#waiting.size >= limits.waitingNextEvents) {
      throw new ThroughlineError(
        'OVERLOADED',
        `${limits.waitingNextEvents} calls of nextEvent are waiting; try again after a pause.`,
      );
    }
    const call: WaitingNext = new WaitingCall({ ...request, count: 1 }, () => this.#waiting.remove(call));
    this.#waiting.add(call);
    for (const id of request.ids) {
      const cursor = this.#cursors.get(id);
      if (cursor) cursor.lastAskedAt = performance.now();
    }
    this.#wake();
    const [first] = await call.answer;
    return first ?? null;
  }

  /** Prevents redelivery of the event. Returns the updated subscription, or null if it does not exist. */
  async acknowledge(given: Acknowledgement): Promise<DurableSubscription | null> {
    const row = await this.#acknowledgements.submit(given);
    if (row?.isUnused) await this.keep([row.id]);
    return row;
  }

  /** The subscription was deleted, here or at another gateway: fails its waiting calls. */
  removed(id: string): void {
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
    for (const [n, cursor] of behind.entries()) if (moved[n]!.moved) cursor.setPosition(moves[n]!.to);
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
    this.#release();
  });

  /** Starts a pass: the subscription, or any if omitted, may have new events. */
  #wake(id?: string): void {
    if (id !== undefined) this.#waiting.open(id);
    this.#wanted = true;
    if (this.#waiting.size > 0) this.#pumping ??= this.#dispatch();
  }

  async #dispatch(): Promise<void> {
    // Calls that arrive in the same turn of the event loop share a pass.
    await new Promise(setImmediate);
    while (this.#wanted && this.#waiting.size > 0) {
      this.#wanted = false;
      const affected = this.#waiting.takeOpen();
      if (affected.length > 0) await this.#pass(affected);
    }
    this.#pumping = undefined;
    if (this.#waiting.size === 0) this.#rest();
  }

  async #pass(calls: readonly WaitingNext[]): Promise<void> {
    for (const call of calls) call.begin();
    try {
      if (calls.some(({ request }) => request.waitMs > 0)) await this.#hold();
      const ids = [...new Set(calls.flatMap(({ request }) => request.ids))];
      const { end, standings } = await readStandings(this.#parts.database, ids, calls.length);
      this.#know(standings, calls);
      const offers = new Map(
        standings.flatMap((standing) => {
          const cursor = this.#cursors.get(standing.subscription.id);
          return cursor ? [[cursor.id, new Offer(cursor, standing, end)] as const] : [];
        }),
      );
      await this.#look(calls, [...offers.values()], end);
      const unserved = assign(calls, offers, end);
      const isWhole = await this.#write([...offers.values()]);
      for (const call of calls) {
        const isLooked = !unserved.has(call) && isWhole;
        call.finish(isLooked);
        if (!isLooked || call.request.ids.some((id) => this.#cursors.get(id)?.wantsLook ?? true))
          this.#lookAgain(call);
      }
      this.#setAlarm([...offers.values()].map(({ cursor }) => cursor));
      this.#keep(standings);
    } catch (error) {
      this.#fail(calls, asError(error));
    }
  }

  #lookAgain(call: WaitingNext): void {
    this.#wanted = true;
    this.#waiting.reopen(call);
  }

  /** Fails calls that name a subscription that does not exist, and creates cursors for the others. */
  #know(standings: readonly Standing[], calls: readonly WaitingNext[]): void {
    const byId = new Map(standings.map((standing) => [standing.subscription.id, standing]));
    for (const call of calls) {
      const missing = call.request.ids.find((id) => !byId.has(id));
      if (missing !== undefined) call.fail(noSuchSubscription(missing));
    }
    for (const [id, { subscription }] of byId) {
      try {
        const cursor = this.#cursors.get(id) ?? new SubscriptionCursor(subscription);
        this.#cursors.set(id, cursor);
        if (this.#isHeld) cursor.advance(this.#parts.tail.position);
        cursor.setPosition(subscription.position);
        if (this.#isHeld && !cursor.isWatched)
          cursor.watch(this.#parts.live, this.#parts.tail.position, () => this.#wake(id));
      } catch (error) {
        // The filter was valid once, but is refused by this version.
        for (const call of calls) if (call.request.ids.includes(id)) call.fail(asError(error));
      }
    }
  }

  /** Searches once for each subscription that has too few events for its calls. */
  async #look(calls: readonly WaitingNext[], offers: readonly Offer[], end: bigint): Promise<void> {
    const waitingCalls = new Map<string, number>();
    for (const { request, missing } of calls)
      for (const id of missing > 0 ? request.ids : []) waitingCalls.set(id, (waitingCalls.get(id) ?? 0) + 1);
    const asked = offers
      .map((offer) => ({ offer, count: offer.missing(waitingCalls.get(offer.cursor.id) ?? 0) }))
      .filter(({ count }) => count > 0);
    const searches = asked.map(({ offer, count }) => offer.cursor.search(count));
    const found = await findPending(this.#parts.database, searches, end);
    const tested = await filterCandidates(
      this.#parts.database,
      asked.map(({ offer }, n) => ({ definition: offer.cursor.definition, found: found[n]! })),
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
  #fail(calls: readonly WaitingNext[], error: Error): void {
    const isUnavailable = error instanceof DatabaseUnavailable && !(error instanceof DatabaseEnded);
    for (const call of calls) {
      this.#waiting.reopen(call);
      call[isUnavailable ? 'postpone' : 'fail'](error);
    }
    if (this.#waiting.size > 0) this.#alarm.wakeIn(retryMs);
  }

  /** Extends the life of subscriptions in use. */
  #keep(standings: readonly Standing[]): void {
    const ids = standings.filter(({ isUnused }) => isUnused).map(({ subscription }) => subscription.id);
    if (ids.length > 0) this.#housekeeping = this.#housekeeping.then(() => this.keep(ids));
  }

  /** Records that these subscriptions were used. Never rejects. */
  async keep(ids: readonly string[]): Promise<void> {
    await keepSubscriptions(this.#parts.database, ids).catch((error: unknown) =>
      this.#parts.logger.warn({ err: asError(error) }, 'could not extend subscriptions in use'),
    );
  }

  #onAlarm(): void {
    const now = performance.now();
    const cursors = [...this.#cursors.values()];
    for (const { id, dueAt } of cursors) if (dueAt <= now) this.#waiting.open(id);
    this.#setAlarm(cursors);
    this.#wake();
  }

  #setAlarm(cursors: readonly SubscriptionCursor[]): void {
    if (this.#waiting.size === 0) return;
    const now = performance.now();
    for (const { dueAt } of cursors) if (dueAt > now && dueAt < Infinity) this.#alarm.wakeIn(dueAt - now);
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
    this.#linger ??= setTimeout(() => this.#release(), lingerMs).unref();
  }

  #release(): void {
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
