// Consumers as they are listed, paused, moved and deleted.
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import type { Ownership } from '../../domain/access/row-scope.ts';
import type { Position } from '../../domain/events/event.ts';
import type { Consumer, Worker } from '../../domain/jobs/consumer.ts';
import { type Flow, flowOf } from '../../domain/jobs/flow.ts';
import type { CreationPoint } from '../../domain/values/created-page.ts';
import { andOwned } from '../control/ownership-sql.ts';

const isQueue = `jsonb_array_length(c.definition -> 'topics') = 0`;

const columns =
  raw(`c.id::uuid::text AS id, c.name, c.target AS "targetTopic", c.targets, c.created_at AS "createdAt", c.paused,
  c.flow, c.definition, CASE WHEN NOT ${isQueue} THEN ARRAY(SELECT jsonb_array_elements_text(c.definition -> 'topics')) END AS "sourceTopics",
  c.definition ->> 'where' AS "where", coalesce(CASE WHEN NOT ${isQueue} THEN (
    SELECT p.position FROM consumer_positions p WHERE p.definition_id = c.definition_id) END,
    (SELECT max(position) FROM log), 0)::int8 AS position,
  (SELECT max(w.seen_at) FROM consumer_workers w WHERE w.consumer_id = c.id) AS "lastAskedAt"`);

/** Oldest first. Null `target`: of all topics. */
export async function listConsumers(
  database: Queryable,
  { limit, after, target }: { limit: number; after: CreationPoint | null; target: string | null },
  owned: Ownership | null,
): Promise<Consumer[]> {
  const conditions: Sql[] = [
    ...(target === null ? [] : [sql`AND c.target = ${target}`]),
    ...(after === null
      ? []
      : [sql`AND (c.created_at, c.id) > (${after.at}::timestamptz, ${after.id.replaceAll('-', '')})`]),
  ];
  const more = conditions.length === 0 ? empty : join(conditions, ' ');
  const rows =
    await database.query<StoredRow>(sql`SELECT ${columns} FROM consumers c WHERE true ${more} ${andOwned(owned, 'c')}
    ORDER BY c.created_at, c.id LIMIT ${limit}`);
  return rows.map(consumerOf);
}

type StoredRow = Omit<Consumer, 'flow'> & { readonly flow: Partial<Flow> | null };

function consumerOf({ flow, ...row }: StoredRow): Consumer {
  return { ...row, flow: flowOf(flow) };
}

export async function readConsumer(
  database: Queryable,
  storedId: string,
  owned: Ownership | null,
): Promise<Consumer | null> {
  const [row] = await database.query<StoredRow>(
    sql`SELECT ${columns} FROM consumers c WHERE c.id = ${storedId} ${andOwned(owned, 'c')}`,
  );
  return row ? consumerOf(row) : null;
}

/** Returns whether there is such a consumer. */
export async function setPaused(
  database: Queryable,
  storedId: string,
  paused: boolean,
  owned: Ownership | null,
): Promise<boolean> {
  const rows = await database.query(
    sql`UPDATE consumers c SET paused = ${paused} WHERE c.id = ${storedId} ${andOwned(owned, 'c')} RETURNING c.id`,
  );
  return rows.length > 0;
}

/** Every definition of it continues after this position. Nothing happens past the end of the log, which is returned. */
export async function moveConsumer(
  database: Queryable,
  storedId: string,
  after: Position,
  owned: Ownership | null,
): Promise<{ readonly isMoved: boolean; readonly logEnd: Position }> {
  const [row] = await database.query<{ isMoved: boolean; logEnd: Position }>(sql`
    WITH ends AS MATERIALIZED (SELECT coalesce(max(position), 0)::int8 AS position FROM log),
    moved AS (
      UPDATE consumer_positions p
      SET position = ${after}, generation = p.generation + 1, used_at = date_trunc('milliseconds', now())
      FROM consumers c, ends e
      WHERE c.id = ${storedId} AND p.consumer_id = c.id AND ${after}::int8 <= e.position ${andOwned(owned, 'c')}
      RETURNING p.definition_id
    )
    SELECT EXISTS (SELECT FROM moved) AS "isMoved", position AS "logEnd" FROM ends`);
  return row!;
}

/** Its jobs stay. Returns whether there was such a consumer. */
export async function deleteConsumer(
  database: Queryable,
  storedId: string,
  owned: Ownership | null,
): Promise<boolean> {
  const rows = await database.query(
    sql`DELETE FROM consumers c WHERE c.id = ${storedId} ${andOwned(owned, 'c')} RETURNING c.id`,
  );
  return rows.length > 0;
}

/** Those that hold a job, and those that enrolled in the last ten minutes, by stored id and name; `most` of each consumer. */
export function readWorkers(
  database: Queryable,
  consumers: readonly Pick<Consumer, 'id' | 'targets'>[],
  most: number,
): Promise<(Worker & { readonly id: string })[]> {
  const input = JSON.stringify(
    consumers.map(({ id, targets }) => ({ id, stored: id.replaceAll('-', ''), targets })),
  );
  return database.query(sql`
    SELECT i.id, w.name, w.held, w.seen AS "lastSeenAt"
    FROM json_to_recordset(${input}::json) AS i(id text, stored text, targets json) CROSS JOIN LATERAL (
      SELECT name, sum(held)::int4 AS held, max(seen) AS seen FROM (
        SELECT j.worker AS name, 1 AS held, j.ready_at - make_interval(secs => j.lease_ms / 1000.0) AS seen
        FROM json_array_elements_text(i.targets) AS t(topic) CROSS JOIN LATERAL (
          SELECT * FROM jobs WHERE target = t.topic AND consumer = i.stored AND ready_at IS NOT NULL) j
        WHERE j.worker IS NOT NULL AND j.ready_at > now()
        UNION ALL
        SELECT worker, 0, seen_at FROM consumer_workers
        WHERE consumer_id = i.stored AND seen_at > now() - interval '10 minutes'
      ) seen GROUP BY name ORDER BY name LIMIT ${most}) w`);
}
