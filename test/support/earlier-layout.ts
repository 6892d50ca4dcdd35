// What versions before the schema of our own made: their tables in `public`, recorded as they did.
import { readdirSync, readFileSync } from 'node:fs';
import type { Database } from '../../src/database/database.ts';
import { createRecord, type Migration, record } from '../../src/database/migrations/migration-record.ts';

const folder = new URL('../../prisma/migrations/', import.meta.url);

/** Those of the versions before. */
export const earlierMigrations: readonly Migration[] = readdirSync(folder)
  .filter((name) => /^000[1-8]_/.test(name))
  .sort()
  .map((name) => ({ name, sql: readFileSync(new URL(`${name}/migration.sql`, folder), 'utf8') }));

/** The ids of two events, of which the second depends on the first. */
export const earlierEvents = ['018f0000-0000-7000-8000-000000000001', '018f0000-0000-7000-8000-000000000002'];

const rows = `
  INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, depends_on, status, created_at, updated_at)
    SELECT e.id::uuid, nextval('log_position'), currval('log_position'), 'earlier', 'earlier', 'r', e.id, e.parent::uuid,
      'FINISHED', now(), now()
    FROM (VALUES ('${earlierEvents[0]}', NULL), ('${earlierEvents[1]}', '${earlierEvents[0]}')) AS e(id, parent);
  INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
    SELECT position, id, 'CREATED', status, created_at, topic, request_id, node_id FROM events;`;

/** With two events in it. `migrations`: as far as that version had them. */
export async function makeEarlierLayout(
  database: Database,
  { schema = 'public', migrations = earlierMigrations } = {},
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.exec(`SET LOCAL search_path TO "${schema}"`);
    await tx.exec(createRecord);
    for (const migration of migrations) {
      await tx.exec(migration.sql);
      await record(tx, migration, new Date());
    }
    await tx.exec(rows);
  });
}
