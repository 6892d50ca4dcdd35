// Stored job consumers: position, owner, and last use.
import sql from 'sql-template-tag';
import { ThroughlineError } from '../../base/errors.ts';
import type { Queryable } from '../../database/database.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import type { Position } from '../../domain/events/event.ts';

/** A consumer to be opened. */
export interface ConsumerDraft {
  readonly id: string;
  /** The consumer definition as JSON text. */
  readonly definition: string;
  /** The name of the key that creates it. */
  readonly owner: string;
  /** That key, and what it can see; absent for what is unknown. */
  readonly key?: string | null;
  readonly rows?: RowScope | null;
}

/** The maximum number of consumers, per key and in total. */
export interface MostOwned {
  readonly perKey: number;
  readonly inAll: number;
}

/**
 * Returns the consumer's position; a new one begins at the start of the log. Throws LIMIT_EXCEEDED if there are too
 * many.
 */
export async function openCursor(
  database: Queryable,
  { id, definition, owner, key = null, rows = null }: ConsumerDraft,
  most: MostOwned,
): Promise<Position> {
  const [known] = await readCursor(database, id);
  if (known) {
    if (known.usedLongAgo) await touchCursors(database, [id]);
    return known.position;
  }
  await database.query(sql`INSERT INTO consumers (id, position, created_at, used_at, definition, owner, key_id, rows)
    SELECT ${id}, 0, m.at, m.at, ${definition}::jsonb, ${owner}, ${key}, ${rows && JSON.stringify(rows)}::jsonb
    FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS at) m,
      (SELECT count(*) AS all, count(*) FILTER (WHERE owner = ${owner}) AS own FROM consumers) c
    WHERE c.all < ${most.inAll} AND c.own < ${most.perKey}
    ON CONFLICT DO NOTHING`);
  const [made] = await readCursor(database, id);
  if (made) return made.position;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `There are too many consumers: ${most.perKey} of one key and ${most.inAll} in all are allowed. Each combination of source topics, target and filters is a consumer. Use fewer combinations; unused consumers are removed automatically.`,
  );
}

function readCursor(
  database: Queryable,
  id: string,
): Promise<{ position: Position; usedLongAgo: boolean }[]> {
  return database.query(
    sql`SELECT position, used_at < now() - interval '1 day' AS "usedLongAgo" FROM consumers WHERE id = ${id}`,
  );
}

/** Everything up to `position` is settled. A position never moves back. */
export async function saveCursor(database: Queryable, id: string, position: Position): Promise<void> {
  await database.query(
    sql`UPDATE consumers SET position = ${position}, used_at = date_trunc('milliseconds', now())
      WHERE id = ${id} AND position < ${position}`,
  );
}

/** Marks the consumers as used. */
export async function touchCursors(database: Queryable, ids: readonly string[]): Promise<void> {
  await database.query(
    sql`UPDATE consumers SET used_at = date_trunc('milliseconds', now()) WHERE id = ANY(${ids}::text[])`,
  );
}

/** Removes consumers that were not used for this many days. */
export async function deleteUnused(database: Queryable, days: number): Promise<void> {
  await database.query(
    sql`DELETE FROM consumers WHERE used_at < now() - make_interval(days => ${days}::int4)`,
  );
}
