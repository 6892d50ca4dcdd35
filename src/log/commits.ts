// The gateway's single group commit: all writes to the log, of every kind, share flushes of one transaction each.
import { groupBy } from '../base/group-by.ts';
import { type BatchedQuery, perform, together } from '../database/batched-query.ts';
import type { Database } from '../database/database.ts';
import { lockStatement } from '../store/events/log-lock.ts';
import { type AGAIN, GroupCommit } from './group-commit.ts';

export interface CommitOptions {
  /** Identifies this gateway in notifications to others; empty if there can be no others. */
  readonly hint: string;
  /** Called after each commit. The log reader then reads the new entries. */
  readonly onCommit: () => void;
  /** How long a write waits while the database is unreachable, in milliseconds. Default: 5,000. */
  readonly timeoutMs?: number;
  /** Most waiting writes of one kind. Default: `limits.writeQueue`. */
  readonly queueLimit?: number;
}

/** A kind of write: its statements for a batch of items, and the result for each item. */
export interface WriteKind<Item, Result> {
  readonly name: string;
  /**
   * `retried`: an earlier attempt may have been committed without our knowledge. AGAIN puts an item at the front of
   * its queue.
   */
  ask(
    items: readonly Item[],
    retried: boolean,
    hint: string,
  ): BatchedQuery<readonly (Result | typeof AGAIN)[]>;
  /** Memory of a waiting item, in bytes. */
  sizeOf(item: Item): number;
  /** Items with the same key never share a flush and keep their order. */
  keyOf?(item: Item): string;
  /** Whether nothing is logged, so that no one is notified of the commit. */
  readonly isSilent?: boolean;
  /**
   * Whether the item must see everything committed so far. Without it, an item sees other gateways' latest changes
   * only in the rows it hits.
   */
  looksAround?(item: Item): boolean;
  /** The result if the database refuses an item that is written alone; undefined if the item fails. */
  refused?(error: unknown): Result | typeof AGAIN | undefined;
}

interface Write {
  readonly kind: WriteKind<unknown, unknown>;
  readonly item: unknown;
}

export class Commits {
  readonly #writes: GroupCommit<Write, unknown>;
  readonly #database: Database;
  readonly #options: CommitOptions;

  constructor(database: Database, options: CommitOptions) {
    this.#database = database;
    this.#options = options;
    this.#writes = new GroupCommit({
      ...options,
      flush: (writes, _retried, tried) => this.#flush(writes, tried),
      laneOf: ({ kind }) => kind.name,
      keyOf: ({ kind, item }) => kind.keyOf?.(item),
      sizeOf: ({ kind, item }) => kind.sizeOf(item),
    });
  }

  /**
   * Resolves when the item is committed. Fails with OVERLOADED if the queue is full, and with DATABASE_UNAVAILABLE
   * after `patienceMs`.
   */
  submit<Item, Result>(kind: WriteKind<Item, Result>, item: Item): Promise<Result> {
    return this.#writes.submit({ kind: kind as WriteKind<unknown, unknown>, item }) as Promise<Result>;
  }

  /** Writes that are not answered yet. */
  get waiting(): number {
    return this.#writes.waiting;
  }

  /** Accepts no more writes, and resolves when the accepted ones are committed. */
  stop(): Promise<void> {
    return this.#writes.stop();
  }

  async #flush(writes: readonly Write[], tried: ReadonlySet<Write>): Promise<readonly unknown[]> {
    try {
      const groups = [...groupBy(writes, ({ kind }) => kind)];
      const ask = ([kind, group]: (typeof groups)[number]) =>
        kind.ask(
          group.map(({ item }) => item),
          group.some((write) => tried.has(write)),
          this.#options.hint,
        );
      const looksAround = writes.some(({ kind, item }) => kind.looksAround?.(item));
      const parts = groups.map(ask);
      const answers = await perform(this.#database, together(looksAround ? [underLock, ...parts] : parts));
      if (groups.some(([kind]) => !kind.isSilent)) this.#options.onCommit();
      // Writes are grouped by kind, so the answers are in their order.
      return answers.flat();
    } catch (error) {
      const [only, ...more] = writes;
      const result = more.length === 0 ? only?.kind.refused?.(error) : undefined;
      if (result === undefined) throw error;
      return [result];
    }
  }
}

/** A statement of its own, so that later ones see everything committed before it. */
const underLock: BatchedQuery<readonly never[]> = { statements: [lockStatement], answer: () => [] };
