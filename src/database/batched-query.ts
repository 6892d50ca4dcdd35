// Batches of independent statements, each with a function that converts its rows to an answer.
import type { Database, Statement } from './database.ts';

export interface BatchedQuery<Answer> {
  readonly statements: readonly Statement[];
  /** Receives the rows of each statement. */
  readonly answer: (rows: readonly (readonly object[])[]) => Answer;
}

export function batchedQuery<Row extends object, Answer>(
  statement: Statement,
  answer: (rows: readonly Row[]) => Answer,
): BatchedQuery<Answer> {
  return { statements: [statement], answer: ([rows]) => answer(rows as readonly Row[]) };
}

/** A query whose rows have the key of an item in this column; the answer has each item's row, or null if it has none. */
export function queryByKey<Row extends object>(
  statement: Statement,
  keys: readonly (string | number)[],
  column: 'id' | 'n',
): BatchedQuery<readonly (Row | null)[]> {
  return batchedQuery(
    statement,
    (rows: readonly (Row & { readonly id?: unknown; readonly n?: unknown })[]) => {
      const byKey = new Map(rows.map((row) => [row[column], row]));
      return keys.map((key) => byKey.get(key) ?? null);
    },
  );
}

/** Joins several batches into one, with an answer for each. */
export function together<Answer>(parts: readonly BatchedQuery<Answer>[]): BatchedQuery<readonly Answer[]> {
  return {
    statements: parts.flatMap(({ statements }) => statements),
    answer: (rows) => {
      let from = 0;
      return parts.map(({ statements, answer }) => answer(rows.slice(from, (from += statements.length))));
    },
  };
}

/** Runs all statements in one transaction and one round trip. */
export async function perform<Answer>(
  database: Pick<Database, 'pipeline'>,
  { statements, answer }: BatchedQuery<Answer>,
): Promise<Answer> {
  return answer(statements.length === 0 ? [] : await database.pipeline(statements));
}
