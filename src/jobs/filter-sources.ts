// The tests of a consumer's filter that SQL cannot decide, made in process on sources and queued events.
import type { Database } from '../database/database.ts';
import { celFields, filterRows } from '../domain/cel/filter-rows.ts';
import { costlyConditions } from '../domain/conditions/costly-filter.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { PartialEvent } from '../domain/events/event.ts';
import { type Filterable, testFilter } from '../domain/conditions/checked-filter.ts';
import { filterFields } from '../store/events/event-columns.ts';
import { readInParts } from '../store/events/match-events.ts';

/** Returns the items whose event passes the definition's tests; `eventOf` is called only if there are such tests. */
export async function filterItems<Item>(
  database: Database,
  { where, conditions }: ConsumerDefinition,
  items: readonly Item[],
  eventOf: (item: Item) => string,
): Promise<readonly Item[]> {
  const { inProcess } = costlyConditions(conditions);
  if (where === null && inProcess === null) return items;
  const filter = { test: (event: Filterable) => testFilter({ conditions: inProcess, where }, event) };
  const subjectOf = (event: PartialEvent) => event as Filterable;
  const fields = inProcess === null ? celFields : filterFields;
  const wanted = new Set<string>();
  for await (const rows of readInParts(database, items.map(eventOf), fields)) {
    const { kept } = await filterRows({ filter, rows, subjectOf, caller: 'jobs' });
    for (const { id } of kept) wanted.add(id);
  }
  return items.filter((item) => wanted.has(eventOf(item)));
}
