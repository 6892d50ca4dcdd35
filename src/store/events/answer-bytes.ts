// Bounds reads in bytes: determines the size of rows' JSON before reading it.
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import { type EventField, isJsonField, type PartialEvent } from '../../domain/events/event.ts';
import { selectEvent } from './event-columns.ts';

/** The size of a field's JSON. Events written before sizes were stored are measured. */
const sizes: Readonly<Partial<Record<EventField, string>>> = {
  summary: 'coalesce(e.summary_bytes, octet_length(e.summary::text))',
  payload: 'coalesce(e.payload_bytes, octet_length(e.payload::text))',
  result: 'coalesce(e.result_bytes, octet_length(e.result::text), 0)',
  error: 'coalesce(octet_length(e.error::text), 0)',
};

/** Columns that `withinBytes` adds to each row. */
export interface Measured {
  /** The number of available rows. */
  readonly found: number;
  /** The size of this row's JSON. */
  readonly jsonBytes: number;
}

/** Selects the columns of `Measured`. */
export const measuredColumns: Sql = raw('e.found, e.own_bytes AS "jsonBytes"');

/** How much JSON is read at once. */
export interface ByteBound {
  readonly maxBytes: number;
  /** Whether to stop early if not everything fits, since a part is of no use. */
  readonly isWhole?: boolean;
}

/**
 * The first rows `e` whose JSON fields total `maxBytes`: at least one, and the last may exceed it. Counts and
 * measures the rows without reading their JSON, which Postgres stores separately.
 */
export function withinBytes(
  rows: Sql,
  order: Sql,
  fields: readonly EventField[],
  { maxBytes, isWhole = false }: ByteBound,
): Sql {
  const own = jsonBytesOf(fields);
  const [allBytes, within] = isWhole
    ? [
        sql`, sum(e.own_bytes) OVER () AS all_bytes`,
        sql`e.all_bytes < ${maxBytes}::float8 OR e.bytes_so_far = e.own_bytes`,
      ]
    : [empty, sql`e.bytes_so_far - e.own_bytes < ${maxBytes}::float8`];
  return sql`SELECT * FROM (
      SELECT e.*, count(*) OVER ()::int4 AS found,
        sum(e.own_bytes) OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) AS bytes_so_far ${allBytes}
      FROM (SELECT e.*, (CASE WHEN e.id IS NULL THEN 0 ELSE ${own} END)::float8 AS own_bytes FROM (${rows}) e) e) e
    WHERE ${within}`;
}

/** The size of the JSON fields of a row `e`; at least one field must be given. */
export function jsonBytesOf(fields: readonly EventField[]): Sql {
  return join(
    fields.flatMap((field) => sizes[field] ?? []).map((size) => raw(size)),
    ' + ',
  );
}

/** The JSON of an event `e` in bytes, without reading it; null for one written before sizes were kept. */
export const keptJsonBytes: Sql = raw(`(e.summary_bytes + e.payload_bytes
  + CASE WHEN e.result IS NULL THEN 0 ELSE e.result_bytes END + ${sizes.error})`);

/** The JSON of events in bytes, by their ids; that of events written before sizes were kept is measured. */
export async function readJsonBytes(
  database: Queryable,
  ids: readonly string[],
): Promise<Map<string, number>> {
  const bytes = jsonBytesOf(['summary', 'payload', 'result', 'error']);
  const rows = await database.query<{ id: string; bytes: number }>(
    prepared(sql`SELECT e.id, (${bytes})::float8 AS bytes FROM events e WHERE e.id = ANY(${ids}::uuid[])`),
  );
  return new Map(rows.map(({ id, bytes }) => [id, bytes]));
}

/** Whether rows were omitted. */
export function isCut(rows: readonly Partial<Measured>[]): boolean {
  return rows.length < (rows[0]?.found ?? 0);
}

export interface BoundedRows<Row> {
  readonly rows: Row[];
  readonly isCut: boolean;
}

/** The fields and the columns `more` of the rows `e` in order, within `bound`. */
export async function readWithinBytes<Row extends PartialEvent>(
  database: Queryable,
  rows: Sql,
  order: Sql,
  { fields, bound, more }: { fields: readonly EventField[]; bound: ByteBound; more?: Sql },
): Promise<BoundedRows<Row>> {
  const columns = more ? sql`${more}, ${selectEvent(fields)}` : selectEvent(fields);
  const statement = fields.some(isJsonField)
    ? sql`SELECT ${columns}, ${measuredColumns} FROM (${withinBytes(rows, order, fields, bound)}) e ORDER BY ${order}`
    : sql`SELECT ${columns} FROM (${rows}) e ORDER BY ${order}`;
  const found = await database.query<Row & Partial<Measured>>(prepared(statement));
  return { rows: found, isCut: isCut(found) };
}
