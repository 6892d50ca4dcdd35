// Reads events by id, hash, request, node or parent.
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import type { PageRequest, PageCursor } from '../../domain/events/page.ts';
import { type BoundedRows, type ByteBound, readWithinBytes } from './answer-bytes.ts';
import { selectEvent } from './event-columns.ts';
import { andWithin } from './rows-sql.ts';
import type { ListedRow } from './find-events.ts';

type Fields = readonly EventField[];

export function readByIds(
  database: Queryable,
  ids: readonly string[],
  fields: Fields,
  rows: RowScope | null = null,
): Promise<PartialEvent[]> {
  return database.query(
    prepared(
      sql`SELECT ${selectEvent(fields)} FROM events e WHERE e.id = ANY(${ids}::uuid[]) ${andWithin(rows, 'e')}`,
    ),
  );
}

/** Like readByIds, within `bound`. */
export function readSomeByIds(
  database: Queryable,
  ids: readonly string[],
  fields: Fields,
  bound: ByteBound,
  rows: RowScope | null,
): Promise<BoundedRows<PartialEvent>> {
  const all = sql`SELECT e.* FROM events e WHERE e.id = ANY(${ids}::uuid[]) ${andWithin(rows, 'e')}`;
  return readWithinBytes(database, all, raw('e.id'), { fields, bound });
}

export async function readByHash(
  database: Queryable,
  hash: string,
  fields: Fields,
  rows: RowScope | null,
): Promise<PartialEvent | null> {
  const [event] = await database.query<PartialEvent>(
    sql`SELECT ${selectEvent(fields)} FROM events e WHERE e.hash = ${hash} ${andWithin(rows, 'e')}`,
  );
  return event ?? null;
}

/** What restricts a read of events. */
export interface ReadBounds {
  readonly rows: RowScope | null;
  /** Where there is no cursor to go on from, a page is read whole, which is the default. */
  readonly bound?: ByteBound;
}

/** In order of creation, so that parents, which exist before their children and never change, come first. */
export function readRequest(
  database: Queryable,
  requestId: string,
  limit: number,
  fields: Fields,
  { rows, bound = wholePage }: ReadBounds,
): Promise<BoundedRows<PartialEvent>> {
  const all = sql`SELECT e.* FROM events e WHERE e.request_id = ${requestId} ${andWithin(rows, 'e')}
    ORDER BY e.created_at, e.created_position LIMIT ${limit}`;
  return readWithinBytes(database, all, inCreation, { fields, bound });
}

/** What has no cursor to go on from is read whole. */
const wholePage: ByteBound = { maxBytes: limits.pageBytes, isWhole: true };

const inCreation = raw('e.created_at, e.created_position');

export interface NodeLocation {
  readonly requestId: string;
  readonly nodeId: string;
}

/**
 * A node and its descendants within the request, in order of creation; nothing outside of `rows`, nor below it. The
 * fence makes the planner find children by their parent; a plan by request reads the whole chain once per node.
 */
export function readBelowNode(
  database: Queryable,
  { requestId, nodeId }: NodeLocation,
  limit: number,
  fields: Fields,
  { rows, bound = wholePage }: ReadBounds,
): Promise<BoundedRows<PartialEvent>> {
  const all = sql`WITH RECURSIVE below AS (
      SELECT n.id FROM events n WHERE n.request_id = ${requestId} AND n.node_id = ${nodeId} ${andWithin(rows, 'n')}
      UNION ALL
      SELECT c.id FROM below b CROSS JOIN LATERAL (
        SELECT x.id, x.request_id, x.topic, x.project FROM events x WHERE x.depends_on = b.id OFFSET 0) c
      WHERE c.request_id = ${requestId} ${andWithin(rows, 'c')}
    )
    SELECT e.* FROM (SELECT id FROM below LIMIT ${limit}) b
      JOIN LATERAL (SELECT * FROM events WHERE events.id = b.id LIMIT 1) e ON true`;
  return readWithinBytes(database, all, inCreation, { fields, bound });
}

type Dependent = PartialEvent & { parent: string; place_at: Date; place_position: bigint };

/** One page of dependents per parent, with one extra row if there are more. */
export async function readDependents(
  database: Queryable,
  parentIds: readonly string[],
  page: PageRequest,
  fields: Fields,
  { rows: within, bound = wholePage }: ReadBounds,
): Promise<BoundedRows<ListedRow & { parent: string }>> {
  const sortOrder = raw(page.backwards ? 'DESC' : 'ASC');
  const all = sql`SELECT p.parent, e.created_at AS place_at, e.created_position AS place_position, e.* FROM unnest(${parentIds}::uuid[]) AS p(parent) CROSS JOIN LATERAL (
      SELECT * FROM events x WHERE x.depends_on = p.parent ${beside('>', page.after)} ${beside('<', page.before)} ${andWithin(within, 'x')}
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
  rows: RowScope | null,
): Promise<{ parent: string; count: number }[]> {
  const statement = sql`SELECT p.parent, c.count FROM unnest(${parentIds}::uuid[]) AS p(parent) CROSS JOIN LATERAL (
      SELECT count(*)::int4 AS count FROM (
        SELECT FROM events x WHERE x.depends_on = p.parent ${andWithin(rows, 'x')} LIMIT ${cap + 1}) x) c`;
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

/**
 * The topics of the events within `rows`, which have projects or requests, by name, among the latest `scanned` of each:
 * no index leads from these to topics.
 */
export async function readTopicsWithin(
  database: Queryable,
  prefix: string,
  rows: RowScope,
  most: { readonly topics: number; readonly scanned: number },
): Promise<string[]> {
  const found = await database.query<{ topic: string }>(sql`
    SELECT DISTINCT e.topic FROM unnest(${rows.projects ?? rows.requestIds}::text[]) AS p(name) CROSS JOIN LATERAL (
      SELECT x.topic, x.project, x.request_id FROM events x WHERE ${raw(rows.projects ? 'x.project' : 'x.request_id')} = p.name
      ORDER BY x.created_at DESC, x.created_position DESC LIMIT ${most.scanned}) e
    WHERE starts_with(e.topic, ${prefix}) ${andWithin(rows, 'e')}
    ORDER BY e.topic LIMIT ${most.topics}`);
  return found.map(({ topic }) => topic);
}
