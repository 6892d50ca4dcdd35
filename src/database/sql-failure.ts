// What Postgres says of a statement it refused, by the same property names whichever driver asked.
import { DatabaseUnavailable, StorageFull } from './database.ts';

/** SQLSTATE of a transaction in which a statement had failed. */
export const failedTransaction = '25P02';

/** SQLSTATE of the transaction that had to give way, and can be tried again. */
export const deadlock = '40P01';

/** SQLSTATE of a full disk. */
const diskFull = '53100';

/** What a caller is told of a statement's failure: itself, but for those that are no fault of the statement. */
export function failureOf(failure: SqlFailure | Error): Error {
  return 'code' in failure && failure.code === diskFull ? new StorageFull(failure) : failure;
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

/** A statement's failure on the embedded database; `pg` throws its own class with the same properties. */
export class SqlFailure extends Error {
  readonly code: string | undefined;

  constructor(fields: SqlFailureFields) {
    super(fields.message);
    this.name = 'SqlFailure';
    this.code = fields.code;
    Object.assign(this, fields);
  }
}

/** The error that a COMMIT deserves when the server rolled back instead. */
export function rolledBackInstead(): SqlFailure {
  const message = 'the transaction was rolled back, because a statement in it had failed';
  return new SqlFailure({ message, code: failedTransaction });
}

/**
 * Of the parts of a transaction that were all sent: what its statements answer, or what went wrong first. Only where the
 * server itself refused a statement is it known that nothing was committed.
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

/** Whether the server said so: its codes have five characters. */
export function isRefusal(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && /^[0-9A-Z]{5}$/.test(String(error.code));
}

/** The error's properties as plain data, fit to be sent between threads. */
export function failureFields(error: Error): SqlFailureFields {
  const known = error as Partial<Record<(typeof names)[number], unknown>>;
  const given = names.flatMap((name) => (typeof known[name] === 'string' ? [[name, known[name]]] : []));
  return { code: undefined, ...Object.fromEntries(given), message: error.message };
}

/** A name as SQL, whatever it holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
