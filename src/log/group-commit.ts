// Group commit: what arrives while a flush is under way forms the next one, so that a thousand writes cost one commit.
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import { asError, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { DatabaseUnavailable } from '../database/database.ts';

export interface GroupCommitOptions<Item, Result> {
  /**
   * Writes all items in one transaction and answers for each, in order; AGAIN puts an item in front of the queue.
   * Throwing means that nothing was written: then the items are tried in smaller groups, so that one that the
   * database refuses fails alone. `retried` says that an earlier try may have been committed without our knowing.
   */
  readonly flush: (items: readonly Item[], retried: boolean) => Promise<readonly (Result | typeof AGAIN)[]>;
  /** Memory that an item holds while it waits, in bytes. */
  readonly sizeOf: (item: Item) => number;
  /** Two items of one key never share a flush; they go in the order of their arrival. */
  readonly keyOf?: (item: Item) => string;
  /** How long a write waits for a database that can not be reached, in milliseconds; 5,000 unless given. */
  readonly patienceMs?: number;
  /** How many writes may wait; `limits.writeQueue` unless given. */
  readonly queueLimit?: number;
}

/** Lost a race with another gateway: look again and decide anew. */
export const AGAIN: unique symbol = Symbol('again');

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly size: number;
  readonly since: number;
  /** An earlier try may have been committed without our knowing. */
  retried: boolean;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

export class GroupCommit<Item, Result> {
  readonly #options: GroupCommitOptions<Item, Result>;
  readonly #patienceMs: number;
  #queue: Waiting<Item, Result>[] = [];
  #bytes = 0;
  #inFlight = 0;
  #failures = 0;
  #pumping: Promise<void> | undefined;
  #stopped = false;

  constructor(options: GroupCommitOptions<Item, Result>) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ?? 5_000;
  }

  /** Resolves when the item is committed. OVERLOADED where the queue is full, DATABASE_UNAVAILABLE where patience ends. */
  submit(item: Item): Promise<Result> {
    const size = this.#options.sizeOf(item);
    const refusal = this.#refusal(size);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, size, since: performance.now(), retried: false, resolve, reject });
      this.#bytes += size;
      this.#pumping ??= this.#pump();
    });
  }

  /** Takes no more, and resolves when everything accepted is committed or refused. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#pumping;
  }

  #refusal(size: number): ThroughlineError | undefined {
    if (this.#stopped)
      return new ThroughlineError('SHUTTING_DOWN', 'The gateway is stopping; try again elsewhere.');
    const items = this.#queue.length + this.#inFlight;
    if (
      items < (this.#options.queueLimit ?? limits.writeQueue) &&
      this.#bytes + size <= limits.writeQueueBytes
    )
      return;
    return new ThroughlineError(
      'OVERLOADED',
      `${items} writes are waiting (${this.#bytes} bytes); try again after a pause.`,
    );
  }

  async #pump(): Promise<void> {
    // What arrives in this turn of the event loop goes along.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      this.#inFlight = group.length;
      await this.#write(group);
      this.#inFlight = 0;
    }
    this.#pumping = undefined;
  }

  #takeGroup(): Waiting<Item, Result>[] {
    const group: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    const keys = new Set<string>();
    let bytes = 0;
    for (const waiting of this.#queue) {
      const key = this.#options.keyOf?.(waiting.item);
      const fits =
        group.length < limits.flushItems && (group.length === 0 || bytes + waiting.size <= limits.flushBytes);
      const isBehind = key !== undefined && keys.has(key);
      // Also of one that is left, so that none of its key overtakes it.
      if (key !== undefined) keys.add(key);
      if (!fits || isBehind) {
        left.push(waiting);
        continue;
      }
      group.push(waiting);
      bytes += waiting.size;
    }
    this.#queue = left;
    return group;
  }

  async #write(group: Waiting<Item, Result>[]): Promise<void> {
    try {
      const items = group.map((waiting) => waiting.item);
      // Also where it was put in front of the queue again since: what was committed once stays so.
      const retried = group.some((waiting) => waiting.retried);
      this.#settle(group, await this.#options.flush(items, retried));
      this.#failures = 0;
    } catch (thrown) {
      if (thrown instanceof DatabaseUnavailable) return this.#waitAndRetry(group, thrown);
      if (group.length === 1) return this.#reject(group, asError(thrown));
      const half = Math.ceil(group.length / 2);
      await this.#write(group.slice(0, half));
      await this.#write(group.slice(half));
    }
  }

  #settle(group: Waiting<Item, Result>[], results: readonly (Result | typeof AGAIN)[]): void {
    const again: Waiting<Item, Result>[] = [];
    for (const [index, waiting] of group.entries()) {
      const result = results[index] as Result | typeof AGAIN;
      if (result === AGAIN) {
        again.push(waiting);
      } else {
        this.#bytes -= waiting.size;
        waiting.resolve(result);
      }
    }
    if (again.length > 0) this.#queue = [...again, ...this.#queue];
  }

  async #waitAndRetry(group: Waiting<Item, Result>[], failure: DatabaseUnavailable): Promise<void> {
    this.#failures += 1;
    const deadline = performance.now() - this.#patienceMs;
    const expired = (waiting: Waiting<Item, Result>) => waiting.since <= deadline;
    this.#reject([...group, ...this.#queue].filter(expired), failure);
    this.#queue = this.#queue.filter((waiting) => !expired(waiting));
    const patient = group.filter((waiting) => !expired(waiting));
    await delay(backoffMs(this.#failures, 50, 1_000));
    for (const waiting of patient) waiting.retried = true;
    if (patient.length > 0) await this.#write(patient);
  }

  #reject(group: readonly Waiting<Item, Result>[], error: Error): void {
    for (const waiting of group) {
      this.#bytes -= waiting.size;
      waiting.reject(error);
    }
  }
}
