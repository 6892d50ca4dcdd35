// How many bytes events have, measured without reading what is stored beside their rows.
import sql, { raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';

/** An event and how many bytes its summary, payload and description have, at most. */
export interface MeasuredEvent {
  readonly id: string;
  readonly bytes: number;
}

/** Postgres' own compression makes nothing smaller than one part in so many. */
const compression = raw('90');
/** More than a value of `limits.jsonBytes` takes as jsonb in all but odd cases. */
const mostBytes = raw('2000000');

/** Of what is stored compressed only an upper bound is known without reading it. */
function bytesOf(column: Sql): Sql {
  return sql`(CASE WHEN pg_column_compression(${column}) IS NULL THEN pg_column_size(${column})
    ELSE least(pg_column_size(${column}) * ${compression}, ${mostBytes}) END)`;
}

/** Of the event `e`, without reading what is stored beside its row. */
export const measuredBytes = sql`(${bytesOf(sql`e.payload`)} + ${bytesOf(sql`e.summary`)}
  + ${bytesOf(sql`e.description`)})::int4`;

export async function measureEvents(database: Queryable, ids: readonly string[]): Promise<MeasuredEvent[]> {
  return database.query(
    prepared(sql`SELECT e.id, ${measuredBytes} AS bytes FROM events e WHERE e.id = ANY(${ids}::uuid[])`),
  );
}
