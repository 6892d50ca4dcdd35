// The gateway's one group commit: all that is written to the log, of whatever kind, goes in flushes of one transaction.
import { groupBy } from '../base/group-by.ts';
import { type Asked, perform, together } from '../database/asked.ts';
import type { Database } from '../database/database.ts';
import { lockStatement } from '../store/log-lock.ts';
import type { AGAIN } from './group-commit.ts';
import { GroupCommit } from './group-commit.ts';

export interface CommitOptions {
  /** Names this gateway in the hints that other gateways get; empty where there can be no others. */
  readonly hint: string;
  /** Called after each commit, with nothing but the fact: the tail reads what there is. */
  readonly onCommit: () => void;
  /** How long a write waits for a database that can not be reached, in milliseconds; 5,000 unless given. */
  readonly patienceMs?: number;
  /** How many writes of a kind may wait; `limits.writeQueue` unless given. */
  readonly queueLimit?: number;
}

/** A kind of write: how many of it are put to the database at once, and what it answers for each. */
export interface WriteKind<Item, Result> {
  readonly name: string;
  /** `retried`: an earlier try may have been committed without our knowing. AGAIN puts an item in front of its queue. */
  ask(items: readonly Item[], retried: boolean, hint: string): Asked<readonly (Result | typeof AGAIN)[]>;
  /** Memory that an item holds while it waits, in bytes. */
  sizeOf(item: Item): number;
  /** Two items of one key never share a flush; they go in the order of their arrival. */
  keyOf?(item: Item): string;
  /** Whether nothing of it is logged: then nobody is told of the commit. */
  readonly isSilent?: boolean;
  /** Whether the item has to see all that was committed up to now; other gateways' latest is else seen by what it hits. */
  looksAround?(item: Item): boolean;
  /** What it comes to where the database refuses an item that is written alone; undefined where that is the item's failure. */
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

  /** Resolves when it is committed. OVERLOADED where too many wait, DATABASE_UNAVAILABLE where patience ends. */
  submit<Item, Result>(kind: WriteKind<Item, Result>, item: Item): Promise<Result> {
    return this.#writes.submit({ kind: kind as WriteKind<unknown, unknown>, item }) as Promise<Result>;
  }

  /** Takes no more writes, and resolves when those accepted are committed. */
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
      // Writes come by kind, so that the answers are in their order.
      return answers.flat();
    } catch (error) {
      const [only, ...more] = writes;
      const result = more.length === 0 ? only?.kind.refused?.(error) : undefined;
      if (result === undefined) throw error;
      return [result];
    }
  }
}

/** Taken by itself, so that what comes after it sees what was committed before. */
const underLock: Asked<readonly never[]> = { statements: [lockStatement], answer: () => [] };
