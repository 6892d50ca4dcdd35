// The storage port: the little that Throughline asks of Postgres, whichever driver stands behind it.
import { type ErrorCode, ThroughlineError } from '../base/errors.ts';

/**
 * SQL text with `$1`… and its bound values. With a `name` the database keeps it and one plan for all values: for fixed texts
 * whose best plan does not depend on them.
 */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly name?: string;
  /** `json` and `jsonb` come as text, in which JSON's null is not SQL's. Not for a statement with a name. */
  readonly json?: 'text';
}

/**
 * Rows come as objects by column name: `int8` as bigint, `numeric` as text, `timestamptz` as Date, `json` and
 * `jsonb` parsed, enums and uuids as strings. Values may be null, string, number, bigint, boolean, Date or an array
 * of these; JSON is passed as text and cast in the statement, or many by `jsonArray`.
 */
export interface Queryable {
  query<Row extends object>(statement: Statement): Promise<Row[]>;
}

export interface Database extends Queryable {
  readonly kind: 'embedded' | 'postgres';
  /** The Postgres schema with all our tables, the only one in which names are looked up. */
  readonly schema: string;
  /**
   * One transaction, rolled back if `work` throws. On the embedded database everybody else waits meanwhile, so it
   * may span nothing but database work.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * The rows of each of several statements that do not need one another's: sent all at once, in one transaction. Where
   * one fails none counts, and its failure is what this rejects with.
   */
  pipeline(statements: readonly Statement[]): Promise<object[][]>;
  /**
   * Notifications are hints, never the data: `onHint` runs for each one, and also after every (re)connection,
   * including the first, with an empty payload, so that the listener reads what it may have missed.
   */
  listen(channel: string, onHint: (payload: string) => void): Promise<() => Promise<void>>;
  /** Whether it answers now; never throws, and answers within two seconds. */
  reachable(): Promise<boolean>;
  /**
   * Resolves with the reason when the database has ended by itself, or its folder was lost, and is of no more use; until then
   * it is pending. A server is reached again sooner or later, and never ends in this sense.
   */
  readonly ended: Promise<DatabaseEnded>;
  close(): Promise<void>;
}

export interface Transaction extends Queryable {
  /** Several statements without values, such as a migration. */
  exec(sql: string): Promise<void>;
}

/** The database could not be asked: nothing is known of what the statement did. */
export class DatabaseUnavailable extends Error {
  readonly code: ErrorCode = 'DATABASE_UNAVAILABLE';

  constructor(cause: unknown) {
    super('the database can not be reached', { cause });
    this.name = 'DatabaseUnavailable';
  }
}

/** The embedded database has ended: nothing but a new start helps. Its message says so in one line. */
export class DatabaseEnded extends DatabaseUnavailable {
  readonly reason: string;

  constructor(reason: string, cause?: unknown) {
    super(cause);
    this.name = 'DatabaseEnded';
    this.reason = reason.split('\n', 1)[0]!;
    this.message = `the embedded database has ended: ${this.reason}`;
  }
}

/** The disk is full: nothing was written, and what needs no room is still answered. */
export class StorageFull extends ThroughlineError {
  constructor(cause: unknown) {
    super('STORAGE_FULL', 'The database has no room left on its disk; nothing was written.');
    this.name = 'StorageFull';
    this.cause = cause;
  }
}

/** A start that cannot succeed, told in one line for the operator. */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartupError';
  }
}
