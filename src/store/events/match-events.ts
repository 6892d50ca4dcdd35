// Events by their ids: those of them that a filter selects, and as many at once as fit into memory.
import sql, { empty } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { type EventField, isJsonField, type PartialEvent } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import { jsonBytesOf } from './answer-bytes.ts';
import { selectEvent } from './event-columns.ts';
import { allOf, undrivenConditions } from './filter-sql.ts';
import { measureEvents } from './measured-bytes.ts';
import { readByIds } from './read-events.ts';

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
