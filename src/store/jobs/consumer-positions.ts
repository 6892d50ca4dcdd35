// The consumers of jobs as they are stored: how far in the log each has come, whose it is, and when it was last used.
import sql from 'sql-template-tag';
import { ThroughlineError } from '../../base/errors.ts';
import type { Queryable } from '../../database/database.ts';
import type { Position } from '../../domain/events/event.ts';

/** A consumer to be opened. */
export interface ConsumerDraft {
  readonly id: string;
  /** What it stands for, as JSON text. */
  readonly definition: string;
  /** The name of the key that asks for it. */
  readonly owner: string;
}

/** How many there may be: of one key, and in all. */
export interface MostOwned {
  readonly perKey: number;
  readonly inAll: number;
}

/** Its position; a new one begins at the beginning of the log. LIMIT_EXCEEDED where there are too many. */
export async function openCursor(
  database: Queryable,
  { id, definition, owner }: ConsumerDraft,
  most: MostOwned,
): Promise<Position> {
  const [known] = await readCursor(database, id);
  if (known) {
    if (known.usedLongAgo) await touchCursors(database, [id]);
    return known.position;
  }
  await database.query(sql`INSERT INTO consumers (id, position, created_at, used_at, definition, owner)
    SELECT ${id}, 0, m.at, m.at, ${definition}::jsonb, ${owner}
    FROM (SELECT date_trunc('milliseconds', clock_timestamp()) AS at) m,
      (SELECT count(*) AS all, count(*) FILTER (WHERE owner = ${owner}) AS own FROM consumers) c
    WHERE c.all < ${most.inAll} AND c.own < ${most.perKey}
    ON CONFLICT DO NOTHING`);
  const [made] = await readCursor(database, id);
  if (made) return made.position;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `There are too many consumers: ${most.perKey} of one key and ${most.inAll} in all is the most, where each set of source topics, target and filters is one. Ask with fewer different ones; those that nobody uses go by themselves.`,
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

/** All up to `position` is settled. It never goes back, whichever gateway is behind. */
export async function saveCursor(database: Queryable, id: string, position: Position): Promise<void> {
  await database.query(
    sql`UPDATE consumers SET position = ${position}, used_at = date_trunc('milliseconds', now())
      WHERE id = ${id} AND position < ${position}`,
  );
}

/** They are in use. */
export async function touchCursors(database: Queryable, ids: readonly string[]): Promise<void> {
  await database.query(
    sql`UPDATE consumers SET used_at = date_trunc('milliseconds', now()) WHERE id = ANY(${ids}::text[])`,
  );
}

/** Removes those that nobody has used for so many days. */
export async function deleteUnused(database: Queryable, days: number): Promise<void> {
  await database.query(
    sql`DELETE FROM consumers WHERE used_at < now() - make_interval(days => ${days}::int4)`,
  );
}
