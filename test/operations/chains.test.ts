// A request’s chain, what hangs below a node, and the event log of a topic.
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { type EventStatus, eventStatuses, type PartialEvent } from '../../src/domain/events/event.ts';
import type { EventLogQuery } from '../../src/operations/operations.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, refusalOf } from '../support/gateway.ts';
import { clear, idsOf, inOrder, type Row, write } from './dataset.ts';
import { reach } from './statuses.ts';

const unknownId = '0195f000-0000-7000-8000-000000000000';
const idsOfEvents = (events: readonly PartialEvent[]) => events.map(({ id }) => id);
const ended = new Set<EventStatus>(['FINISHED', 'FAILED', 'ABORTED']);

interface Node {
  readonly parent: number | null;
  readonly status: EventStatus;
  readonly elsewhere: boolean;
}

/** Trees over one request, with some nodes in another. */
const trees: fc.Arbitrary<Node[]> = fc.array(
  fc.record({
    parent: fc.option(fc.nat(6), { freq: 6 }),
    status: fc.constantFrom<EventStatus>('FINISHED', 'FAILED', 'ABORTED', 'PENDING'),
    elsewhere: fc.nat(9).map((n) => n === 0),
  }),
  { minLength: 1, maxLength: 25 },
);

describeDatabases('A chain', (backend) => {
  const gateway = composedOnce(backend);

  async function plant(nodes: readonly Node[]): Promise<{ requestId: string; rows: Row[] }> {
    const requestId = fresh('request');
    const plans = nodes.map(({ parent, status, elsewhere }) => ({
      ...{ topic: 'x', project: null, user: null, sender: null, description: '', status, parent, second: 0 },
      requestId: elsewhere ? `${requestId}-other` : requestId,
    }));
    const written = await write(gateway(), plans);
    return { requestId, rows: inOrder(written, 'CREATED', 'ASC') };
  }

  test('equals plain recursion over its events', async () => {
    await fc.assert(
      fc.asyncProperty(trees, async (nodes) => {
        const { requestId, rows } = await plant(nodes);
        const own = rows.filter((row) => row.requestId === requestId);
        const below = (node: Row): Row[] =>
          own
            .filter(({ dependsOnId }) => dependsOnId === node.id)
            .flatMap((child) => [child, ...below(child)]);
        for (const node of own.slice(0, 6)) {
          const found = idsOfEvents(await gateway().operations.eventsBelowNode(requestId, node.nodeId, []));
          expect(found).toEqual(idsOf(inOrder([node, ...below(node)], 'CREATED', 'ASC')));
        }
        expect(idsOfEvents(await gateway().operations.eventsOfRequest(requestId, []))).toEqual(idsOf(own));
        const chain = await gateway().operations.eventChain(requestId, []);
        if (own.length === 0) {
          expect(chain).toBeNull();
          return;
        }
        expect(idsOfEvents(chain!.events)).toEqual(idsOf(own));
        expect(idsOfEvents(chain!.roots)).toEqual(
          idsOf(own.filter(({ dependsOnId }) => !idsOf(own).includes(dependsOnId ?? ''))),
        );
        const failed = own.filter(({ status }) => status === 'FAILED');
        const leaves = failed.filter((row) => !below(row).some(({ status }) => status === 'FAILED'));
        expect(idsOfEvents(chain!.failedLeaves)).toEqual(idsOf(leaves));
        const counts = eventStatuses.map((status) => ({
          status,
          count: own.filter((row) => row.status === status).length,
        }));
        expect(chain!.countByStatus).toEqual(counts.filter(({ count }) => count > 0));
        expect(chain!.finishedAt === null).toBe(own.some(({ status }) => !ended.has(status)));
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  test('begins when its first event was sent, and ends when its last one did', async () => {
    const requestId = fresh('request');
    const root = await gateway().send({ requestId, finished: false });
    const child = await gateway().send({ dependsOn: root, finished: false });
    const chain = () => gateway().operations.eventChain(requestId, []);
    const { createdAt } = await gateway().read(root);
    expect(await chain()).toMatchObject({ startedAt: createdAt, finishedAt: null });
    await reach(gateway(), child, 'FINISHED');
    expect((await chain())?.finishedAt).toBeNull();
    await reach(gateway(), root, 'FAILED');
    expect((await chain())?.finishedAt).toEqual((await gateway().read(root)).finishedAt);
    await gateway().operations.updateEvent(gateway().caller, { id: child, status: 'RESTARTED' });
    expect((await chain())?.finishedAt).toBeNull();
  });

  test('of a request without events is null, and its logs are empty', async () => {
    expect(await gateway().operations.eventChain('none', [])).toBeNull();
    expect(await gateway().operations.eventsOfRequest('none', [])).toEqual([]);
    expect(await gateway().operations.eventsBelowNode('none', 'n', [])).toEqual([]);
    expect(
      await gateway().operations.eventsBelowNode(
        (await plant([{ parent: null, status: 'FINISHED', elsewhere: false }])).requestId,
        'none',
        [],
      ),
    ).toEqual([]);
    expect((await refusalOf(gateway().operations.eventChain('', []))).code).toBe('BAD_USER_INPUT');
  });

  test('of more than 10,000 events is refused, and told whole up to there', async () => {
    const requestId = fresh('request');
    const insert = (from: number, to: number) =>
      gateway().database.query({
        text: `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status, created_at, updated_at, depends_on)
          SELECT md5($1 || n)::uuid, n, n, 'x', 'e', $1, n::text, 'FINISHED', now(), now(), CASE WHEN n > 1 THEN md5($1 || 1)::uuid END
          FROM generate_series($2::int, $3::int) AS n`,
        values: [requestId, from, to],
      });
    await insert(1, limits.chainEvents);
    expect((await gateway().operations.eventChain(requestId, []))?.events).toHaveLength(limits.chainEvents);
    expect(await gateway().operations.eventsBelowNode(requestId, '1', [])).toHaveLength(limits.chainEvents);
    await insert(limits.chainEvents + 1, limits.chainEvents + 1);
    const { operations } = gateway();
    for (const ask of [
      () => operations.eventChain(requestId, []),
      () => operations.eventsOfRequest(requestId, []),
      () => operations.eventsBelowNode(requestId, '1', []),
    ])
      expect((await refusalOf(ask())).code).toBe('LIMIT_EXCEEDED');
  });

  test('is reached from any event by its id, its hash and its node', async () => {
    const hash = fresh('hash');
    const id = await gateway().send({ hash });
    const { operations } = gateway();
    expect(await operations.eventByHash(hash, ['topic'])).toEqual({ id, topic: 'test' });
    expect(await operations.eventByHash('none', [])).toBeNull();
    expect((await refusalOf(operations.eventByHash('', []))).code).toBe('BAD_USER_INPUT');
    const query = `query ($id: ID!, $unknown: ID!) { event(id: $id) { topic } node(id: $id) { __typename id ... on Event { topic } }
      none: event(id: $unknown) { id } noNode: node(id: $unknown) { id } }`;
    expect(await gateway().ask(query, { id: id.toUpperCase(), unknown: unknownId })).toEqual({
      data: {
        event: { topic: 'test' },
        node: { __typename: 'Event', id, topic: 'test' },
        none: null,
        noNode: null,
      },
      errors: [],
    });
    expect((await gateway().ask('{ event(id: "x") { id } }')).errors[0]?.extensions.code).toBe(
      'BAD_USER_INPUT',
    );
  });
});

describeDatabases('The event log of a topic', (backend) => {
  const gateway = composedOnce(backend);
  const second = (n: number) => new Date(Date.UTC(2025, 0, 1) + n * 1000);
  let rows: Row[] = [];
  beforeAll(async () => {
    await clear(gateway());
    const plan = {
      topic: 'svc.Handler',
      project: null,
      user: null,
      sender: null,
      description: '',
      requestId: 'r',
      parent: null,
    };
    const plans = eventStatuses.flatMap((status, n) => [
      { ...plan, status, second: n },
      { ...plan, status, second: n, topic: 'svc.Other' },
    ]);
    rows = inOrder(
      (await write(gateway(), plans)).filter(({ topic }) => topic === 'svc.Handler'),
      'CREATED',
      'DESC',
    );
  });
  const log = async (query: Partial<EventLogQuery> = {}) =>
    idsOfEvents(
      await gateway().operations.eventLog({ fullName: 'svc.Handler', page: 1, pageSize: 20, ...query }, []),
    );
  const count = (query: Partial<EventLogQuery> = {}) =>
    gateway().operations.countEventLog({ fullName: 'svc.Handler', page: 1, pageSize: 20, ...query });
  const withStatus = (...statuses: EventStatus[]) =>
    idsOf(rows.filter(({ status }) => statuses.includes(status)));

  test('has its events and no others, newest first', async () => {
    expect(await log()).toEqual(idsOf(rows));
    expect(await count()).toEqual({ count: rows.length, exact: true });
    expect(await log({ fullName: 'svc.Nothing' })).toEqual([]);
  });

  test.each([
    ['WAITING', ['PENDING', 'RESTARTED']],
    ['RUNNING', ['IN_PROGRESS']],
    ['SUCCESS', ['FINISHED']],
    ['FAIL', ['FAILED', 'ABORTED']],
  ] as const)('knows %s as %j', async (status, statuses) => {
    expect(await log({ status })).toEqual(withStatus(...statuses));
    expect(await count({ status })).toEqual({ count: statuses.length, exact: true });
  });

  test('includes the times that it is asked for', async () => {
    const between = (from: number, to: number) =>
      idsOf(rows.filter(({ createdAt }) => createdAt >= second(from) && createdAt <= second(to)));
    expect(await log({ startTime: second(1), endTime: second(3) })).toEqual(between(1, 3));
    expect(await count({ startTime: second(1), endTime: second(3) })).toEqual({ count: 3, exact: true });
    expect(await log({ startTime: second(5) })).toHaveLength(1);
    expect(await log({ endTime: second(0) })).toHaveLength(1);
    expect(await log({ startTime: second(2), endTime: second(2), status: 'SUCCESS' })).toEqual(between(2, 2));
    expect((await refusalOf(log({ startTime: second(2), endTime: second(1) }))).code).toBe('BAD_USER_INPUT');
  });

  test('is cut into pages from 1, of 1 to 1,000', async () => {
    for (const pageSize of [1, 4, limits.pageSize]) {
      const pages: string[] = [];
      for (let page = 1; page <= Math.ceil(rows.length / pageSize); page++)
        pages.push(...(await log({ page, pageSize })));
      expect(pages).toEqual(idsOf(rows));
    }
    expect(await log({ page: 99 })).toEqual([]);
    for (const query of [
      { page: 0 },
      { page: -1 },
      { pageSize: 0 },
      { pageSize: limits.pageSize + 1 },
      { fullName: 'svc.*' },
      { fullName: '' },
    ]) {
      expect((await refusalOf(log(query))).code).toBe('BAD_USER_INPUT');
    }
  });
});
