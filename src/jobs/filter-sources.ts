// What of sources only a test in process can tell, after SQL has decided what it can.
import type { Database } from '../database/database.ts';
import { celFields, filterRows } from '../domain/cel/filter-rows.ts';
import { costlyConditions } from '../domain/conditions/costly-filter.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { PartialEvent } from '../domain/events/event.ts';
import { type Filterable, testFilter } from '../domain/conditions/checked-filter.ts';
import { filterFields } from '../store/events/event-columns.ts';
import { readInParts } from '../store/events/match-events.ts';

/** Those whose source the way of asking wants; `sourceOf` is asked only where that has to be found out here. */
export async function filterSources<Item>(
  database: Database,
  { where, conditions }: ConsumerDefinition,
  items: readonly Item[],
  sourceOf: (item: Item) => string,
): Promise<readonly Item[]> {
  const { inProcess } = costlyConditions(conditions);
  if (where === null && inProcess === null) return items;
  const filter = { test: (event: Filterable) => testFilter({ conditions: inProcess, where }, event) };
  const subjectOf = (event: PartialEvent) => event as Filterable;
  const fields = inProcess === null ? celFields : filterFields;
  const wanted = new Set<string>();
  for await (const rows of readInParts(database, items.map(sourceOf), fields)) {
    const { kept } = await filterRows({ filter, rows, subjectOf, caller: 'jobs' });
    for (const { id } of kept) wanted.add(id);
  }
  return items.filter((item) => wanted.has(sourceOf(item)));
}
