// What tests of the outbox ask the database.
import type { Queryable } from '../../src/database/database.ts';

/** As a program sends. Returns the id. */
export async function sendSql(queryable: Queryable, input: unknown): Promise<string> {
  const [row] = await queryable.query<{ id: string }>({
    text: 'SELECT send_event($1::jsonb) AS id',
    values: [JSON.stringify(input)],
  });
  return row!.id;
}

/** Resolves when the outbox has no row. */
export async function isEmpty(database: Queryable): Promise<void> {
  const any = { text: 'SELECT 1 FROM outbox LIMIT 1', values: [] };
  while ((await database.query(any)).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

export interface Failure {
  readonly id: string;
  readonly by: string;
  readonly code: string;
  readonly message: string;
  readonly input: unknown;
}

export function failuresOf(database: Queryable, ids: readonly string[]): Promise<Failure[]> {
  return database.query<Failure>({
    text: 'SELECT id, "by", code, message, input FROM outbox_failures WHERE id = ANY ($1::uuid[])',
    values: [ids],
  });
}
