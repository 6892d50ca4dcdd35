// Postgres errors with the same properties for both drivers.
import { DatabaseUnavailable, StorageFull, ValueTooLarge } from './database.ts';

/** SQLSTATE of a transaction in which a statement has failed. */
export const failedTransaction = '25P02';

/** SQLSTATE of a deadlock victim, which can be retried. */
export const deadlock = '40P01';

/** SQLSTATE of a full disk. */
const diskFull = '53100';

/** SQLSTATE of a value beyond a limit of the server, such as the size of an index entry. */
const tooLarge = '54000';

/** Converts a statement's failure into the error for the caller. */
export function failureOf(failure: SqlFailure | Error): Error {
  const { code, constraint } = failure as Partial<SqlFailureFields>;
  if (code === diskFull) return new StorageFull(failure);
  return code === tooLarge ? new ValueTooLarge(failure, constraint) : failure;
}

export interface SqlFailureFields {
  readonly message: string;
  /** SQLSTATE, such as 23505 for a unique violation. */
  readonly code: string | undefined;
  readonly severity?: string | undefined;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
  readonly where?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly column?: string | undefined;
  readonly constraint?: string | undefined;
}

const names = [
  'code',
  'severity',
  'detail',
  'hint',
  'where',
  'schema',
  'table',
  'column',
  'constraint',
] as const;

/** A statement's failure on the embedded database. `pg` throws its own class with the same properties. */
export class SqlFailure extends Error {
  readonly code: string | undefined;

  constructor(fields: SqlFailureFields) {
    super(fields.message);
    this.name = 'SqlFailure';
    this.code = fields.code;
    Object.assign(this, fields);
  }
}

/** The error for a COMMIT that the server answered with a rollback. */
export function rolledBackInstead(): SqlFailure {
  const message = 'the transaction was rolled back, because a statement in it had failed';
  return new SqlFailure({ message, code: failedTransaction });
}

/**
 * The rows of a pipelined transaction, or its first failure. It is certain that nothing was committed only if the
 * server refused a statement.
 */
export async function inOneTransaction<Rows>(
  begun: Promise<unknown>,
  statements: readonly Promise<Rows>[],
  committed: Promise<unknown>,
): Promise<Rows[]> {
  const outcomes = await Promise.allSettled([begun, ...statements, committed]);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return Promise.all(statements);
  const isKnown = outcomes[0]!.status === 'fulfilled' && isRefusal(failed.reason);
  throw isKnown || failed.reason instanceof DatabaseUnavailable || failed.reason instanceof StorageFull
    ? failed.reason
    : new DatabaseUnavailable(failed.reason);
}

/** Whether the server returned the error: its codes have five characters. */
export function isRefusal(error: unknown): error is Error & { readonly code: string } {
  if (error instanceof ValueTooLarge) return true;
  return error instanceof Error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code));
}

/** The error's properties as plain data that can be sent between threads. */
export function failureFields(error: Error): SqlFailureFields {
  const known = error as Partial<Record<(typeof names)[number], unknown>>;
  const given = names.flatMap((name) => (typeof known[name] === 'string' ? [[name, known[name]]] : []));
  return { code: undefined, ...Object.fromEntries(given), message: error.message };
}

/** A quoted SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
