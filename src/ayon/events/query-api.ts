// AYON's routes for many events: the query, and operations on all that a filter selects.
import { limits } from '../../base/limits.ts';
import type { EventFilter } from '../../domain/conditions/event-filter.ts';
import type { PartialEvent } from '../../domain/events/event.ts';
import { AyonRefusal, badRequest } from '../answers.ts';
import { readBodyAs } from '../bodies.ts';
import { conditionsOf } from '../filters.ts';
import type { AyonRequest } from '../request.ts';
import { answeredFields, queriedEventBody } from './event-body.ts';

const defaultLimit = 100;

export async function queryEvents(request: AyonRequest, text: string): Promise<readonly object[]> {
  const { filter, limit = defaultLimit, offset = 0 } = readBodyAs('query', text);
  const conditions = conditionsOf(filter);
  const given: EventFilter | null = conditions && { conditions };
  const after = offset === 0 ? null : await cursorBehind(request, given, offset);
  if (after === undefined) return [];
  const events: object[] = [];
  let bytes = 0;
  for await (const event of newestFirst(request, given, after, limit)) {
    bytes += event.jsonBytes ?? 0;
    if (bytes > limits.operationBytes) throw tooMuch();
    events.push(queriedEventBody(event));
  }
  return events;
}

function tooMuch(): AyonRefusal {
  return new AyonRefusal(413, `The events have more than ${limits.operationBytes} bytes; ask for fewer.`);
}

/** Page by page, since a page may end early. */
async function* newestFirst(
  { caller, operations }: AyonRequest,
  filter: EventFilter | null,
  start: string | null,
  limit: number,
): AsyncGenerator<PartialEvent> {
  let after = start;
  for (let missing = limit; missing > 0;) {
    const first = Math.min(missing, limits.pageSize);
    const order = { by: 'CREATED', direction: 'DESC' } as const;
    const page = await operations.listEvents(filter, order, { first, after }, answeredFields, caller);
    for (const { row } of page.rows) yield row;
    missing -= page.rows.length;
    if (!page.hasNextPage || page.endCursor === null) return;
    after = page.endCursor;
  }
}

/** The cursor behind the first `count` events; undefined if there are not so many. */
async function cursorBehind(
  { caller, operations }: AyonRequest,
  filter: EventFilter | null,
  count: number,
): Promise<string | undefined> {
  let after: string | null = null;
  for (let missing = count; missing > 0;) {
    const first = Math.min(missing, limits.pageSize);
    const order = { by: 'CREATED', direction: 'DESC' } as const;
    const page = await operations.listEvents(filter, order, { first, after }, [], caller);
    missing -= page.rows.length;
    if (!page.hasNextPage && missing > 0) return undefined;
    if (page.endCursor === null) return undefined;
    after = page.endCursor;
  }
  return after ?? undefined;
}

export async function operateOnEvents({ caller, operations }: AyonRequest, text: string): Promise<null> {
  const { type, filter } = readBodyAs('eventops', text);
  const conditions = conditionsOf(filter);
  if (conditions === null)
    throw badRequest('The filter has no conditions, and would select every event: give one at least.');
  if (type === 'delete') await operations.deleteEvents(caller, { conditions }, false);
  else if (type === 'restart') await operations.restartEvents(caller, { conditions }, false);
  else await operations.abortEvents(caller, { conditions }, false);
  return null;
}
