// Pages of events for filters in CEL: what SQL can decide is decided there, the rest is tested here, row by row.
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { celFields, sift } from '../domain/cel/sift.ts';
import type { CelSubject } from '../domain/cel/subject.ts';
import type { EventField } from '../domain/event.ts';
import type { CheckedFilter } from '../domain/event-filter.ts';
import {
  countEvents,
  findEvents,
  type ListedRow,
  type ListedRows,
  type ListQuery,
} from '../store/find-events.ts';
import type { Count } from './operations.ts';

/** Rows that are read in one statement: each may have a payload of a megabyte. */
const batch = 200;
/** How long the tests for one page may take, in milliseconds. */
const testMs = 1_000;

/** As findEvents; a page that finds little in much gives up and tells where to go on. */
export async function findMatching(database: Database, query: ListQuery): Promise<ListedRows> {
  const { where } = query.filter;
  if (where === null) return findEvents(database, query);
  const fields: EventField[] = [...new Set<EventField>([...query.fields, ...celFields])];
  const rows: ListedRow[] = [];
  const deadline = performance.now() + testMs;
  let { after } = query;
  let bytes = 0;
  for (let left = limits.celRows; ;) {
    const limit = Math.min(batch, left);
    const found = await findEvents(database, { ...query, after, limit, fields });
    const withinMs = Math.max(0, deadline - performance.now());
    const { kept, tested } = await sift(where, found.rows, subjectOf, withinMs);
    for (const row of kept) {
      rows.push(row);
      bytes += row.event.jsonBytes ?? 0;
      if (rows.length >= query.limit) return { rows, gaveUpAt: null, isCut: false };
      if (bytes >= limits.pageBytes) return { rows, gaveUpAt: row.place, isCut: true };
    }
    const isCut = tested < found.rows.length;
    const place = isCut ? found.rows[tested - 1]!.place : (found.gaveUpAt ?? lastOf(found, limit));
    left -= tested;
    const hasGivenUp = isCut || (found.gaveUpAt !== null && !found.isCut) || left <= 0;
    if (place === null || hasGivenUp) return { rows, gaveUpAt: place, isCut: false };
    after = place;
  }
}

/** The place from which there may be more. */
function lastOf({ rows }: ListedRows, limit: number): ListedRow['place'] | null {
  return rows.length === limit ? (rows.at(-1)?.place ?? null) : null;
}

function subjectOf({ event }: ListedRow): CelSubject {
  return event as CelSubject;
}

/** How many match, up to `ceiling`; `exact` is false where it gave up. */
export async function countMatching(
  database: Database,
  filter: CheckedFilter,
  ceiling: number,
): Promise<Count> {
  if (filter.where === null) return countEvents(database, filter, ceiling);
  const { rows, gaveUpAt } = await findMatching(database, {
    filter,
    by: 'CREATED',
    direction: 'DESC',
    after: null,
    before: null,
    limit: ceiling + 1,
    fields: [],
  });
  return { count: Math.min(rows.length, ceiling), exact: gaveUpAt === null && rows.length <= ceiling };
}
