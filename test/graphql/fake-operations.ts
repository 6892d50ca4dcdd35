// Operations and Watch without a database: they answer from given events and record every call.
import type { EventField, EventRecord, PartialEvent } from '../../src/domain/events/event.ts';
import type { Page } from '../../src/domain/events/page.ts';
import { createContext, type GraphQLContext } from '../../src/graphql/context.ts';
import type { EventChange, Watch } from '../../src/live/watch.ts';
import type { Operations } from '../../src/operations/operations.ts';

export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** An event with every field set, its id made of `n`. */
export function eventRecord(n: number, changes: Partial<EventRecord> = {}): EventRecord {
  const id = `0195f000-0000-7000-8000-${String(n).padStart(12, '0')}`;
  const at = new Date('2025-03-01T09:30:00Z');
  return {
    id,
    position: BigInt(n),
    hash: null,
    topic: `topic.${n}`,
    eventType: 'events.NormalType',
    sender: null,
    senderType: null,
    project: null,
    user: null,
    requestId: 'request',
    nodeId: id,
    dependsOnId: null,
    status: 'FINISHED',
    retries: 0,
    priority: 0,
    description: '',
    summary: {},
    payload: { n },
    result: null,
    error: null,
    createdAt: at,
    updatedAt: at,
    startedAt: null,
    finishedAt: at,
    ...changes,
  };
}

/** Only the id and the fields named, as the store would read it. */
export function pick(event: EventRecord, fields: readonly EventField[]): PartialEvent {
  return Object.fromEntries(
    ['id' as const, ...fields].map((field) => [field, event[field]]),
  ) as unknown as PartialEvent;
}

export function pageOf(events: readonly PartialEvent[]): Page<PartialEvent> {
  const rows = events.map((row) => ({ cursor: `c${row.id}`, row }));
  return {
    rows,
    hasNextPage: false,
    hasPreviousPage: false,
    startCursor: null,
    endCursor: null,
    isCut: false,
  };
}

/** The context of one execution, and the calls that it makes. */
export function fakeContext(
  events: readonly EventRecord[],
  changes: AsyncIterable<EventChange> = none,
  overrides: Partial<Operations> = {},
): GraphQLContext & { readonly calls: Call[] } {
  const calls: Call[] = [];
  const operations = recording({ ...answersFrom(events), ...overrides } as Operations, calls);
  const watch = recording<Watch>(
    { feed: async () => changes, status: async () => changes, progress: async () => none },
    calls,
  );
  const caller = { name: 'tester', keyId: null, scopes: ['admin'], rows: null, requestId: null };
  return { ...createContext({ caller, operations, watch }), calls };
}

const none = (async function* () {})() as AsyncIterable<never>;

function recording<T extends object>(target: T, calls: Call[]): T {
  return new Proxy(target, {
    get: (methods, name) => {
      const method = methods[name as keyof T];
      if (typeof method !== 'function') throw new Error(`the fake has no ${String(name)}`);
      return (...args: unknown[]) => {
        calls.push({ name: String(name), args });
        return method(...args);
      };
    },
  });
}

function answersFrom(events: readonly EventRecord[]): Partial<Operations> {
  const byId = new Map(events.map((event) => [event.id, event]));
  const found = (ids: readonly string[]) => ids.flatMap((id) => byId.get(id) ?? []);
  const childrenOf = (id: string) => events.filter(({ dependsOnId }) => dependsOnId === id);
  return {
    eventsByIds: async (ids, fields) => new Map(found(ids).map((event) => [event.id, pick(event, fields)])),
    listEvents: async (_filter, _order, _page, fields) => pageOf(events.map((event) => pick(event, fields))),
    countEvents: async () => ({ count: events.length, exact: true }),
    eventLog: async (_query, fields) => events.map((event) => pick(event, fields)),
    countEventLog: async () => ({ count: events.length, exact: true }),
    dependentsOf: async (ids, _page, fields) =>
      new Map(ids.map((id) => [id, pageOf(childrenOf(id).map((event) => pick(event, fields)))])),
    countDependents: async (ids) =>
      new Map(ids.map((id) => [id, { count: childrenOf(id).length, exact: true }])),
    historiesOf: async (ids) => new Map(ids.map((id) => [id, []])),
    progressOf: () => 50,
    subscription: async () => null,
    trigger: async () => null,
    consumer: async () => null,
    retentionRule: async () => null,
    key: async () => null,
  };
}
