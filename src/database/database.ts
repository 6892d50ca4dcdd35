// The database port: the operations that Throughline needs from Postgres, implemented by each driver.
import { type ErrorCode, ThroughlineError } from '../base/errors.ts';

/**
 * SQL text with `$1`… and its values. With a `name`, the database caches the statement and one plan for all values.
 * Use it for fixed texts whose best plan does not depend on the values.
 */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
  readonly name?: string;
  /** Returns `json` and `jsonb` as text, in which JSON null differs from SQL NULL. Not for named statements. */
  readonly json?: 'text';
}

/**
 * Rows are objects by column name: `int8` as bigint, `numeric` as text, `timestamptz` as Date, `json` and `jsonb`
 * parsed, enums and uuids as strings. Values may be null, string, number, bigint, boolean, Date or an array of these.
 * JSON is passed as text and cast in the statement, or in bulk with `jsonArray`.
 */
export interface Queryable {
  query<Row extends object>(statement: Statement): Promise<Row[]>;
}

export interface Database extends Queryable {
  readonly kind: 'embedded' | 'postgres';
  /** The Postgres schema that contains all tables, and the whole search path. */
  readonly schema: string;
  /**
   * Runs one transaction, rolled back if `work` throws. The embedded database runs one at a time, so `work` must do
   * nothing but database work.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
  /**
   * Runs independent statements in one transaction and one round trip, and returns the rows of each. Rejects with the
   * first failure; then nothing is committed.
   */
  pipeline(statements: readonly Statement[]): Promise<object[][]>;
  /**
   * Notifications are hints without data. `onHint` runs for each one, and with an empty payload after every
   * connection or reconnection, so that the listener reads what it may have missed.
   */
  listen(channel: string, onHint: (payload: string) => void): Promise<() => Promise<void>>;
  /** Whether the database answers. Never throws; resolves within two seconds. */
  reachable(): Promise<boolean>;
  /**
   * Resolves with the cause if the embedded database has ended or its folder was lost. Otherwise stays
   * pending. A server never ends in this sense, since it can be reached again later.
   */
  readonly ended: Promise<DatabaseEnded>;
  close(): Promise<void>;
}

export interface Transaction extends Queryable {
  /** Runs several statements without values, such as a migration. */
  exec(sql: string): Promise<void>;
}

/** The database did not answer. Whether the statement took effect is unknown. */
export class DatabaseUnavailable extends Error {
  readonly code: ErrorCode = 'DATABASE_UNAVAILABLE';

  constructor(cause: unknown) {
    super('the database cannot be reached', { cause });
    this.name = 'DatabaseUnavailable';
  }
}

/** The embedded database has ended and needs a restart. The message is a single line. */
export class DatabaseEnded extends DatabaseUnavailable {
  readonly reason: string;

  constructor(reason: string, cause?: unknown) {
    super(cause);
    this.name = 'DatabaseEnded';
    this.reason = reason.split('\n', 1)[0]!;
    this.message = `the embedded database has failed: ${this.reason}`;
  }
}

/** The disk is full. Nothing was written; reads still work. */
export class StorageFull extends ThroughlineError {
  constructor(cause: unknown) {
    super('STORAGE_FULL', 'The database’s disk is full; nothing was written.');
    this.name = 'StorageFull';
    this.cause = cause;
  }
}

/** SQLSTATE 54000: a value that is larger than the server can store or index; nothing was written. */
export class ValueTooLarge extends ThroughlineError {
  /** `index`: the index that has no room for it, if the server named one. */
  constructor(cause: Error, index: string | undefined) {
    const where = index === undefined ? 'stored' : `indexed (${index})`;
    super(
      'BAD_USER_INPUT',
      `A text is larger than can be ${where}; give a shorter one. Nothing was written.`,
    );
    this.name = 'ValueTooLarge';
    this.cause = cause;
  }
}

/** A start that cannot succeed. The message is a single line for the operator. */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartupError';
  }
}
