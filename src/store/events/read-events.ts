// Reads events by id, hash, request, node or parent.
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import type { PageRequest, PageCursor } from '../../domain/events/page.ts';
import { type BoundedRows, type ByteBound, readWithinBytes } from './answer-bytes.ts';
import { selectEvent } from './event-columns.ts';
import type { ListedRow } from './find-events.ts';

type Fields = readonly EventField[];

export function readByIds(
  database: Queryable,
  ids: readonly string[],
  fields: Fields,
): Promise<PartialEvent[]> {
  return database.query(
    prepared(sql`SELECT ${selectEvent(fields)} FROM events e WHERE e.id = ANY(${ids}::uuid[])`),
  );
}

/** Like readByIds, within `bound`. */
export function readSomeByIds(
  database: Queryable,
  ids: readonly string[],
  fields: Fields,
  bound: ByteBound,
): Promise<BoundedRows<PartialEvent>> {
  const rows = sql`SELECT e.* FROM events e WHERE e.id = ANY(${ids}::uuid[])`;
  return readWithinBytes(database, rows, raw('e.id'), { fields, bound });
}

export async function readByHash(
  database: Queryable,
  hash: string,
  fields: Fields,
): Promise<PartialEvent | null> {
  const rows = await database.query<PartialEvent>(
    sql`SELECT ${selectEvent(fields)} FROM events e WHERE e.hash = ${hash}`,
  );
  return rows[0] ?? null;
}

/** In order of creation, so that parents, which exist before their children and never change, come first. */
export function readRequest(
  database: Queryable,
  requestId: string,
  limit: number,
  fields: Fields,
  bound: ByteBound = wholePage,
): Promise<BoundedRows<PartialEvent>> {
  const rows = sql`SELECT e.* FROM events e WHERE e.request_id = ${requestId}
    ORDER BY e.created_at, e.created_position LIMIT ${limit}`;
  return readWithinBytes(database, rows, inCreation, { fields, bound });
}

/** What has no cursor to go on from is read whole. */
const wholePage: ByteBound = { maxBytes: limits.pageBytes, isWhole: true };

const inCreation = raw('e.created_at, e.created_position');

/**
 * A node and its descendants within the request, in order of creation. The fence makes the planner find children by
 * their parent; a plan by request reads the whole chain once per node.
 */
export function readBelowNode(
  database: Queryable,
  requestId: string,
  nodeId: string,
  limit: number,
  fields: Fields,
  bound: ByteBound = wholePage,
): Promise<BoundedRows<PartialEvent>> {
  const rows = sql`WITH RECURSIVE below AS (
      SELECT n.id FROM events n WHERE n.request_id = ${requestId} AND n.node_id = ${nodeId}
      UNION ALL
      SELECT c.id FROM below b CROSS JOIN LATERAL (
        SELECT x.id, x.request_id FROM events x WHERE x.depends_on = b.id OFFSET 0) c
      WHERE c.request_id = ${requestId}
    )
    SELECT e.* FROM (SELECT id FROM below LIMIT ${limit}) b
      JOIN LATERAL (SELECT * FROM events WHERE events.id = b.id LIMIT 1) e ON true`;
  return readWithinBytes(database, rows, inCreation, { fields, bound });
}

type Dependent = PartialEvent & { parent: string; place_at: Date; place_position: bigint };

/** One page of dependents per parent, with one extra row if there are more. */
export async function readDependents(
  database: Queryable,
  parentIds: readonly string[],
  page: PageRequest,
  fields: Fields,
  bound: ByteBound = wholePage,
): Promise<BoundedRows<ListedRow & { parent: string }>> {
  const sortOrder = raw(page.backwards ? 'DESC' : 'ASC');
  const all = sql`SELECT p.parent, e.created_at AS place_at, e.created_position AS place_position, e.* FROM unnest(${parentIds}::uuid[]) AS p(parent) CROSS JOIN LATERAL (
      SELECT * FROM events x WHERE x.depends_on = p.parent ${beside('>', page.after)} ${beside('<', page.before)}
      ORDER BY x.created_at ${sortOrder}, x.created_position ${sortOrder} LIMIT ${page.size + 1}) e`;
  const order = sql`e.parent, e.created_at ${sortOrder}, e.created_position ${sortOrder}`;
  const more = raw('e.parent, e.place_at, e.place_position');
  const { rows, isCut } = await readWithinBytes<Dependent>(database, all, order, {
    fields,
    bound,
    more,
  });
  const listed = rows.map(({ parent, place_at, place_position, ...event }) => ({
    parent,
    event,
    place: { at: place_at, position: place_position },
  }));
  return { rows: listed, isCut };
}

function beside(operator: '<' | '>', place: PageCursor | null): Sql {
  if (place === null) return empty;
  return sql`AND (x.created_at, x.created_position) ${raw(operator)} (${place.at}::timestamptz, ${place.position}::int8)`;
}

/** The number of dependents of each event, up to `ceiling` + 1. */
export function countDependents(
  database: Queryable,
  parentIds: readonly string[],
  cap: number,
): Promise<{ parent: string; count: number }[]> {
  const statement = sql`SELECT p.parent, c.count FROM unnest(${parentIds}::uuid[]) AS p(parent) CROSS JOIN LATERAL (
      SELECT count(*)::int4 AS count FROM (
        SELECT FROM events x WHERE x.depends_on = p.parent LIMIT ${cap + 1}) x) c`;
  return database.query(prepared(statement));
}

/**
 * Existing topics that begin with `prefix`, up to `limit`. Costs one index probe per topic, however many events there
 * are.
 */
export async function readTopics(database: Queryable, prefix: string, limit: number): Promise<string[]> {
  const rows = await database.query<{ topic: string }>(sql`
    WITH RECURSIVE t(topic) AS (
      (SELECT e.topic FROM events e WHERE e.topic >= ${prefix} ORDER BY e.topic LIMIT 1)
      UNION ALL
      SELECT (SELECT e.topic FROM events e WHERE e.topic > t.topic ORDER BY e.topic LIMIT 1)
      FROM t WHERE t.topic IS NOT NULL AND starts_with(t.topic, ${prefix})
    )
    SELECT topic FROM t WHERE topic IS NOT NULL AND starts_with(topic, ${prefix}) LIMIT ${limit}`);
  return rows.map((row) => row.topic);
}
