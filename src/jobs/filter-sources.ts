// The tests of a consumer's filter that SQL cannot decide, made in process on sources and queued events.
import type { Database } from '../database/database.ts';
import { celFields, filterRows } from '../domain/cel/filter-rows.ts';
import { costlyConditions } from '../domain/conditions/costly-filter.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { PartialEvent } from '../domain/events/event.ts';
import { type Filterable, testFilter } from '../domain/conditions/checked-filter.ts';
import { filterFields } from '../store/events/event-columns.ts';
import { readInParts } from '../store/events/match-events.ts';

/** Whose share of the time for tests is used, and how much of it, in milliseconds. The first event is always tested. */
export interface TestTime {
  readonly caller: string;
  readonly withinMs: number;
}

const untilDone: TestTime = { caller: 'jobs', withinMs: Infinity };

/** Whether the definition has tests that are made in process. */
export function hasTests({ where, conditions }: ConsumerDefinition): boolean {
  return where !== null || costlyConditions(conditions).inProcess !== null;
}

/** Returns the items whose event passes the definition's tests; `eventOf` is called only if there are such tests. */
export async function filterItems<Item>(
  database: Database,
  definition: ConsumerDefinition,
  items: readonly Item[],
  eventOf: (item: Item) => string,
): Promise<readonly Item[]> {
  return (await testItems(database, definition, items, eventOf, untilDone)).kept;
}

/** The same within a time. `isWhole`: all items were tested. */
export async function testItems<Item>(
  database: Database,
  definition: ConsumerDefinition,
  items: readonly Item[],
  eventOf: (item: Item) => string,
  { caller, withinMs }: TestTime,
): Promise<{ readonly kept: readonly Item[]; readonly isWhole: boolean }> {
  if (!hasTests(definition)) return { kept: items, isWhole: true };
  const { where, conditions } = definition;
  const { inProcess } = costlyConditions(conditions);
  const filter = { test: (event: Filterable) => testFilter({ conditions: inProcess, where }, event) };
  const subjectOf = (event: PartialEvent) => event as Filterable;
  const fields = inProcess === null ? celFields : filterFields;
  const wanted = new Set<string>();
  let left = withinMs;
  let isWhole = true;
  for await (const rows of readInParts(database, items.map(eventOf), fields)) {
    if (left <= 0) {
      isWhole = false;
      break;
    }
    const { kept, tested, spentMs } = await filterRows({ filter, rows, subjectOf, caller, withinMs: left });
    for (const { id } of kept) wanted.add(id);
    if (tested < rows.length) isWhole = false;
    left -= spentMs;
  }
  return { kept: items.filter((item) => wanted.has(eventOf(item))), isWhole };
}
