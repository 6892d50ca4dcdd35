// Group commit: writes that arrive during a flush form the next one, so that a thousand writes cost one commit.
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import { groupBy } from '../base/group-by.ts';
import { asError, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { DatabaseEnded, DatabaseUnavailable, StorageFull } from '../database/database.ts';

export interface GroupCommitOptions<Item, Result> {
  /**
   * Writes all items in one transaction and returns a result for each, in order. AGAIN puts an item at the front of
   * the queue. Throwing means that nothing was written; the items are then retried in smaller groups, so that an item
   * that the database refuses fails alone. `retried`: an earlier attempt may have been committed without our
   * knowledge; `tried`: for which items.
   */
  readonly flush: (
    items: readonly Item[],
    retried: boolean,
    tried: ReadonlySet<Item>,
  ) => Promise<readonly (Result | typeof AGAIN)[]>;
  /** Memory of a waiting item, in bytes. */
  readonly sizeOf: (item: Item) => number;
  /** Each lane has a queue and limits of its own; a flush takes items from all lanes. Default: a single lane. */
  readonly laneOf?: (item: Item) => string;
  /** Items with the same lane and key never share a flush and keep their order. */
  readonly keyOf?: (item: Item) => string | undefined;
  /** How long a write waits while the database is unreachable, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number;
  /** Most waiting writes of a lane. Default: `limits.writeQueue`. */
  readonly queueLimit?: number;
}

/** The item lost a race with another gateway: read and decide again. */
export const AGAIN: unique symbol = Symbol('again');

interface Waiting<Item, Result> {
  readonly lane: Lane<Item, Result>;
  readonly item: Item;
  readonly size: number;
  readonly since: number;
  /** An earlier attempt may have been committed without our knowledge. */
  retried: boolean;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

interface Lane<Item, Result> {
  queue: Waiting<Item, Result>[];
  /** Writes not yet answered, and their memory in bytes. */
  count: number;
  bytes: number;
}

export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  readonly #timeoutMs: number;
  readonly #lanes = new Map<string, Lane<Item, Result>>();
  #failures = 0;
  #pumping: Promise<void> | undefined;
  #answering: Promise<void> | undefined;
  #stopped = false;

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 5_000;
  }

  /**
   * Resolves when the item is committed. Fails with OVERLOADED if the queue is full, and with DATABASE_UNAVAILABLE
   * after `patienceMs`.
   */
  submit(item: Item): Promise<Result> {
    const lane = this.#laneOf(item);
    const size = this.#options.sizeOf(item);
    const refusal = this.#refusal(lane, size);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      lane.queue.push({ lane, item, size, since: performance.now(), retried: false, resolve, reject });
      lane.count += 1;
      lane.bytes += size;
      this.#pumping ??= this.#dispatch();
    });
  }

  /** Accepts no more writes, and resolves when all accepted ones are committed or refused. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#pumping;
  }

  /** Writes that are not answered yet. */
  get waiting(): number {
    let count = 0;
    for (const lane of this.#lanes.values()) count += lane.count;
    return count;
  }

  get #isQueued(): boolean {
    return [...this.#lanes.values()].some(({ queue }) => queue.length > 0);
  }

  #laneOf(item: Item): Lane<Item, Result> {
    const name = this.#options.laneOf?.(item) ?? '';
    const lane = this.#lanes.get(name) ?? { queue: [], count: 0, bytes: 0 };
    this.#lanes.set(name, lane);
    return lane;
  }

  #refusal({ count, bytes }: Lane<Item, Result>, size: number): ThroughlineError | undefined {
    if (this.#stopped)
      return new ThroughlineError('SHUTTING_DOWN', 'The gateway is stopping; try again elsewhere.');
    if (count < (this.#options.queueLimit ?? limits.writeQueue) && bytes + size <= limits.writeQueueBytes)
      return;
    return new ThroughlineError(
      'OVERLOADED',
      `${count} writes are waiting (${bytes} bytes); retry with back-off.`,
    );
  }

  async #dispatch(): Promise<void> {
    // Writes that arrive in the same turn of the event loop share a flush.
    await new Promise(setImmediate);
    while (this.#isQueued) {
      await this.#write([...this.#lanes.values()].flatMap((lane) => this.#takeFrom(lane)));
      if (!this.#isQueued) await this.#answering;
    }
    this.#pumping = undefined;
  }

  #takeFrom(lane: Lane<Item, Result>): Waiting<Item, Result>[] {
    const group: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    const keys = new Set<string>();
    let bytes = 0;
    for (const waiting of lane.queue) {
      const key = this.#options.keyOf?.(waiting.item);
      const fits =
        group.length < limits.flushItems && (group.length === 0 || bytes + waiting.size <= limits.flushBytes);
      const isBehind = key !== undefined && keys.has(key);
      // Also for an item that is left, so that no later item with its key overtakes it.
      if (key !== undefined) keys.add(key);
      if (!fits || isBehind) {
        left.push(waiting);
        continue;
      }
      group.push(waiting);
      bytes += waiting.size;
    }
    lane.queue = left;
    return group;
  }

  async #write(group: Waiting<Item, Result>[]): Promise<void> {
    try {
      const items = group.map((waiting) => waiting.item);
      // Also for items that were queued again since: they may still have been committed.
      const tried = new Set(group.filter((waiting) => waiting.retried).map((waiting) => waiting.item));
      this.#settle(group, await this.#options.flush(items, tried.size > 0, tried));
      this.#failures = 0;
    } catch (thrown) {
      // Neither a smaller group nor a retry would help.
      if (thrown instanceof DatabaseEnded || thrown instanceof StorageFull)
        return this.#reject(group, thrown);
      if (thrown instanceof DatabaseUnavailable) return this.#waitAndRetry(group, thrown);
      if (group.length === 1) return this.#reject(group, asError(thrown));
      const half = Math.ceil(group.length / 2);
      await this.#write(group.slice(0, half));
      await this.#write(group.slice(half));
    }
  }

  #settle(group: Waiting<Item, Result>[], results: readonly (Result | typeof AGAIN)[]): void {
    const again: Waiting<Item, Result>[] = [];
    const answers: (() => void)[] = [];
    for (const [index, waiting] of group.entries()) {
      const result = results[index] as Result | typeof AGAIN;
      if (result === AGAIN) {
        again.push(waiting);
      } else {
        answers.push(() => {
          this.#forget(waiting);
          waiting.resolve(result);
        });
      }
    }
    for (const lane of new Set(again.map((waiting) => waiting.lane)))
      lane.queue = [...again.filter((waiting) => waiting.lane === lane), ...lane.queue];
    this.#answer(answers);
  }

  /** If more items wait, the next flush starts first, so that the database works while answered callers continue. */
  #answer(answers: readonly (() => void)[]): void {
    const isPending = this.#answering !== undefined;
    const answer = () => {
      for (const resolve of answers) resolve();
    };
    if (!isPending && !this.#isQueued) return answer();
    const answering = new Promise(setImmediate).then(() => {
      answer();
      if (this.#answering === answering) this.#answering = undefined;
    });
    this.#answering = answering;
  }

  async #waitAndRetry(group: Waiting<Item, Result>[], failure: DatabaseUnavailable): Promise<void> {
    this.#failures += 1;
    const deadline = performance.now() - this.#timeoutMs;
    const expired = (waiting: Waiting<Item, Result>) => waiting.since <= deadline;
    this.#reject(group.filter(expired), failure);
    for (const lane of this.#lanes.values()) {
      this.#reject(lane.queue.filter(expired), failure);
      lane.queue = lane.queue.filter((waiting) => !expired(waiting));
    }
    const patient = group.filter((waiting) => !expired(waiting));
    await delay(backoffMs(this.#failures, 50, 1_000));
    for (const waiting of patient) waiting.retried = true;
    // Each lane separately, so that slow writes of one lane do not delay the others.
    for (const part of groupBy(patient, ({ lane }) => lane).values()) await this.#write(part);
  }

  #reject(group: readonly Waiting<Item, Result>[], error: Error): void {
    for (const waiting of group) {
      this.#forget(waiting);
      waiting.reject(error);
    }
  }

  #forget({ lane, size }: Waiting<Item, Result>): void {
    lane.count -= 1;
    lane.bytes -= size;
  }
}
