// Which statements are Prisma's: those of the control plane, and none of what runs for each event, page, claim or start.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Statement } from '../../src/database/database.ts';
import { makeFirstKey } from '../../src/operations/access/first-key.ts';
import { describeDatabases } from '../support/database.ts';
import { telling } from '../support/forwarding.ts';
import { type Composed, operationsOn } from '../support/gateway.ts';

const page = `{ totalCount edges { node { id topic status dependsOn { id } history { to } lease { worker } } } }`;

describeDatabases('Prisma', (backend) => {
  const statements: Statement[] = [];
  let gateway: Composed;

  /** Only the driver adapter asks for JSON as text. */
  const ofPrisma = () => statements.filter(({ json }) => json === 'text').map(({ text }) => text);

  async function ask<Data = any>(query: string, variables: Readonly<Record<string, unknown>> = {}) {
    const { data, errors } = await gateway.ask<Data>(query, variables);
    expect(errors).toEqual([]);
    return data as Data;
  }

  beforeAll(async () => {
    const database = telling(await backend.open(), (statement) => void statements.push(statement));
    await makeFirstKey(database, async () => {});
    gateway = await operationsOn(database);
  });
  afterAll(() => gateway.stop());

  beforeEach(() => {
    statements.length = 0;
  });

  test('is asked nothing by a start', async () => {
    const database = telling(await backend.open(), (statement) => void statements.push(statement));
    await makeFirstKey(database, async () => {});
    const started = await operationsOn(database);
    await started.stop();
    expect(statements.length).toBeGreaterThan(4);
    expect(ofPrisma()).toEqual([]);
  });

  test('is asked nothing by sends, lists, chains, claims, feeds and node look-ups', async () => {
    const feed = await gateway.subscribe(`subscription { eventFeed { kind event { id topic payload } } }`);
    const source = await gateway.send({ topic: 'hot', payload: { a: 1 }, requestId: 'r' });
    const child = await gateway.send({ topic: 'hot.child', dependsOn: source, requestId: 'r' });
    await feed.next();
    await feed.stop();
    await ask(`{ events(first: 5, where: "topic == 'hot'") ${page} }`);
    await ask(`{ eventChain(requestId: "r") { events { id } countByStatus { status count } } }`);
    await ask(`{ eventLog(fullName: "hot") { totalCount rowDatas { id payload } } }`);
    await ask(
      `query ($id: ID!) { node(id: $id) { id } event(id: $id) { dependents { edges { node { id } } } } }`,
      {
        id: source,
      },
    );
    expect(await ask(`{ node(id: "00000000-0000-7000-8000-000000000000") { id } }`)).toEqual({ node: null });
    const { enroll } = await ask(
      `mutation { enroll(input: { sourceTopics: ["hot"], targetTopic: "work", worker: "w", waitMs: 0 }) { attempt event { id } } }`,
    );
    await ask(
      `mutation ($id: ID!, $attempt: Int!) { extendLease(eventId: $id, attempt: $attempt) { until } }`,
      {
        id: enroll.event.id,
        attempt: enroll.attempt,
      },
    );
    await ask(`mutation ($id: ID!) { updateEvent(input: { id: $id, description: "d" }) { id } }`, {
      id: child,
    });
    const { subscribe } = await ask(`mutation { subscribe(input: { topics: ["hot"], after: "0" }) { id } }`);
    expect(
      await ask(
        `mutation ($ids: [ID!]!) { nextEvent(subscriptionIds: $ids, timeoutMs: 0) { event { id } } }`,
        {
          ids: [subscribe.id],
        },
      ),
    ).toEqual({ nextEvent: { event: { id: source } } });
    await ask(`{ subscriptions { nodes { id lag } } }`);
    expect(statements.length).toBeGreaterThan(15);
    expect(ofPrisma()).toEqual([]);
  });

  test('is asked by the control plane, with few statements', async () => {
    const { createTrigger } = await ask(
      `mutation { createTrigger(input: { name: "t", webhook: { signature: GITHUB, secret: "s3cret" } }) { id } }`,
    );
    await ask(`mutation ($id: ID!) { setTriggerSecrets(id: $id, secrets: ["x"]) { id } }`, createTrigger);
    const listed = await ask(`{ triggers { id name kind signature createdAt } topics { name } }`);
    expect(listed.triggers).toMatchObject([{ name: 't', kind: 'WEBHOOK', signature: 'GITHUB' }]);
    await ask(`mutation ($id: ID!) { deleteTrigger(id: $id) }`, createTrigger);
    expect(await ask(`{ triggers { id } }`)).toEqual({ triggers: [] });
    // What depends on ownership, or on a limit, is one hand-written statement.
    expect(ofPrisma()).toMatchObject([
      expect.stringContaining('UPDATE "throughline"."triggers" SET "secrets"'),
      expect.stringContaining('FROM "throughline"."topics"'),
    ]);
  });
});
