// Which of some events a filter selects, and how much there is to be read of each for that.
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import { type EventField, isJsonField, type PartialEvent } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/event-filter.ts';
import { jsonBytesOf } from './answer-bytes.ts';
import { selectEvent } from './event-columns.ts';
import { allOf, undrivenConditions } from './filter-sql.ts';
import { readByIds } from './read-events.ts';

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

/**
 * Those of `ids` that the filter selects, but for its CEL, in the order of `ids`; with the size of the JSON fields that
 * are answered.
 */
export async function readMatching(
  database: Queryable,
  ids: readonly string[],
  filter: CheckedFilter,
  fields: readonly EventField[],
  answered: readonly EventField[],
): Promise<PartialEvent[]> {
  const size = answered.some(isJsonField) ? sql`, (${jsonBytesOf(answered)})::float8 AS "jsonBytes"` : empty;
  return database.query(sql`SELECT ${selectEvent(fields)} ${size}
    FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS i(id, n)
      CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e
    WHERE ${allOf(undrivenConditions(filter))} ORDER BY i.n`);
}

export async function measureEvents(database: Queryable, ids: readonly string[]): Promise<MeasuredEvent[]> {
  return database.query(
    prepared(sql`SELECT e.id, ${measuredBytes} AS bytes FROM events e WHERE e.id = ANY(${ids}::uuid[])`),
  );
}

/** Events that are read without being measured before, and how many bytes and events are read at once otherwise. */
const unmeasured = 4;
const part = { bytes: 8_000_000, events: 100 };

/** The events of these ids, in no order, as many at once as fit into memory well: each may have a payload of a megabyte. */
export async function* readInParts(
  database: Queryable,
  ids: readonly string[],
  fields: readonly EventField[],
): AsyncGenerator<readonly PartialEvent[]> {
  if (ids.length === 0) return;
  if (ids.length <= unmeasured) return yield await readByIds(database, ids, fields);
  let some: string[] = [];
  let bytes = 0;
  for (const event of await measureEvents(database, ids)) {
    if (some.length > 0 && (bytes + event.bytes > part.bytes || some.length === part.events)) {
      yield await readByIds(database, some, fields);
      [some, bytes] = [[], 0];
    }
    some.push(event.id);
    bytes += event.bytes;
  }
  if (some.length > 0) yield await readByIds(database, some, fields);
}
