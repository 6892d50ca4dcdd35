// Statements sent to the database: few, whatever the size of a page; only the columns wanted; always by index.
import { execute, parse } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { createLogger } from '../../src/base/logger.ts';
import type { Database } from '../../src/database/database.ts';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import { createContext } from '../../src/graphql/context.ts';
import { schema } from '../../src/graphql/schema.ts';
import { JobDispatcher } from '../../src/jobs/job-dispatcher.ts';
import { createLog } from '../../src/composition/create-log.ts';
import { createOperations } from '../../src/composition/create-operations.ts';
import type { Handling } from '../../src/operations/handler-port.ts';
import type { Operations } from '../../src/operations/operations.ts';
import { SubscriptionDispatcher } from '../../src/subscriptions/subscription-dispatcher.ts';
import { DeclaredTopics } from '../../src/topics/declared-topics.ts';
import { readLog } from '../../src/store/events/read-log.ts';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import { type Plan, plansOf, recording, wholeReads } from '../support/plans.ts';
import { type Composed, composedOnce, fresh, tester } from '../support/gateway.ts';

const noHandling: Handling = {
  plan: () => null,
  baseTypeOf: () => 'events.NormalType',
  list: () => [],
  has: () => false,
  setEnabled: async () => false,
};

/** Use-cases on a database and nothing besides, so that whatever it is asked comes from them. */
function operationsAlone(database: Database): Operations {
  const logger = createLogger('silent');
  const log = createLog({ database, logger, gatewayId: '' });
  return createOperations({
    database,
    ...log,
    jobs: new JobDispatcher({ ...log, database, logger, writer: log.jobWriter }),
    subscriptions: new SubscriptionDispatcher({ ...log, database, logger }),
    presence: { list: async () => [] },
    broadcast: {
      event: () => {},
      progress: () => {},
      lease: () => {},
      unsubscribed: () => {},
      topics: () => {},
      key: async () => {},
      consumer: async () => {},
    },
    topics: new DeclaredTopics({ database, logger, pollMs: 0 }),
    report: (error) => {
      throw error;
    },
    scheduledSender: { wake: () => {} },
    handling: noHandling,
  });
}

describeDatabases('The statements', (backend) => {
  const gateway = composedOnce(backend);

  /** Answers, with the statements that it took. */
  async function asked(query: string, variables: Readonly<Record<string, unknown>> = {}) {
    const database = countStatements(gateway().database);
    const contextValue = createContext({
      caller: tester,
      operations: operationsAlone(database),
      watch: gateway().watching.live(tester),
    });
    const answer = await execute({ schema, document: parse(query), variableValues: variables, contextValue });
    expect(answer.errors).toBeUndefined();
    return { data: answer.data as any, statements: database.statements };
  }

  /** Events of one topic, each with a parent, four dependents and two statuses. */
  async function family(size: number): Promise<string> {
    const topic = fresh('family');
    const { operations } = gateway();
    const each = (count: number, input: (n: number) => object) =>
      operations.sendEvents(
        tester,
        Array.from({ length: count }, (_, n) => ({ topic: 'relative', ...input(n) })),
      );
    const parents = await each(size, () => ({ payload: { big: 'x'.repeat(100) } }));
    const members = await each(size, (n) => ({
      topic,
      finished: false,
      dependsOn: parents.events[n]!.id,
      payload: { n },
    }));
    await each(size * 4, (n) => ({ dependsOn: members.events[n % size]!.id }));
    await operations.updateEvents(
      tester,
      members.events.map((event) => ({ id: event!.id, status: 'IN_PROGRESS' as const })),
    );
    return topic;
  }

  const list = (selection: string) => `query ($topic: String!, $first: Int) {
    events(filter: { topics: [$topic] }, first: $first) { nodes { ${selection} } } }`;

  test('of a page with parents, dependents and histories are four, for ten events as for a hundred', async () => {
    const topic = await family(100);
    const query = list(
      'id topic dependsOn { id topic } dependents(first: 3) { nodes { id } } history { to at }',
    );
    for (const first of [10, 100]) {
      const { data, statements } = await asked(query, { topic, first });
      expect(data.events.nodes).toHaveLength(first);
      for (const node of data.events.nodes) {
        expect(node.dependsOn.topic).toBe('relative');
        expect(node.dependents.nodes).toHaveLength(3);
        expect(node.history.map(({ to }: { to: string }) => to)).toEqual(['PENDING', 'IN_PROGRESS']);
      }
      expect(statements).toHaveLength(4);
    }
  });

  test('of a chain are one, whatever its fields', async () => {
    const requestId = fresh('request');
    for (let n = 0; n < 5; n++) await gateway().send({ requestId });
    const { statements } = await asked(
      `query ($requestId: String!) { eventChain(requestId: $requestId) {
        startedAt finishedAt countByStatus { status count } roots { id topic }
        events { id topic payload } failedLeaves { id description } } }`,
      { requestId },
    );
    expect(statements).toHaveLength(1);
  });

  describe('of a list', () => {
    const large = ['payload', 'summary', 'result', 'error', 'description'];
    const readColumn = (column: string) => new RegExp(`\\be\\.${column}\\b`);

    test('name no column that was not asked for', async () => {
      const topic = await family(3);
      const { statements } = await asked(list('id topic status'), { topic });
      expect(statements).toHaveLength(1);
      for (const column of ['topic', 'status']) expect(statements[0]).toMatch(readColumn(column));
      for (const column of [...large, 'hash', 'project', 'node_id', 'finished_at']) {
        expect(statements[0]).not.toMatch(readColumn(column));
      }
    });

    test.each(large)('name %s where it is asked for, and are one still', async (column) => {
      const topic = await family(3);
      const selection = column === 'error' ? 'id error { message }' : `id ${column}`;
      const { statements } = await asked(list(selection), { topic });
      expect(statements).toHaveLength(1);
      expect(statements[0]).toMatch(readColumn(column));
      for (const other of large.filter((name) => name !== column)) {
        expect(statements[0]).not.toMatch(readColumn(other));
      }
    });

    test('are one where an event is reached by fragments and by aliases', async () => {
      const topic = await family(3);
      const { data, statements } = await asked(
        `query ($topic: String!) { events(filter: { topics: [$topic] }) { nodes { ...Some } edges { node { data: payload } } } }
         fragment Some on Event { id ... on Node { id } ... on Event { text: description } }`,
        { topic },
      );
      expect(data.events.edges[0].node.data).toEqual({ n: 2 });
      expect(statements).toHaveLength(1);
    });
  });

  test('of a send that asks for what it gave are one', async () => {
    const { data, statements } = await asked(
      `mutation ($input: SendEventInput!) { sendEvent(input: $input) { duplicate event {
        id position hash topic eventType sender senderType project user requestId nodeId status retries
        description summary payload createdAt updatedAt finishedAt } } }`,
      { input: { topic: 'sent', payload: { a: 1 }, summary: { b: 2 }, hash: fresh('hash'), user: 'ann' } },
    );
    expect(data.sendEvent.event).toMatchObject({ topic: 'sent', payload: { a: 1 }, summary: { b: 2 } });
    expect(statements).toHaveLength(1);
  });

  test('of a thousand sends in one batch are one', async () => {
    const input = Array.from({ length: 1_000 }, (_, n) => ({ topic: 'many', payload: { n } }));
    const { data, statements } = await asked(
      'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { events { id topic payload } } }',
      { input },
    );
    expect(data.sendEvents.events).toHaveLength(1_000);
    expect(statements).toHaveLength(1);
  });
});

/** Events `1` to `count` with parents, in a few requests and topics, and two entries of the log for each. */
async function insertHistory({ database }: Composed, count: number): Promise<void> {
  const id = (n: string) => `('00000000-0000-4000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;
  await database.query({
    text: `WITH made AS (
        INSERT INTO events (id, position, created_position, depends_on, topic, event_type, request_id, node_id, status,
          project, user_name, sender, hash, created_at, updated_at)
        SELECT ${id('n')}, 2 * n, 2 * n - 1, CASE WHEN n > 20 THEN ${id('n - 20')} END, 'topic.' || n % 7, 't',
          'request-' || n % 20, 'node-' || n, (CASE WHEN n % 10 = 0 THEN 'FAILED' ELSE 'FINISHED' END)::event_status,
          'project-' || n % 3, 'user-' || n % 5, 'sender-' || n % 4, 'hash-' || n,
          now() - n * interval '1 second', now()
        FROM generate_series(1, $1::int) AS n
        RETURNING *)
      INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
      SELECT m.created_position + k, m.id, (CASE k WHEN 0 THEN 'CREATED' ELSE 'STATUS' END)::change_kind, m.status,
        m.created_at, m.topic, m.request_id, m.node_id
      FROM made m, generate_series(0, 1) AS k`,
    values: [count],
  });
  await database.query({ text: `SELECT setval('log_positions', $1::int8)`, values: [2 * count] });
}

describePostgres('The plan', (backend) => {
  const gateway = composedOnce(backend);
  beforeAll(() => insertHistory(gateway(), 2_000));

  const ids = [1, 25, 1_999].map((n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
  const selection = { topics: null, eventIds: null };
  const order = (by: 'CREATED' | 'UPDATED') => ({ by, direction: 'DESC' }) as const;
  const lists = {
    everything: {},
    'a topic': { topics: ['topic.1'] },
    topics: { topics: ['topic.1', 'topic.2', 'none'] },
    'a pattern of topics': { topics: ['topic.*'] },
    'a topic and statuses': { topics: ['topic.1'], statuses: ['FAILED', 'PENDING'] },
    projects: { projects: ['project-1', 'project-2'] },
    requests: { requestIds: ['request-1', 'request-2'] },
    statuses: { statuses: ['FAILED', 'ABORTED'] },
    'a status that most have': { statuses: ['FINISHED'] },
    users: { users: ['user-1'] },
    senders: { senders: ['sender-1'] },
    ids: { ids },
    'a text': { text: 'word' },
    'those with dependents': { hasDependents: true },
    'a topic by a condition': { conditions: { conditions: [{ key: 'topic', value: 'topic.1' }] } },
    'what conditions select': {
      topics: ['topic.1'],
      conditions: { conditions: [{ key: 'payload/a', comparison: 'GT', value: 1 }] },
    },
    'those exhausted': { exhausted: true },
    'those not exhausted': { topics: ['topic.1'], exhausted: false },
    'a time': { createdAfter: new Date(Date.now() - 60_000) },
  } as const;

  /** Their counts read a bounded part of the table, in no order. */
  const servedByNone: readonly string[] = ['a text', 'a status that most have'];

  type Run = (operations: Operations, database: Database) => Promise<unknown>;
  const countOf = (name: string, filter: EventFilter): [string, Run] => [
    `a count of ${name}`,
    (operations) => operations.countEvents(filter),
  ];
  const listings = Object.entries(lists).flatMap(([name, filter]): [string, Run][] => [
    [
      `a list of ${name}`,
      (operations) => operations.listEvents(filter, order('CREATED'), { first: 10 }, ['topic']),
    ],
    [
      `a list of ${name} by latest change`,
      (operations) => operations.listEvents(filter, order('UPDATED'), { first: 10 }, ['topic']),
    ],
    ...(servedByNone.includes(name) ? [] : [countOf(name, filter)]),
  ]);
  const others: [string, Run][] = [
    [
      'a send',
      (operations) => operations.sendEvent(tester, { topic: 'a', hash: fresh('hash'), nodeId: 'n' }),
    ],
    [
      'a batch of sends below others',
      (operations) =>
        operations.sendEvents(
          tester,
          Array.from({ length: 50 }, (_, n) => ({ topic: 'a', dependsOn: ids[n % 3]! })),
        ),
    ],
    [
      'updates',
      (operations) =>
        operations.updateEvents(
          tester,
          ids.map((id) => ({ id, retries: 1 })),
        ),
    ],
    [
      'a delete',
      async (operations) => operations.deleteEvent(tester, await gateway().send({ topic: 'deleted' })),
    ],
    ['reading the log', (_, database) => readLog(database, 100n, null, 100)],
    ['reading a part of the log', (_, database) => readLog(database, 100n, 200n, 100)],
    [
      'reading the log of topics',
      (_, database) => readLog(database, 100n, 3_000n, 100, { ...selection, topics: ['topic.1', 'topic.2'] }),
    ],
    [
      'reading the log of events',
      (_, database) => readLog(database, 1n, null, 100, { ...selection, eventIds: ids }),
    ],
    ['the end of the log', (operations) => operations.position()],
    ['events by their ids', (operations) => operations.eventsByIds(ids, ['payload'])],
    ['an event by its hash', (operations) => operations.eventByHash('hash-7', ['payload'])],
    ['a request', (operations) => operations.eventsOfRequest('request-1', ['topic'])],
    ['a node and what is below it', (operations) => operations.eventsBelowNode('request-1', 'node-21', [])],
    ['a chain', (operations) => operations.eventChain('request-1', [])],
    ['dependents', (operations) => operations.dependentsOf(ids, { first: 3 }, ['topic'])],
    ['counts of dependents', (operations) => operations.countDependents(ids)],
    ['histories', (operations) => operations.historiesOf(ids)],
    [
      'a page of the log of a topic',
      (operations) => operations.eventLog({ fullName: 'topic.1', page: 2, pageSize: 10 }, ['topic']),
    ],
  ];

  const bulks: [string, Run][] = [
    [
      'a bulk restart',
      async (operations) =>
        operations.restartEvents(tester, { topics: [await sentInto('restarted')] }, false),
    ],
    [
      'a bulk abort of what failed',
      async (operations) => {
        const topics = [await sentInto('aborted')];
        await gateway().database.query({
          text: `UPDATE events SET status = 'FAILED' WHERE topic = $1`,
          values: topics,
        });
        return operations.abortEvents(tester, { topics }, false);
      },
    ],
    [
      'a bulk deletion',
      async (operations) => operations.deleteEvents(tester, { topics: [await sentInto('deleted')] }, false),
    ],
    [
      'a bulk deletion of what has no dependents',
      async (operations) =>
        operations.deleteEvents(tester, { topics: [await sentInto('deleted')], hasDependents: false }, false),
    ],
    [
      'a dry run of a bulk deletion',
      (operations) => operations.deleteEvents(tester, { projects: ['project-1'], text: 't' }, true),
    ],
    [
      'a dry run of a bulk deletion of what has no dependents',
      (operations) => operations.deleteEvents(tester, { topics: ['topic.1'], hasDependents: false }, true),
    ],
  ];

  /** A new topic with as many events as one batch takes: a parent and its children. */
  async function sentInto(name: string): Promise<string> {
    const topic = fresh(name);
    const dependsOn = await gateway().send({ topic });
    const children = Array.from({ length: limits.bulkBatch - 1 }, () => ({ topic, dependsOn }));
    await gateway().operations.sendEvents(tester, children);
    return topic;
  }

  /** Of all that it asks, two for each statement. */
  async function plansOfRun(run: Run): Promise<Plan[]> {
    const { database, statements } = recording(gateway().database);
    await run(operationsAlone(database), database);
    expect(statements).not.toEqual([]);
    const plans: Plan[] = [];
    for (const statement of statements) plans.push(...(await plansOf(gateway().database, statement)));
    return plans;
  }

  async function expectByIndex(run: Run): Promise<void> {
    expect((await plansOfRun(run)).flatMap((plan) => wholeReads(plan))).toEqual([]);
  }

  describe('on a young database', () => {
    test.each([...others, ...listings, ...bulks])('of %s reads by index', (_what, run) => expectByIndex(run));
  });

  describe('with statistics', () => {
    beforeAll(() => gateway().database.query({ text: 'ANALYZE events, log', values: [] }));
    test.each([...others, ...listings, ...bulks])('of %s reads by index', (_what, run) => expectByIndex(run));
  });
});
