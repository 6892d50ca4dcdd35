// Resolvers against recorded operations: what they pass on, and how many calls a page of events takes.
import { type ExecutionResult, graphql, parse, subscribe } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import type { EventChange } from '../../src/live/watch.ts';
import type { Operations } from '../../src/operations/operations.ts';
import { eventRecord, fakeContext, pick } from './fake-operations.ts';

const parents = Array.from({ length: 50 }, (_, n) => eventRecord(n));
const children = parents.map((parent, n) => eventRecord(100 + n, { dependsOnId: parent.id }));
const family = [...parents, ...children];

async function run(
  source: string,
  context: ReturnType<typeof fakeContext>,
  variableValues: Record<string, unknown> = {},
) {
  const result: ExecutionResult = await graphql({ schema, source, contextValue: context, variableValues });
  expect(result.errors).toBeUndefined();
  return result.data as Record<string, any>;
}

describe('a page of events', () => {
  test('with parents, children, history and counts takes one call of each kind', async () => {
    const context = fakeContext(family);
    const data = await run(
      `{ events { totalCount totalIsExact nodes { id dependsOn { topic } history { to } progress
          dependents(first: 5) { totalCount nodes { topic dependsOn { topic user } } } } } }`,
      context,
    );
    expect(data.events.nodes[50].dependsOn.topic).toBe('topic.0');
    expect(data.events.nodes[0].dependents).toEqual({
      totalCount: 1,
      nodes: [{ topic: 'topic.100', dependsOn: { topic: 'topic.0', user: null } }],
    });
    const counted = context.calls.map(({ name }) => name).filter((name) => name !== 'progressOf');
    expect(counted.sort()).toEqual([
      'countDependents',
      'countEvents',
      'dependentsOf',
      'eventsByIds',
      'eventsByIds',
      'historiesOf',
      'listEvents',
    ]);
    const [ids, page, fields] = context.calls.find(({ name }) => name === 'dependentsOf')?.args ?? [];
    expect(ids).toEqual(family.map(({ id }) => id));
    expect(page).toEqual({ first: 5 });
    expect(fields).toEqual(['dependsOnId', 'topic']);
  });

  test('asks for each parent once, with the union of what was selected of it', async () => {
    const context = fakeContext(family);
    await run('{ events { nodes { a: dependsOn { topic } b: dependsOn { user } } } }', context);
    const reads = context.calls.filter(({ name }) => name === 'eventsByIds');
    expect(reads.map(({ args }) => args)).toEqual([[parents.map(({ id }) => id), ['topic', 'user'], null]]);
  });

  test('calls dependentsOf once for each set of arguments', async () => {
    const context = fakeContext(family);
    await run(
      '{ events { nodes { a: dependents(first: 1) { nodes { id } } b: dependents(first: 2) { nodes { id } } } } }',
      context,
    );
    const pages = context.calls.filter(({ name }) => name === 'dependentsOf').map(({ args }) => args[1]);
    expect(pages).toEqual([{ first: 1 }, { first: 2 }]);
  });

  test('passes filter, order and page on, with defaults', async () => {
    const context = fakeContext([]);
    await run('{ events { nodes { id } } }', context);
    await run(
      '{ events(filter: {topics: ["a.*"], hasDependents: true}, last: 3, before: "c", orderBy: {by: UPDATED}) { nodes { id } } }',
      context,
    );
    const asked = context.calls.map(({ args }) => args);
    expect(asked.map((args) => args[4])).toEqual([context.caller, context.caller]);
    expect(asked.map((args) => JSON.parse(JSON.stringify(args.slice(0, 4))))).toEqual([
      [null, { by: 'CREATED', direction: 'DESC' }, {}, []],
      [
        { topics: ['a.*'], hasDependents: true },
        { by: 'UPDATED', direction: 'DESC' },
        { last: 3, before: 'c' },
        [],
      ],
    ]);
  });

  test('loads in one call what the page did not bring', async () => {
    const context = fakeContext(family, undefined, {
      eventLog: async () => parents.map(({ id }) => ({ id })),
    });
    const data = await run('{ eventLog(fullName: "a") { rowDatas { topic payload } } }', context);
    expect(data.eventLog.rowDatas[7]).toEqual({ topic: 'topic.7', payload: { n: 7 } });
    expect(context.calls.map(({ name }) => name)).toEqual(['eventLog', 'eventsByIds']);
    expect(context.calls[1]?.args[1]).toEqual(['payload', 'topic']);
  });
});

describe('an id', () => {
  test('that is no UUID is refused, one that nothing has gives null', async () => {
    const context = fakeContext([]);
    const unknown = eventRecord(9).id;
    const result = await graphql({ schema, source: '{ event(id: "7") { id } }', contextValue: context });
    expect(result.errors?.[0]?.originalError).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(await run(`{ event(id: "${unknown}") { id } node(id: "${unknown}") { id } }`, context)).toEqual({
      event: null,
      node: null,
    });
    expect(context.calls.filter(({ name }) => name === 'eventsByIds')).toHaveLength(1);
  });
});

describe('a mutation', () => {
  const updated = async () => eventRecord(1);

  test('passes its input on as given: an absent result is absent, a null one null', async () => {
    const context = fakeContext([], undefined, { updateEvent: updated });
    const source =
      'mutation ($i: UpdateEventInput!, $r: JSON) { a: updateEvent(input: $i) { id } b: updateEvent(input: {id: "1", result: $r}) { id } }';
    await run(source, context, { i: { id: '1', result: null } });
    expect(context.calls.map(({ args }) => ({ ...(args[1] as object) }))).toEqual([
      { id: '1', result: null },
      { id: '1' },
    ]);
    expect(context.calls[0]?.args[0]).toMatchObject({ name: 'tester' });
  });

  test('lets a later field read anew what an earlier one has read', async () => {
    const child = eventRecord(2, { dependsOnId: eventRecord(1).id });
    const context = fakeContext([eventRecord(1)], undefined, { updateEvent: async () => child });
    await run(
      'mutation { a: updateEvent(input: {id: "2"}) { dependsOn { status } } b: updateEvent(input: {id: "2"}) { dependsOn { status } } }',
      context,
    );
    expect(context.calls.map(({ name }) => name)).toEqual([
      'updateEvent',
      'eventsByIds',
      'updateEvent',
      'eventsByIds',
    ]);
  });

  test('sends with the defaults that the schema states', async () => {
    const context = fakeContext([], undefined, {
      sendEvent: async () => ({ event: eventRecord(1), duplicate: false, executions: [] }),
    });
    await run(
      'mutation { sendEvent(input: {topic: "a", payload: {n: 12345678901234567890}}) { duplicate event { position } } }',
      context,
    );
    expect(context.calls[0]?.args[1]).toMatchObject({
      topic: 'a',
      eventType: 'events.NormalType',
      onDuplicate: 'RETURN',
      description: '',
      finished: true,
      store: true,
      payload: { n: { text: '12345678901234567890' } },
    });
  });

  test('of many gives null and an error for each item that failed', async () => {
    const errors = [{ index: 1, code: 'NOT_FOUND' as const, message: 'gone', details: { eventId: '2' } }];
    const context = fakeContext([], undefined, {
      updateEvents: async () => ({ events: [eventRecord(1), null], errors }),
    });
    const data = await run(
      'mutation { updateEvents(input: [{id: "1"}, {id: "2"}]) { events { topic } errors { index code message extensions } } }',
      context,
    );
    const told = errors.map(({ details, ...error }) => ({ ...error, extensions: details }));
    expect(data.updateEvents).toEqual({ events: [{ topic: 'topic.1' }, null], errors: told });
  });
});

describe('a subscription', () => {
  const event = eventRecord(1);
  const change = (given: Partial<EventChange>): EventChange => ({
    position: 1n,
    kind: 'STATUS',
    status: 'FAILED',
    at: event.createdAt,
    event: { id: event.id },
    ...given,
  });

  async function open(
    source: string,
    changes: AsyncIterable<EventChange>,
    overrides: Partial<Operations> = {},
  ) {
    const context = fakeContext([event], changes, overrides);
    const stream = await subscribe({ schema, document: parse(source), contextValue: context });
    if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream));
    return { context, stream };
  }

  test('reads each item anew', async () => {
    const changes = (async function* () {
      yield change({});
      yield change({ position: 2n });
    })();
    let reads = 0;
    const overrides: Partial<Operations> = {
      eventsByIds: async (ids, fields) => {
        reads += 1;
        return new Map(ids.map((id) => [id, pick({ ...event, topic: `read.${reads}` }, fields)]));
      },
    };
    const { context, stream } = await open(
      'subscription { eventFeed(after: "0") { position event { topic user } } }',
      changes,
      overrides,
    );
    const seen: unknown[] = [];
    for await (const { data } of stream) seen.push(data);
    expect(JSON.parse(JSON.stringify(seen))).toEqual([
      { eventFeed: { position: '1', event: { topic: 'read.1', user: null } } },
      { eventFeed: { position: '2', event: { topic: 'read.2', user: null } } },
    ]);
    expect(context.calls[0]).toMatchObject({ name: 'feed', args: [{ after: '0' }] });
  });

  test('ends its source when it is ended, even while that waits', async () => {
    let ended = 0;
    const waiting: AsyncIterable<EventChange> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          ended += 1;
          return { done: true, value: undefined };
        },
      }),
    };
    const { stream } = await open('subscription { eventStatus(requestId: "r") { kind } }', waiting);
    void stream.next();
    await stream.return(undefined);
    expect(ended).toBe(1);
  });

  test('shows of a deleted event what the change holds, and nothing or empty for the rest', async () => {
    const gone = {
      id: eventRecord(7).id,
      topic: 'a',
      requestId: 'r',
      nodeId: 'n',
      status: 'FAILED' as const,
      project: 'p',
    };
    const changes = (async function* () {
      yield change({ kind: 'DELETED', event: gone });
    })();
    const { stream } = await open(
      `subscription { eventFeed { kind event { topic project requestId logStatus user payload retries description createdAt
        dependsOn { id } history { to } dependents { nodes { id } } } } }`,
      changes,
    );
    const { value } = await stream.next();
    expect(value?.errors).toBeUndefined();
    expect(value?.data?.eventFeed).toMatchObject({
      kind: 'DELETED',
      event: {
        topic: 'a',
        project: 'p',
        requestId: 'r',
        logStatus: 'FAIL',
        user: null,
        payload: {},
        retries: 0,
        description: '',
        dependsOn: null,
      },
    });
    expect(JSON.stringify(value?.data)).toContain('"createdAt":"2025-');
  });
});
