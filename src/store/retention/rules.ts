// Retention rules as they are stored.
import sql from 'sql-template-tag';
import type { Database, Queryable } from '../../database/database.ts';
import type { RetentionRule, RetentionTerms } from '../../domain/retention/retention.ts';

const columns = sql`r.id, r.topics, r.projects, r.statuses::text[] AS statuses, r.keep_days AS "keepDays",
  r.last_run_at AS "lastRunAt", r.purged`;

/** In the order in which they were given. */
export function readRules(database: Queryable): Promise<RetentionRule[]> {
  return database.query(sql`SELECT ${columns} FROM retention_rules r ORDER BY r.number`);
}

/** A rule to be stored: a new one, or the one that there is with the same terms. */
export interface StoredTerms extends RetentionTerms {
  readonly id: string;
}

/** Replaces all rules. `place` gives each rule its id, knowing those that there are. */
export function replaceRules(
  database: Database,
  place: (known: readonly RetentionRule[]) => readonly StoredTerms[],
): Promise<RetentionRule[]> {
  return database.transaction(async (tx) => {
    await tx.exec('LOCK TABLE retention_rules IN SHARE ROW EXCLUSIVE MODE');
    const rules = place(await readRules(tx));
    const rows = rules.map(({ id, topics, projects, statuses, keepDays }, number) => ({
      ...{ id, number, topics, projects, statuses, keep_days: keepDays },
    }));
    await tx.query(sql`DELETE FROM retention_rules WHERE id <> ALL(${rules.map(({ id }) => id)}::uuid[])`);
    await tx.query(sql`
      INSERT INTO retention_rules (id, number, topics, projects, statuses, keep_days, created_at, purged)
      SELECT r.id, r.number, r.topics, r.projects, r.statuses, r.keep_days, date_trunc('milliseconds', now()), 0
      FROM json_to_recordset(${JSON.stringify(rows)}::json) AS r(id uuid, number int, topics text[], projects text[],
        statuses event_status[], keep_days float8)
      ON CONFLICT (id) DO UPDATE SET number = excluded.number`);
    return readRules(tx);
  });
}

/** Marks the rules that have not run for so long as running now. Returns whether there are any. */
export async function claimDueRules(database: Queryable, minutes: number): Promise<boolean> {
  const rows = await database.query(sql`
    UPDATE retention_rules SET last_run_at = date_trunc('milliseconds', now())
    WHERE coalesce(last_run_at, created_at) < now() - make_interval(mins => ${minutes}::int4) RETURNING id`);
  return rows.length > 0;
}

/** The rules run now. Returns the database's time. */
export async function startRun(database: Queryable, ids: readonly string[]): Promise<Date> {
  const [row] = await database.query<{ at: Date }>(sql`
    WITH moment AS (SELECT date_trunc('milliseconds', clock_timestamp()) AS at),
    run AS (UPDATE retention_rules SET last_run_at = m.at FROM moment m WHERE id = ANY(${ids}::uuid[]))
    SELECT at FROM moment`);
  return row!.at;
}
