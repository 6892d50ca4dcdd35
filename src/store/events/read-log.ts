// Reads the log in order, with the current state of each entry's event.
import sql, { empty, type Sql } from 'sql-template-tag';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import type {
  EventField,
  LogEntry,
  PartialEvent,
  Position,
  StatusChange,
} from '../../domain/events/event.ts';
import { type BoundedRows, readWithinBytes } from './answer-bytes.ts';
import { lightFields } from './event-columns.ts';
import { within } from './rows-sql.ts';

/** A log entry and the requested fields of its event; null if the event was deleted. */
export interface LogRow {
  readonly entry: LogEntry;
  readonly event: PartialEvent | null;
}

/** Narrows a read to an index; null does not narrow. */
export interface LogSelection {
  readonly topics: readonly string[] | null;
  readonly eventIds: readonly string[] | null;
}

const entryColumns = sql`l.position AS log_position, l.event_id, l.kind, l.from_status, l.status AS log_status, l.at,
  l."by", l.description AS why, l.attempt, l.topic AS log_topic, l.request_id AS log_request, l.node_id AS log_node,
  l.project AS log_project, l.user_name AS log_user, l.sender AS log_sender`;
const entryNames = sql`e.log_position, e.event_id, e.kind, e.from_status, e.log_status, e.at, e."by", e.why, e.attempt,
  e.log_topic, e.log_request, e.log_node, e.log_project, e.log_user, e.log_sender`;

/**
 * Entries between two positions, oldest first, up to `limit`, or until the JSON of their events totals
 * `limits.pageBytes`.
 */
export async function readLog(
  database: Queryable,
  after: Position,
  upTo: Position | null,
  limit: number,
  selection: LogSelection = { topics: null, eventIds: null },
  fields: readonly EventField[] = lightFields,
): Promise<BoundedRows<LogRow>> {
  const upper = upTo === null ? empty : sql`AND g.position <= ${upTo}`;
  const entries = (match: Sql) => sql`SELECT g.* FROM log g WHERE g.position > ${after} ${upper} ${match}
    ORDER BY g.position LIMIT ${limit}`;
  const all = sql`SELECT ${entryColumns}, e.* FROM (${select(selection, entries, limit)}) l
      LEFT JOIN LATERAL (SELECT * FROM events WHERE events.id = l.event_id LIMIT 1) e ON true`;
  const { rows, isCut } = await readWithinBytes<FlatLogRow>(database, all, sql`e.log_position`, {
    fields,
    bound: { maxBytes: limits.pageBytes },
    more: entryNames,
  });
  return { rows: rows.map(toLogRow), isCut };
}

/** Reads each value's part of an index in order, and merges the parts. */
function select({ topics, eventIds }: LogSelection, entries: (match: Sql) => Sql, limit: number): Sql {
  if (topics === null && eventIds === null) return entries(empty);
  const values = eventIds === null ? sql`unnest(${topics}::text[])` : sql`unnest(${eventIds}::uuid[])`;
  const match = eventIds === null ? sql`AND g.topic = d.value` : sql`AND g.event_id = d.value`;
  return sql`SELECT l.* FROM ${values} AS d(value) CROSS JOIN LATERAL (${entries(match)}) l
    ORDER BY l.position LIMIT ${limit}`;
}

interface FlatLogRow extends PartialEvent {
  readonly log_position: Position;
  readonly event_id: string;
  readonly kind: LogEntry['kind'];
  readonly from_status: LogEntry['fromStatus'];
  readonly log_status: LogEntry['status'];
  readonly at: Date;
  readonly by: string | null;
  readonly why: string | null;
  readonly attempt: number | null;
  readonly log_topic: string;
  readonly log_request: string;
  readonly log_node: string;
  readonly log_project: string | null;
  readonly log_user: string | null;
  readonly log_sender: string | null;
}

function toLogRow(row: FlatLogRow): LogRow {
  const entry: LogEntry = {
    position: row.log_position,
    eventId: row.event_id,
    kind: row.kind,
    fromStatus: row.from_status,
    status: row.log_status,
    at: row.at,
    by: row.by,
    description: row.why,
    attempt: row.attempt,
    topic: row.log_topic,
    requestId: row.log_request,
    nodeId: row.log_node,
    project: row.log_project,
    user: row.log_user,
    sender: row.log_sender,
  };
  return { entry, event: row.id === null ? null : row };
}

/** The last position of the log; 0 if it is empty. */
/** When these entries were written, by position. */
export async function readTimes(
  database: Queryable,
  positions: readonly Position[],
): Promise<Map<Position, Date>> {
  const rows = await database.query<{ position: Position; at: Date }>(
    sql`SELECT position, at FROM log WHERE position = ANY(${positions}::int8[])`,
  );
  return new Map(rows.map(({ position, at }) => [position, at]));
}

/**
 * The last position before this time; 0 if there is none. Times in the log never decrease, so a binary search finds it in
 * a few look-ups by position.
 */
export async function findPositionAt(database: Queryable, time: Date): Promise<Position> {
  let [low, high] = [0n, await lastPosition(database)];
  while (low < high) {
    const middle = (low + high) / 2n;
    const [entry] = await database.query<{ position: Position; at: Date }>(
      sql`SELECT position, at FROM log WHERE position > ${middle} ORDER BY position LIMIT 1`,
    );
    if (entry !== undefined && entry.at < time) low = entry.position;
    else high = middle;
  }
  return low;
}

export async function lastPosition(database: Queryable): Promise<Position> {
  const [row] = await database.query<{ position: Position }>({
    name: 'last-position',
    text: 'SELECT coalesce(max(position), 0)::int8 AS position FROM log',
    values: [],
  });
  return row?.position ?? 0n;
}

/** What was deleted may be read by those who know of it. */
function visible(rows: RowScope | null): Sql {
  if (rows === null) return empty;
  return sql`WHERE NOT EXISTS (SELECT FROM events e WHERE e.id = i.id AND NOT ${within(rows, 'e')} OFFSET 0)`;
}

/** All statuses of each event, oldest first. */
export async function readHistories(
  database: Queryable,
  ids: readonly string[],
  rows: RowScope | null,
): Promise<(StatusChange & { eventId: string })[]> {
  return database.query(
    prepared(sql`SELECT l.event_id AS "eventId", l.position, l.from_status AS "from", l.status AS "to", l.at, l."by", l.description,
        l.attempt
      FROM unnest(${ids}::uuid[]) AS i(id)
        JOIN LATERAL (SELECT * FROM log WHERE log.event_id = i.id AND log.kind IN ('CREATED', 'STATUS')
                      ORDER BY log.position) l ON true
      ${visible(rows)}
      ORDER BY l.position`),
  );
}
