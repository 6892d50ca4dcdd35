// How many bytes events have, measured without reading what is stored beside their rows.
import sql, { raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';

/** An event, and an upper bound of the size of its summary, payload and description in bytes. */
export interface MeasuredEvent {
  readonly id: string;
  readonly bytes: number;
}

/** The highest ratio of Postgres' compression. */
const compression = raw('90');
/** More than a value of `limits.jsonBytes` takes as jsonb in nearly all cases. */
const mostBytes = raw('2000000');

/** Of a compressed value only an upper bound is known without reading it. */
function bytesOf(column: Sql): Sql {
  return sql`(CASE WHEN pg_column_compression(${column}) IS NULL THEN pg_column_size(${column})
    ELSE least(pg_column_size(${column}) * ${compression}, ${mostBytes}) END)`;
}

/** The size of the event `e`, without reading values stored outside its row. */
export const measuredBytes = sql`(${bytesOf(sql`e.payload`)} + ${bytesOf(sql`e.summary`)}
  + ${bytesOf(sql`e.description`)})::int4`;

export async function measureEvents(database: Queryable, ids: readonly string[]): Promise<MeasuredEvent[]> {
  return database.query(
    prepared(sql`SELECT e.id, ${measuredBytes} AS bytes FROM events e WHERE e.id = ANY(${ids}::uuid[])`),
  );
}
