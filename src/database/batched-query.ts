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
