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
import { moveAll, readStates, type SubscriptionState } from '../store/subscriptions/deliver-events.ts';
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
import {
  assign,
  type NextCall,
  type NextEvent,
  type WaitingNext,
  SubscriptionPass,
} from './assign-events.ts';
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
  #dispatching: Promise<void> | undefined;
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
        `${limits.waitingNextEvents} calls of nextEvent are waiting; retry with back-off.`,
      );
    }
    const call: WaitingNext = new WaitingCall({ ...request, count: 1 }, () => this.#waiting.remove(call));
    this.#waiting.add(call);
    for (const id of request.ids) {
      const cursor = this.#cursors.get(id);
      if (cursor) cursor.lastUsedAt = performance.now();
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
    const behind = cursors.filter(({ base, processedTo, lastUsedAt }) =>
      all || lastUsedAt < since ? processedTo > base : processedTo - base >= saveStep,
    );
    const moves = behind.map((cursor) => cursor.moveTo(cursor.processedTo, null));
    const moved = moves.length === 0 ? [] : await moveAll(this.#parts.database, moves);
    for (const [n, cursor] of behind.entries()) if (moved[n]!.moved) cursor.setPosition(moves[n]!.to);
    for (const cursor of cursors) {
      if (cursor.lastUsedAt >= since) continue;
      cursor.unwatch();
      this.#cursors.delete(cursor.id);
    }
  }

  /** Answers waiting calls with no event, and accepts no more. */
  readonly stop = once(async () => {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#waiting.giveUp();
    await this.#dispatching;
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
    if (this.#waiting.size > 0) this.#dispatching ??= this.#dispatch();
  }

  async #dispatch(): Promise<void> {
    // Calls that arrive in the same turn of the event loop share a pass.
    await new Promise(setImmediate);
    while (this.#wanted && this.#waiting.size > 0) {
      this.#wanted = false;
      const affected = this.#waiting.takeOpen();
      if (affected.length > 0) await this.#pass(affected);
    }
    this.#dispatching = undefined;
    if (this.#waiting.size === 0) this.#releaseSoon();
  }

  async #pass(calls: readonly WaitingNext[]): Promise<void> {
    for (const call of calls) call.begin();
    try {
      if (calls.some(({ request }) => request.waitMs > 0)) await this.#hold();
      const ids = [...new Set(calls.flatMap(({ request }) => request.ids))];
      const { end, states } = await readStates(this.#parts.database, ids, calls.length);
      this.#updateCursors(states, calls);
      const passes = new Map(
        states.flatMap((state) => {
          const cursor = this.#cursors.get(state.subscription.id);
          return cursor ? [[cursor.id, new SubscriptionPass(cursor, state, end)] as const] : [];
        }),
      );
      await this.#search(calls, [...passes.values()], end);
      const unserved = assign(calls, passes, end);
      const isWritten = await this.#write([...passes.values()]);
      for (const call of calls) {
        const isComplete = !unserved.has(call) && isWritten;
        call.finish(isComplete);
        if (!isComplete || call.request.ids.some((id) => this.#cursors.get(id)?.needsSearch ?? true))
          this.#retry(call);
      }
      this.#setAlarm([...passes.values()].map(({ cursor }) => cursor));
      this.#keep(states);
    } catch (error) {
      this.#fail(calls, asError(error));
    }
  }

  #retry(call: WaitingNext): void {
    this.#wanted = true;
    this.#waiting.reopen(call);
  }

  /** Fails calls that name a subscription that does not exist, and creates cursors for the others. */
  #updateCursors(states: readonly SubscriptionState[], calls: readonly WaitingNext[]): void {
    const byId = new Map(states.map((state) => [state.subscription.id, state]));
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
  async #search(
    calls: readonly WaitingNext[],
    passes: readonly SubscriptionPass[],
    end: bigint,
  ): Promise<void> {
    const waitingCalls = new Map<string, number>();
    for (const { request, missing } of calls)
      for (const id of missing > 0 ? request.ids : []) waitingCalls.set(id, (waitingCalls.get(id) ?? 0) + 1);
    const wanted = passes
      .map((pass) => ({ pass, count: pass.missing(waitingCalls.get(pass.cursor.id) ?? 0) }))
      .filter(({ count }) => count > 0);
    const searches = wanted.map(({ pass, count }) => pass.cursor.search(count));
    const found = await findPending(this.#parts.database, searches, end);
    const tested = await filterCandidates(
      this.#parts.database,
      wanted.map(({ pass }, n) => ({ definition: pass.cursor.definition, found: found[n]! })),
    );
    for (const [n, { pass }] of wanted.entries()) pass.addFound(tested[n]!);
  }

  /** Saves all changes in one statement. Returns false if something changed since it was read. */
  async #write(passes: readonly SubscriptionPass[]): Promise<boolean> {
    const moves = passes.map((pass) => pass.move);
    const some = moves.filter((move) => move !== null);
    const moved = some.length === 0 ? [] : await moveAll(this.#parts.database, some);
    const outcomes = new Map(some.map((move, n) => [move, moved[n]!]));
    const complete = passes.map((pass, n) => {
      const move = moves[n] ?? null;
      return pass.finish(move, move && outcomes.get(move)!);
    });
    return complete.every(Boolean);
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
  #keep(states: readonly SubscriptionState[]): void {
    const ids = states.filter(({ isUnused }) => isUnused).map(({ subscription }) => subscription.id);
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
  #releaseSoon(): void {
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
