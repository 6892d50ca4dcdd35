// Statements for databases of tests: emptying all tables, and making due what is due later.
import type { Database } from '../../database/database.ts';

/** Removes all rows, except the record of migrations; the row that a migration made is as after it. */
export async function emptyTables(database: Database): Promise<void> {
  const text = `SELECT string_agg(quote_ident(tablename), ', ') AS names FROM pg_tables
    WHERE schemaname = current_schema() AND tablename <> '_prisma_migrations'`;
  const [row] = await database.query<{ names: string }>({ text, values: [] });
  await database.pipeline([
    { text: `TRUNCATE ${row!.names}`, values: [] },
    { text: `INSERT INTO event_count_position (id, position) VALUES (1, 0)`, values: [] },
  ]);
}

/**
 * Leases, retries and scheduled events become due earlier by so many milliseconds, and windows of rate limits end
 * earlier. Returns the target topics of jobs that may be due.
 */
export async function bringForward(database: Database, ms: number): Promise<string[]> {
  const by = `make_interval(secs => $1::float8 / 1000)`;
  const values = [ms];
  const statements = [
    `UPDATE scheduled_events SET send_at = send_at - ${by}`,
    `UPDATE consumer_claims SET at = at - ${by}`,
    // Waiting calls look for what has just become due.
    `UPDATE jobs SET ready_at = greatest(ready_at - ${by}, clock_timestamp()) WHERE ready_at > now()`,
  ];
  await database.pipeline(statements.map((text) => ({ text, values })));
  const targets = await database.query<{ target: string }>({
    text: `SELECT DISTINCT target FROM jobs WHERE ready_at IS NOT NULL`,
    values: [],
  });
  return targets.map(({ target }) => target);
}
