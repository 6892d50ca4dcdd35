// Keyset pagination of events, in order of creation or latest change.
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import { type EventField, isJsonField, type PartialEvent } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import type { Direction, OrderKey, PageCursor } from '../../domain/events/page.ts';
import { isExactTopic } from '../../domain/events/topic.ts';
import { type ByteBound, isCut, type Measured, measuredColumns, withinBytes } from './answer-bytes.ts';
import { selectEvent } from './event-columns.ts';
import { orderOverAll } from './order-over-all.ts';
import { measuredBytes } from './measured-bytes.ts';
import {
  allOf,
  type Candidate,
  candidateDrivers,
  type Driver,
  type FilterSql,
  filterSql,
  rangeConditions,
  undrivenConditions,
} from './filter-sql.ts';

export interface ListQuery {
  readonly filter: CheckedFilter;
  readonly by: OrderKey;
  readonly direction: Direction;
  /** Selects rows strictly between the two cursors, in list order. */
  readonly after: PageCursor | null;
  readonly before: PageCursor | null;
  readonly limit: number;
  readonly offset?: number;
  /** Rows that a filter without an index may read. Default: `limits.scanRows`. */
  readonly scanRows?: number;
  /** Whether to return each row's size. */
  readonly isMeasured?: boolean;
  /** Further conditions, tested only on small events. Large events are returned untested. */
  readonly ifSmall?: SmallTest;
  readonly fields: readonly EventField[];
  /** JSON at which the page ends early. Default: `limits.pageBytes`. */
  readonly bound?: ByteBound;
}

export interface SmallTest {
  readonly filter: CheckedFilter;
  /** Events up to this size in bytes (summary, payload and description) are small. */
  readonly bytes: number;
}

export interface ListedRow {
  readonly event: PartialEvent;
  readonly place: PageCursor;
  /** Upper bound of the size of summary, payload and description, if requested. */
  readonly bytes?: number;
}

export interface ListedRows {
  readonly rows: readonly ListedRow[];
  /**
   * Where the scan limit was reached before the page was full; null if the page is full or there are no more rows.
   */
  readonly gaveUpAt: PageCursor | null;
  /** Whether the page ended early because of its JSON's size. `gaveUpAt` is then its last row. */
  readonly isCut: boolean;
}

type PlacedEvent = PartialEvent & {
  place_at: Date;
  place_position: bigint;
  bytes?: number;
} & Partial<Measured>;

export async function findEvents(database: Queryable, query: ListQuery): Promise<ListedRows> {
  const scan =
    query.by === 'CREATED' ? scanEvents(await bestParts(database, query.filter), query) : scanUpdated(query);
  const statement = pageStatement(scan, query);
  const found = await database.query<PlacedEvent>(scan.isPrepared ? prepared(statement) : statement);
  const rows = found.map(toListedRow);
  if (isCut(found)) return { rows, gaveUpAt: rows.at(-1)?.place ?? null, isCut: true };
  if (rows.length >= query.limit || !scan.mayGiveUp) return { rows, gaveUpAt: null, isCut: false };
  const [scanLimit] = await database.query<PageCursor>(scanLimitStatement(scan, query));
  if (!scanLimit) return { rows, gaveUpAt: null, isCut: false };
  const near = rows.filter(({ place }) => !isBeyond(place, scanLimit, query));
  return { rows: near, gaveUpAt: scanLimit, isCut: false };
}

/** The rows of a list: events `x` with `place_at` and `place_position`, in order. */
interface Scan {
  readonly driver: Driver | null;
  readonly candidates: Sql;
  readonly residual: readonly Sql[];
  /** Whether the scan is bounded, so that a page may end early. */
  readonly mayGiveUp: boolean;
  /** Whether the same statement is run repeatedly. */
  readonly isPrepared: boolean;
}

/** Index entries counted to find the most selective index. */
const probeRows = 2_000;

/** The index with the fewest entries for the filter; null if none can serve it. */
async function bestDriver(database: Queryable, filter: CheckedFilter): Promise<Candidate | null> {
  const all = candidateDrivers(filter);
  if (all.length < 2) return all[0] ?? null;
  const range = rangeConditions(filter);
  const counts = all.map(
    ({ values, match }) => sql`(SELECT count(*)::int4 FROM (SELECT FROM ${values}, events x
      WHERE ${allOf([match, ...range])} LIMIT ${probeRows}) c)`,
  );
  const [row] = await database.query<{ counts: number[] }>(sql`SELECT ARRAY[${join(counts)}] AS counts`);
  const fewest = Math.min(...(row?.counts ?? []));
  return all[row?.counts.indexOf(fewest) ?? 0] ?? null;
}

async function bestParts(database: Queryable, filter: CheckedFilter): Promise<FilterSql> {
  return filterSql(filter, await bestDriver(database, filter));
}

/** Named events are few, so they are read and sorted. */
function scanUpdated(query: ListQuery): Scan {
  const named = query.filter.ids !== null || query.filter.requestIds !== null;
  return named ? scanEvents(filterSql(query.filter), query) : scanLog(query);
}

/** The rows of an index on events, up to a bound for filters that rarely match. */
function scanEvents(parts: FilterSql, query: ListQuery): Scan {
  const { driver, range } = parts;
  const residual = [...parts.residual, ...smallTests(query)];
  const created = driver === null ? { ...createdPosition, isOverAll: true } : createdPosition;
  const places = query.by === 'CREATED' ? created : updatedPosition;
  const mayGiveUp = residual.length > 0;
  const where = allOf([...(driver ? [driver.match] : []), ...range, ...bounds(query, places)]);
  const candidates = sql`SELECT ${places.at} AS place_at, ${places.position} AS place_position, x.*
    FROM events x WHERE ${where} ORDER BY ${orderBy(query, places)} ${mayGiveUp ? budget(query) : empty}`;
  const isPrepared = parts.isResidualOfRows && !query.ifSmall;
  return { driver, candidates, residual, mayGiveUp, isPrepared };
}

/**
 * Lists by latest change read the log and keep each event's last entry. An index on `events.position` would be
 * rewritten at every change.
 */
function scanLog(query: ListQuery): Scan {
  const topics = query.filter.topics?.every(isExactTopic) ? query.filter.topics : null;
  const driver = topics && {
    values: sql`unnest(${topics}::text[]) AS d(value)`,
    match: sql`l.topic = d.value`,
  };
  const where = allOf([...(driver ? [driver.match] : []), ...bounds(query, logPosition)]);
  const candidates = sql`SELECT x.updated_at AS place_at, l.position AS place_position, x.*
    FROM (SELECT l.position, l.event_id FROM log l WHERE ${where} ORDER BY ${orderBy(query, logPosition)} ${budget(query)}) l
      LEFT JOIN LATERAL (SELECT * FROM events WHERE events.id = l.event_id AND events.position = l.position LIMIT 1) x
        ON true
    ORDER BY l.position ${raw(query.direction)}`;
  const residual = [sql`e.id IS NOT NULL`, ...undrivenConditions(query.filter), ...smallTests(query)];
  return { driver, candidates, residual, mayGiveUp: true, isPrepared: false };
}

function pageStatement(scan: Scan, query: ListQuery): Sql {
  const offset = query.offset ?? 0;
  const order = orderBy(query, pagePosition(scan, query));
  const page = sql`SELECT * FROM (${scan.candidates}) e WHERE ${allOf(scan.residual)} ORDER BY ${order}
    LIMIT ${query.limit + offset}`;
  const merged = scan.driver
    ? sql`SELECT e.* FROM ${scan.driver.values} CROSS JOIN LATERAL (${page}) e`
    : page;
  const bounded = sql`ORDER BY ${order} LIMIT ${query.limit} OFFSET ${offset}`;
  const measure = query.isMeasured ? sql`, ${measuredBytes} AS bytes` : empty;
  const columns = sql`${selectEvent(query.fields)}, e.place_at, e.place_position ${measure}`;
  if (!query.fields.some(isJsonField)) return sql`SELECT ${columns} FROM (${merged}) e ${bounded}`;
  const all = sql`SELECT e.* FROM (${merged}) e ${bounded}`;
  const kept = withinBytes(all, order, query.fields, query.bound ?? { maxBytes: limits.pageBytes });
  return sql`SELECT ${columns}, ${measuredColumns} FROM (${kept}) e ORDER BY ${order}`;
}

/** The first place, over all values of the driver, at which the scan limit was reached. */
function scanLimitStatement(scan: Scan, query: ListQuery): Sql {
  const order = orderBy(query, pagePosition(scan, query));
  const last = sql`SELECT e.place_at, e.place_position FROM (${scan.candidates}) e
    ORDER BY ${order} OFFSET ${scanRowsOf(query) - 1} LIMIT 1`;
  const all = scan.driver ? sql`SELECT e.* FROM ${scan.driver.values} CROSS JOIN LATERAL (${last}) e` : last;
  return sql`SELECT coalesce(e.place_at, 'epoch') AS at, e.place_position AS position FROM (${all}) e
    ORDER BY ${order} LIMIT 1`;
}

function budget(query: ListQuery): Sql {
  return sql`LIMIT ${scanRowsOf(query)}`;
}

function scanRowsOf({ scanRows = limits.scanRows }: ListQuery): number {
  return scanRows;
}

/** CASE is evaluated in order, so large values are not read. */
function smallTests({ ifSmall }: ListQuery): Sql[] {
  if (!ifSmall) return [];
  const test = allOf(undrivenConditions(ifSmall.filter));
  return [sql`CASE WHEN ${measuredBytes} > ${ifSmall.bytes}::int4 THEN true ELSE ${test} END`];
}

/** The ordering columns. The time is included only if the position does not imply it. */
interface PositionColumns {
  readonly at: Sql;
  readonly position: Sql;
  readonly byTime: boolean;
  /** Whether the rows come from the index over all events; see `orderOverAll`. */
  readonly isOverAll: boolean;
}

const createdPosition = {
  at: raw('x.created_at'),
  position: raw('x.created_position'),
  byTime: true,
  isOverAll: false,
};
const updatedPosition = {
  at: raw('x.updated_at'),
  position: raw('x.position'),
  byTime: false,
  isOverAll: false,
};
const logPosition = { at: raw('l.at'), position: raw('l.position'), byTime: false, isOverAll: false };

function pagePosition({ driver }: Scan, { by }: ListQuery): PositionColumns {
  const byTime = by === 'CREATED';
  const isOverAll = byTime && driver === null;
  return { at: raw('e.place_at'), position: raw('e.place_position'), byTime, isOverAll };
}

function orderBy({ direction }: ListQuery, { at, position, byTime, isOverAll }: PositionColumns): Sql {
  const sortOrder = isOverAll ? orderOverAll[direction] : raw(direction);
  return byTime ? sql`${at} ${sortOrder}, ${position} ${sortOrder}` : sql`${position} ${sortOrder}`;
}

function bounds({ after, before, direction }: ListQuery, columns: PositionColumns): Sql[] {
  const [later, earlier] = direction === 'ASC' ? [after, before] : [before, after];
  return [
    ...(later ? [compare(columns, raw('>'), later)] : []),
    ...(earlier ? [compare(columns, raw('<'), earlier)] : []),
  ];
}

function compare({ at, position, byTime }: PositionColumns, operator: Sql, place: PageCursor): Sql {
  return byTime
    ? sql`(${at}, ${position}) ${operator} (${place.at}::timestamptz, ${place.position}::int8)`
    : sql`${position} ${operator} ${place.position}::int8`;
}

function toListedRow(row: PlacedEvent): ListedRow {
  const { place_at, place_position, bytes, found: _found, ...event } = row;
  const place = { at: place_at, position: place_position };
  return bytes === undefined ? { event, place } : { event, place, bytes };
}

function isBeyond(place: PageCursor, scanLimit: PageCursor, { by, direction }: ListQuery): boolean {
  const time = by === 'CREATED' ? place.at.getTime() - scanLimit.at.getTime() : 0;
  const distance = time !== 0 ? time : Number(place.position - scanLimit.position);
  return direction === 'ASC' ? distance > 0 : distance < 0;
}

/** The number of matching events, up to `ceiling`, with a bounded scan. `exact` is false if a bound was reached. */
export async function countEvents(
  database: Queryable,
  filter: CheckedFilter,
  cap: number,
): Promise<{ count: number; exact: boolean }> {
  const parts = await bestParts(database, filter);
  const bound = (parts.residual.length === 0 ? cap : limits.scanRows) + 1;
  const conditions = allOf([...(parts.driver ? [parts.driver.match] : []), ...parts.range]);
  const from = parts.driver ? join([parts.driver.values, sql`events x`], ', ') : sql`events x`;
  const [row] = await database.query<{ read: number; found: number }>(sql`
    SELECT count(*)::int4 AS read, count(*) FILTER (WHERE ${allOf(parts.residual)})::int4 AS found
    FROM (SELECT x.* FROM ${from} WHERE ${conditions} LIMIT ${bound}) e`);
  const { read, found } = row ?? { read: 0, found: 0 };
  return { count: Math.min(found, cap), exact: read < bound && found <= cap };
}
