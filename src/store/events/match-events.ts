// Events by their ids: those of them that a filter selects, and as many at once as fit into memory.
import sql, { raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { type EventField, isJsonField, type PartialEvent } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import { type BoundedRows, isCut, jsonBytesOf, withinBytes } from './answer-bytes.ts';
import { selectEvent } from './event-columns.ts';
import { allOf, undrivenConditions } from './filter-sql.ts';
import { measureEvents } from './measured-bytes.ts';
import { readByIds } from './read-events.ts';

export interface Matching {
  readonly filter: CheckedFilter;
  /** What is read of each event. */
  readonly fields: readonly EventField[];
  /** Those of them that are answered; their size comes with the event. */
  readonly answered: readonly EventField[];
  /** JSON at which the statement ends early if any is answered, in bytes; the last event may go beyond. */
  readonly maxBytes: number;
}

/** Those of `ids` that the filter selects, but for its CEL, in the order of `ids`. */
export async function readMatching(
  database: Queryable,
  ids: readonly string[],
  { filter, fields, answered, maxBytes }: Matching,
): Promise<BoundedRows<PartialEvent>> {
  const matching = (
    columns: Sql,
  ) => sql`SELECT ${columns} FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS i(id, n)
      CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e
    WHERE ${allOf(undrivenConditions(filter))}`;
  if (!answered.some(isJsonField)) {
    const rows = await database.query<PartialEvent>(sql`${matching(selectEvent(fields))} ORDER BY i.n`);
    return { rows, isCut: false };
  }
  // The filter has been decided for all rows before their sizes are added up.
  const all = sql`SELECT * FROM (${matching(raw('e.*, i.n'))}) e`;
  const json = [...new Set(fields.filter(isJsonField))];
  const rows = await database.query<PartialEvent & { found: number }>(
    sql`SELECT ${selectEvent(fields)}, e.found, (${jsonBytesOf(answered)})::float8 AS "jsonBytes"
      FROM (${withinBytes(all, raw('e.n'), json, { maxBytes })}) e ORDER BY e.n`,
  );
  return { rows, isCut: isCut(rows) };
}

/** Events read without measuring; otherwise, the bytes and events read at once. */
const unmeasured = 4;
const part = { bytes: 8_000_000, events: 100 };

/**
 * The events with these ids, in any order, in batches that fit into memory: each may have a payload of a megabyte.
 */
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
