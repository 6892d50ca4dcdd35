// Queries for events: one, a page, the chain of a request, the descendants of a node.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { isTopicWithin, type RowScope } from '../../domain/access/row-scope.ts';
import { groupBy } from '../../base/group-by.ts';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { chainFields, summarizeChain } from '../../domain/events/chain.ts';
import type { EventField, PartialEvent, StatusChange } from '../../domain/events/event.ts';
import { checkFilter, type EventFilter, filterWithin } from '../../domain/conditions/event-filter.ts';
import { type CheckedFilter, matchesNothing } from '../../domain/conditions/checked-filter.ts';
import {
  checkPage,
  cursorOf,
  type OrderKey,
  type Page,
  type PageArguments,
  type PageRequest,
} from '../../domain/events/page.ts';
import { checkId, optionalName } from '../../domain/events/send.ts';
import { statusesOf } from '../../domain/events/status.ts';
import { checkTopic, isExactTopic } from '../../domain/events/topic.ts';
import { checkWithin } from '../../domain/values/whole-number.ts';
import type { BoundedRows } from '../../store/events/answer-bytes.ts';
import { countEvents, findEvents, type ListedRows } from '../../store/events/find-events.ts';
import { matchingTopics } from '../../store/events/matching-topics.ts';
import { readSendTimes } from '../../store/events/scheduled-events.ts';
import { type Lease, readLeases } from '../../store/jobs/leases.ts';
import * as read from '../../store/events/read-events.ts';
import { lastPosition, readHistories } from '../../store/events/read-log.ts';
import { countMatching, findMatching } from './find-matching.ts';
import { readLarge } from './large-reads.ts';
import { gatherReads } from './batched-reads.ts';
import type { Asker } from '../callers.ts';
import type { Chain, Count, EventLogQuery, EventOrder, Operations } from '../operations.ts';

type Fields = readonly EventField[];
type EventQueries = Pick<
  Operations,
  | 'eventsByIds'
  | 'eventByHash'
  | 'listEvents'
  | 'countEvents'
  | 'eventLog'
  | 'countEventLog'
  | 'eventsOfRequest'
  | 'eventsBelowNode'
  | 'eventChain'
  | 'dependentsOf'
  | 'countDependents'
  | 'historiesOf'
  | 'leasesOf'
  | 'sendTimesOf'
  | 'position'
>;

/** Topics that a pattern is resolved to before it is tested row by row instead. */
const resolvedTopics = 1_000;

export function createEventQueries(database: Database): EventQueries {
  const readEvents = gatherReads(database);
  return {
    eventsByIds: async (ids, fields, rows = null) =>
      readEvents(
        ids.map((id) => checkId(id)),
        fields,
        rows,
      ),
    eventByHash: async (hash, fields, rows = null) =>
      read.readByHash(database, optionalName('hash', hash) ?? hash, fields, rows),
    listEvents: (filter, order, page, fields, caller = nobody) =>
      listEvents(database, { filter, order, page, fields, caller }),
    countEvents: async (filter, caller = nobody) =>
      countMatching(database, await resolve(database, filter, caller.rows), limits.countCap, caller.name),
    eventLog: (query, fields, caller = nobody) => eventLog(database, query, fields, caller),
    countEventLog: async (query, rows = null) => countEventLog(database, eventLogFilter(query, rows)),
    eventsOfRequest: (requestId, fields, caller = nobody) =>
      requestEvents(database, requestId, fields, caller),
    eventsBelowNode: (requestId, nodeId, fields, caller = nobody) =>
      eventsBelowNode(database, { requestId, nodeId }, fields, caller),
    eventChain: (requestId, fields, caller = nobody) => eventChain(database, requestId, fields, caller),
    dependentsOf: (parentIds, page, fields, caller = nobody) =>
      dependentsOf(database, { parentIds, page }, fields, caller),
    countDependents: (parentIds, rows = null) => countDependents(database, parentIds, rows),
    historiesOf: (ids, rows = null) => historiesOf(database, ids, rows),
    leasesOf: (ids, rows = null) => leasesOf(database, ids, rows),
    sendTimesOf: (ids, rows = null) => readSendTimes(database, ids, rows),
    position: () => lastPosition(database),
  };
}

const nobody: Asker = { name: '', rows: null };

interface Listing {
  readonly filter: EventFilter | null;
  readonly order: EventOrder;
  readonly page: PageArguments;
  readonly fields: Fields;
  readonly caller: Asker;
}

async function listEvents(
  database: Database,
  { filter, order, page: args, fields, caller }: Listing,
): Promise<Page<PartialEvent>> {
  const page = checkPage(args, order.by);
  const checked = await resolve(database, filter, caller.rows);
  if (matchesNothing(checked)) return toPage({ rows: [], gaveUpAt: null, isCut: false }, page, order.by);
  const found = await findMatching(
    database,
    {
      filter: checked,
      by: order.by,
      direction: page.backwards ? opposite(order.direction) : order.direction,
      after: page.backwards ? page.before : page.after,
      before: page.backwards ? page.after : page.before,
      limit: page.size + 1,
      fields,
      bound: { maxBytes: limits.pageBytes, isWhole: args.isWhole ?? false },
    },
    caller.name,
  );
  return toPage(found, page, order.by);
}

function opposite(direction: EventOrder['direction']): EventOrder['direction'] {
  return direction === 'ASC' ? 'DESC' : 'ASC';
}

/** `rows` are in reading order, with one more than the page if there is a next page. */
function toPage({ rows, gaveUpAt, isCut }: ListedRows, page: PageRequest, by: OrderKey): Page<PartialEvent> {
  const kept = rows.slice(0, page.size);
  const more = rows.length > page.size || gaveUpAt !== null;
  const ordered = page.backwards ? kept.toReversed() : kept;
  const edges = ordered.map(({ event, place }) => ({ cursor: cursorOf(by, place), row: event }));
  // A search that stopped at the scan limit continues from there, which may not be a matching row.
  const far = gaveUpAt !== null && rows.length <= page.size ? cursorOf(by, gaveUpAt) : undefined;
  return {
    rows: edges,
    hasNextPage: page.backwards ? page.before !== null : more,
    hasPreviousPage: page.backwards ? more : page.after !== null,
    startCursor: (page.backwards ? far : undefined) ?? edges[0]?.cursor ?? null,
    endCursor: (page.backwards ? undefined : far) ?? edges.at(-1)?.cursor ?? null,
    isCut,
  };
}

async function resolve(
  database: Database,
  filter: EventFilter | null,
  rows: RowScope | null,
): Promise<CheckedFilter> {
  return resolveTopics(database, filterWithin(checkFilter(filter), rows), resolvedTopics);
}

/** The filter, its topic patterns resolved to the topics that exist if these are fewer than `most`: an index serves them. */
export async function resolveTopics(
  database: Database,
  filter: CheckedFilter,
  most: number,
): Promise<CheckedFilter> {
  const { topics } = filter;
  if (topics === null || topics.every(isExactTopic) || filter.ids || filter.requestIds) return filter;
  const found = await Promise.all(topics.map((pattern) => matchingTopics(database, pattern, most)));
  if (found.some((list) => list === null)) return filter;
  const all = new Set(found.flatMap((list) => list ?? []));
  return { ...filter, topics: [...all].filter((topic) => isTopicWithin(filter.within, topic)) };
}

async function eventLog(
  database: Database,
  query: EventLogQuery,
  fields: Fields,
  { name, rows: within }: Asker,
): Promise<PartialEvent[]> {
  const { page, pageSize } = query;
  if (!Number.isInteger(page) || page < 1) throw badInput(`page is ${page}; pages begin at 1.`);
  checkWithin('pageSize', pageSize, 1, limits.pageSize);
  const filter = eventLogFilter(query, within);
  if (matchesNothing(filter)) return [];
  const listing = {
    filter,
    by: 'CREATED',
    direction: 'DESC',
    after: null,
    before: null,
    limit: pageSize,
    offset: (page - 1) * pageSize,
    fields,
  } as const;
  const { rows, isCut } = await readLarge(database, name, (maxBytes) =>
    findEvents(database, { ...listing, bound: { maxBytes, isWhole: true } }),
  );
  if (isCut)
    throw tooLarge('The page', 'ask for a smaller pageSize, or page through events(filter: {topics: …})');
  return rows.map(({ event }) => event);
}

async function countEventLog(database: Database, filter: CheckedFilter): Promise<Count> {
  return matchesNothing(filter) ? { count: 0, exact: true } : countEvents(database, filter, limits.countCap);
}

function eventLogFilter(
  { fullName, startTime, endTime, status }: EventLogQuery,
  rows: RowScope | null,
): CheckedFilter {
  if (startTime && endTime && startTime > endTime) throw badInput('startTime is later than endTime.');
  return {
    ...filterWithin(checkFilter({ topics: [checkTopic(fullName, 'fullName')] }), rows),
    statuses: status ? statusesOf(status) : null,
    createdFrom: startTime ?? null,
    createdUntil: endTime ?? null,
  };
}

async function eventsBelowNode(
  database: Database,
  node: read.NodeLocation,
  fields: Fields,
  { name, rows }: Asker,
): Promise<readonly PartialEvent[]> {
  optionalName('requestId', node.requestId);
  optionalName('nodeId', node.nodeId);
  const most = limits.chainEvents + 1;
  const readBelow = (maxBytes: number) =>
    read.readBelowNode(database, node, most, fields, { rows, bound: { maxBytes, isWhole: true } });
  return whole(await readLarge(database, name, readBelow));
}

async function requestEvents(
  database: Database,
  requestId: string,
  fields: Fields,
  { name, rows }: Asker,
): Promise<readonly PartialEvent[]> {
  optionalName('requestId', requestId);
  const most = limits.chainEvents + 1;
  const readAll = (maxBytes: number) =>
    read.readRequest(database, requestId, most, fields, { rows, bound: { maxBytes, isWhole: true } });
  return whole(await readLarge(database, name, readAll));
}

function whole({ rows, isCut }: BoundedRows<PartialEvent>): readonly PartialEvent[] {
  if (isCut) throw tooLarge('The request', 'page through its events with events(filter: {requestIds: …})');
  if (rows.length <= limits.chainEvents) return rows;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The request has more than ${limits.chainEvents} events; page through them with events(filter: {requestIds: …}).`,
  );
}

/** Where there is no cursor to go on from. */
function tooLarge(what: string, remedy: string): ThroughlineError {
  return new ThroughlineError(
    'LIMIT_EXCEEDED',
    `${what} has more than ${limits.pageBytes} bytes of JSON in the fields asked for; ${remedy}.`,
  );
}

async function eventChain(
  database: Database,
  requestId: string,
  fields: Fields,
  caller: Asker,
): Promise<Chain | null> {
  const events = await requestEvents(database, requestId, [...fields, ...chainFields], caller);
  if (events.length === 0) return null;
  const summary = summarizeChain(events as Parameters<typeof summarizeChain>[0]);
  return { requestId, events, ...summary };
}

async function dependentsOf(
  database: Database,
  { parentIds, page: args }: { readonly parentIds: readonly string[]; readonly page: PageArguments },
  fields: Fields,
  { name, rows: within }: Asker,
): Promise<Map<string, Page<PartialEvent>>> {
  const page = checkPage(args, 'CREATED');
  if (parentIds.length * page.size > limits.dependentRows) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `dependents asks for ${page.size} each of ${parentIds.length} events; at most ${limits.dependentRows} in all are allowed.`,
    );
  }
  const isWhole = parentIds.length > 1;
  const { rows, isCut } = await readLarge(database, name, (maxBytes) =>
    read.readDependents(database, parentIds, page, fields, { rows: within, bound: { maxBytes, isWhole } }),
  );
  if (isCut && isWhole)
    throw tooLarge('dependents', 'ask for fewer of each, or of one event at a time: its pages end in time');
  const byParent = groupBy(rows, (row) => row.parent);
  return new Map(
    parentIds.map((id) => {
      const own = byParent.get(id) ?? [];
      const gaveUpAt = isCut ? (own.at(-1)?.place ?? null) : null;
      return [id, toPage({ rows: own, gaveUpAt, isCut }, page, 'CREATED')];
    }),
  );
}

async function countDependents(
  database: Database,
  parentIds: readonly string[],
  within: RowScope | null,
): Promise<Map<string, Count>> {
  const rows = await read.countDependents(database, parentIds, limits.countCap, within);
  return new Map(
    rows.map(({ parent, count }) => [
      parent,
      { count: Math.min(count, limits.countCap), exact: count <= limits.countCap },
    ]),
  );
}

/** Without the keys that hold them. */
async function leasesOf(
  database: Database,
  ids: readonly string[],
  rows: RowScope | null,
): Promise<Map<string, Lease>> {
  const leases = await readLeases(database, ids, rows);
  return new Map([...leases].map(([id, { worker, attempt, until }]) => [id, { worker, attempt, until }]));
}

async function historiesOf(
  database: Database,
  ids: readonly string[],
  within: RowScope | null,
): Promise<Map<string, StatusChange[]>> {
  const rows = await readHistories(database, ids, within);
  const byEvent = groupBy(rows, (row) => row.eventId);
  return new Map(ids.map((id) => [id, byEvent.get(id) ?? []]));
}
