// What a database is asked for, before it is asked: statements, and what their rows come to.
import type { Database, Statement } from './database.ts';

export interface BatchedQuery<Answer> {
  readonly statements: readonly Statement[];
  /** Of the rows of each statement. */
  readonly answer: (rows: readonly (readonly object[])[]) => Answer;
}

export function batchedQuery<Row extends object, Answer>(
  statement: Statement,
  answer: (rows: readonly Row[]) => Answer,
): BatchedQuery<Answer> {
  return { statements: [statement], answer: ([rows]) => answer(rows as readonly Row[]) };
}

/** One after the other, and an answer for each. */
export function together<Answer>(parts: readonly BatchedQuery<Answer>[]): BatchedQuery<readonly Answer[]> {
  return {
    statements: parts.flatMap(({ statements }) => statements),
    answer: (rows) => {
      let from = 0;
      return parts.map(({ statements, answer }) => answer(rows.slice(from, (from += statements.length))));
    },
  };
}

/** In one transaction, and one trip to the database and back, however many statements there are. */
export async function perform<Answer>(
  database: Pick<Database, 'pipeline'>,
  { statements, answer }: BatchedQuery<Answer>,
): Promise<Answer> {
  return answer(statements.length === 0 ? [] : await database.pipeline(statements));
}
