// Stored handlers: their positions, whether they are enabled, and the events they have not yet handled.
import sql from 'sql-template-tag';
import type { HandlerModel } from '../../../generated/prisma/models.ts';
import type { Queryable } from '../../database/database.ts';
import type { EventError, EventStatus, Position } from '../../domain/events/event.ts';
import type { Execution, HandledEvent, Handler } from '../../domain/handlers/handler.ts';
import type { JsonValue } from '../../domain/values/json.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { filterFields, selectEvent } from '../events/event-columns.ts';
import { andWithin } from '../events/rows-sql.ts';

export type HandlerState = Readonly<Pick<HandlerModel, 'fullName' | 'position' | 'enabled'>>;

/** A handler begins at the end of the log if it is new, has a new source, or was declared disabled before. */
export function registerHandlers(
  database: Queryable,
  handlers: readonly Pick<Handler, 'fullName' | 'source' | 'enabled'>[],
): Promise<HandlerState[]> {
  const [names, sources, declared] = [
    handlers.map(({ fullName }) => fullName),
    handlers.map(({ source }) => source),
    handlers.map(({ enabled }) => enabled),
  ];
  return database.query(sql`
    INSERT INTO handlers AS h (full_name, source, declared, position)
    SELECT i.full_name, i.source, i.declared, coalesce((SELECT max(position) FROM log), 0)
    FROM unnest(${names}::text[], ${sources}::text[], ${declared}::boolean[]) AS i(full_name, source, declared)
    ORDER BY i.full_name
    ON CONFLICT (full_name) DO UPDATE SET source = excluded.source, declared = excluded.declared,
      position = CASE WHEN h.source = excluded.source AND coalesce(h.enabled, h.declared OR NOT excluded.declared)
        THEN h.position ELSE excluded.position END
    RETURNING h.full_name AS "fullName", h.position, h.enabled`);
}

export function readHandlerStates(database: Queryable, names: readonly string[]): Promise<HandlerState[]> {
  return database.query(sql`
    SELECT h.full_name AS "fullName", h.position, h.enabled FROM handlers h WHERE h.full_name = ANY(${names}::text[])`);
}

/**
 * Enables or disables a handler. A disabled one, by setting or as `declared`, begins at the end of the log when it is
 * enabled. Returns false if it does not exist.
 */
export async function switchHandler(
  database: Queryable,
  name: string,
  enabled: boolean,
  declared: boolean,
): Promise<boolean> {
  const rows = await database.query(sql`
    UPDATE handlers SET enabled = ${enabled},
      position = CASE WHEN ${enabled} AND NOT coalesce(enabled, ${declared}) THEN coalesce((SELECT max(position) FROM log), 0) ELSE position END
    WHERE full_name = ${name} RETURNING full_name`);
  return rows.length > 0;
}

/** Saves positions in one statement. A position never moves back. */
export async function advanceHandlers(
  database: Queryable,
  places: readonly { readonly fullName: string; readonly position: Position }[],
): Promise<void> {
  await database.query(sql`
    UPDATE handlers h SET position = i.position
    FROM unnest(${places.map(({ fullName }) => fullName)}::text[],
      ${places.map(({ position }) => String(position))}::int8[]) AS i(full_name, position)
    WHERE h.full_name = i.full_name AND h.position < i.position`);
}

/** An event that became FINISHED at `position` and has no run of the handler. */
export interface Undispatched {
  readonly fullName: string;
  readonly position: Position;
  /** Null if it has a run or is no longer FINISHED, and is skipped. */
  readonly event: HandledEvent | null;
}

export interface Search {
  readonly fullName: string;
  readonly source: string;
  readonly after: Position;
}

/** For each handler up to `limit` log entries, in log order, up to `until`. */
export async function findUndispatched(
  database: Queryable,
  searches: readonly Search[],
  until: Position,
  limit: number,
): Promise<Undispatched[]> {
  const rows = await database.query<
    { fullName: string; place: Position } & (HandledEvent | { id: null })
  >(sql`
    SELECT h.full_name AS "fullName", l.position AS place, ${selectEvent(filterFields)}
    FROM unnest(${searches.map(({ fullName }) => fullName)}::text[], ${searches.map(({ source }) => source)}::text[],
        ${searches.map(({ after }) => String(after))}::int8[]) AS h(full_name, source, after)
      CROSS JOIN LATERAL (
        SELECT l.position, l.event_id FROM log l
        WHERE l.topic = h.source AND l.position > h.after AND l.position <= ${until}
          AND l.status = 'FINISHED' AND l.kind IN ('CREATED', 'STATUS')
        ORDER BY l.position LIMIT ${limit}) l
      LEFT JOIN LATERAL (
        SELECT x.* FROM events x WHERE x.id = l.event_id AND x.status = 'FINISHED'
          AND NOT EXISTS (SELECT FROM events r WHERE r.depends_on = x.id AND r.topic = h.full_name AND r.job OFFSET 0)
          AND NOT EXISTS (SELECT FROM purged_jobs p WHERE p.source_id = x.id AND p.topic = h.full_name OFFSET 0)
        LIMIT 1) e ON true
    ORDER BY l.position`);
  return rows.map(({ fullName, place, ...event }) => ({
    fullName,
    position: place,
    event: event.id === null ? null : event,
  }));
}

/** When each handler last ran, by full name: the creation time of its latest run. */
export async function readLastRuns(
  database: Queryable,
  names: readonly string[],
  within: RowScope | null,
): Promise<Map<string, Date>> {
  const rows = await database.query<{ name: string; at: Date }>(sql`
    SELECT n.name, e.created_at AS at FROM unnest(${names}::text[]) AS n(name)
      CROSS JOIN LATERAL (SELECT x.created_at FROM events x WHERE x.topic = n.name ${andWithin(within, 'x')}
        ORDER BY x.created_at DESC, x.created_position DESC LIMIT 1) e`);
  return new Map(rows.map(({ name, at }) => [name, at]));
}

/** The place of an event to be created: below `parentId`, in `requestId`. */
export interface ChainLocation {
  readonly parentId: string | null;
  readonly requestId: string;
}

/** The size of a chain of runs. */
export interface ChainStanding {
  /** Runs from the root to the parent, inclusive; counting stops at the limit. */
  readonly depth: number;
  /** Runs in the request; counting stops at the limit. */
  readonly runs: number;
}

/** In the order of `places`. */
export async function readChainStandings(
  database: Queryable,
  places: readonly ChainLocation[],
  most: { readonly depth: number; readonly steps: number; readonly runs: number },
): Promise<ChainStanding[]> {
  const parents = [...new Set(places.flatMap(({ parentId }) => parentId ?? []))];
  const requests = [...new Set(places.map(({ requestId }) => requestId))];
  const rows = await database.query<{ id: string; depth: number | null; runs: number | null }>(sql`
    WITH RECURSIVE above AS (
      SELECT p.id AS parent, e.depends_on, ${isRun} AS depth, 1 AS step
      FROM unnest(${parents}::uuid[]) AS p(id) CROSS JOIN LATERAL (SELECT * FROM events x WHERE x.id = p.id LIMIT 1) e
      UNION ALL
      SELECT a.parent, e.depends_on, a.depth + ${isRun}, a.step + 1
      FROM above a CROSS JOIN LATERAL (SELECT * FROM events x WHERE x.id = a.depends_on LIMIT 1) e
      WHERE a.depth < ${most.depth} AND a.step < ${most.steps}
    )
    SELECT parent::text AS id, max(depth) AS depth, NULL::int4 AS runs FROM above GROUP BY parent
    UNION ALL
    SELECT q.id, NULL, (SELECT count(*) FROM (SELECT FROM events r
      WHERE r.request_id = q.id AND r.job AND r.sender_type = 'handler' LIMIT ${most.runs}) r)::int4
    FROM unnest(${requests}::text[]) AS q(id)`);
  const depths = new Map(rows.flatMap(({ id, depth }) => (depth === null ? [] : [[id, depth] as const])));
  const runs = new Map(rows.flatMap(({ id, runs: count }) => (count === null ? [] : [[id, count] as const])));
  return places.map(({ parentId, requestId }) => ({
    depth: parentId === null ? 0 : (depths.get(parentId) ?? 0),
    runs: runs.get(requestId) ?? 0,
  }));
}

const isRun = sql`(e.job AND e.sender_type IS NOT DISTINCT FROM 'handler')::int4`;

/** The handler runs for an event, in order of creation. */
export async function readExecutions(
  database: Queryable,
  eventId: string,
  within: RowScope | null,
): Promise<Execution[]> {
  const rows = await database.query<{
    id: string;
    nodeId: string;
    status: EventStatus;
    handler: string;
    result: JsonValue;
    error: EventError | null;
  }>(sql`
    SELECT e.id, e.node_id AS "nodeId", e.status, e.topic AS handler, e.result, e.error FROM events e
    WHERE e.depends_on = ${eventId}::uuid AND e.job AND e.sender_type = 'handler' ${andWithin(within, 'e')}
    ORDER BY e.created_at, e.created_position`);
  return rows.map(({ id, nodeId, status, ...execution }) => ({
    ...execution,
    event: { id, nodeId, status },
  }));
}
