// Where each way of asking has come to in the log.
import sql from 'sql-template-tag';
import type { Queryable } from '../database/database.ts';
import type { Position } from '../domain/event.ts';

/** Its position; it begins at the beginning of the log. `way` is what it stands for, as JSON text. */
export async function openCursor(database: Queryable, id: string, way: string): Promise<Position> {
  const [known] = await readCursor(database, id);
  if (known) return known.position;
  await database.query(sql`INSERT INTO cursors (id, position, created_at, way)
    VALUES (${id}, 0, date_trunc('milliseconds', clock_timestamp()), ${way}::jsonb) ON CONFLICT DO NOTHING`);
  const [made] = await readCursor(database, id);
  return made?.position ?? 0n;
}

function readCursor(database: Queryable, id: string): Promise<{ position: Position }[]> {
  return database.query(sql`SELECT position FROM cursors WHERE id = ${id}`);
}

/** All up to `position` is settled. It never goes back, whichever gateway is behind. */
export async function saveCursor(database: Queryable, id: string, position: Position): Promise<void> {
  await database.query(
    sql`UPDATE cursors SET position = ${position} WHERE id = ${id} AND position < ${position}`,
  );
}
