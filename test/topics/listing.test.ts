// The list of topics: declared and seen, by prefix, with counts that are made only where they are asked for.
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { createLogger } from '../../src/base/logger.ts';
import { createTopicOperations } from '../../src/operations/topics.ts';
import { isDeclaredTopic } from '../../src/store/control/topic-administration.ts';
import { DeclaredTopics } from '../../src/topics/declared-topics.ts';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import { composedForEach, composedOnce, operationsOn, tester } from '../support/gateway.ts';
import { plansOf, recording, wholeReads } from '../support/plans.ts';
import { declare, list, tryDeclare } from './support.ts';

const names = (topics: readonly { readonly name: string }[]) => topics.map(({ name }) => name);

describeDatabases('The list of topics', (backend) => {
  const gateway = composedForEach(backend);

  const send = (...topics: string[]) =>
    gateway().operations.sendEvents(
      tester,
      topics.map((topic) => ({ topic })),
    );

  test('has those declared and those seen, by name, each once', async () => {
    await declare(gateway(), 'b.declared', { title: 'B' });
    await declare(gateway(), 'c.both', { title: 'C', summarySchema: {} });
    await send('c.both', 'a.seen', 'c.both', 'Z', '_', 'a-seen', 'a.seen');
    const topics = await list(gateway());
    expect(names(topics)).toEqual(['Z', '_', 'a-seen', 'a.seen', 'b.declared', 'c.both']);
    expect(topics.map(({ declared, title, count }) => [declared, title, count])).toEqual([
      [false, null, 1],
      [false, null, 1],
      [false, null, 1],
      [false, null, 2],
      [true, 'B', 0],
      [true, 'C', 2],
    ]);
    expect(topics[5]).toMatchObject({ summarySchema: {}, payloadSchema: null });
  });

  test('says when the latest event was sent, also where others were changed since', async () => {
    const first = await gateway().send({ topic: 'a' });
    const last = await gateway().send({ topic: 'a' });
    await gateway().operations.updateEvent(tester, { id: first, description: 'changed' });
    await declare(gateway(), 'b');
    const [a, b] = await list(gateway());
    expect(a!.lastEventAt).toBe((await gateway().read(last)).createdAt.toISOString());
    expect(b!.lastEventAt).toBeNull();
  });

  test('has only those that begin with the prefix, in which no character stands for others', async () => {
    await send('order', 'order.paid', 'order_x', 'orderly', 'ordes', 'order-1', 'Order.paid', 'x.order');
    await declare(gateway(), 'order.declared');
    await declare(gateway(), 'other');
    const listed = async (prefix: string) => names(await list(gateway(), prefix));
    expect(await listed('order.')).toEqual(['order.declared', 'order.paid']);
    expect(await listed('order_')).toEqual(['order_x']);
    expect(await listed('order')).toEqual([
      'order',
      'order-1',
      'order.declared',
      'order.paid',
      'order_x',
      'orderly',
    ]);
    for (const prefix of ['order%', 'o%', '*', '\\', 'none', 'é']) expect(await listed(prefix)).toEqual([]);
    expect(await listed('')).toHaveLength(10);
  });

  test('no longer has a topic that was only seen, when its last event is gone', async () => {
    const id = await gateway().send({ topic: 'seen' });
    await gateway().operations.deleteEvent(tester, id);
    expect(await list(gateway())).toEqual([]);
  });

  test.each(['x'.repeat(201), 'a\u0000'])('refuses the prefix %j', async (prefix) => {
    await expect(list(gateway(), prefix)).rejects.toThrow(/^prefix /);
  });

  test('ends where the limit says, and its counts do', async () => {
    const { database } = gateway();
    await database.query({
      text: `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status,
          created_at, updated_at)
        SELECT gen_random_uuid(), n, n, CASE WHEN n <= $1 THEN 'seen.' || lpad(n::text, 5, '0') ELSE 'a.busy' END, 't',
          'r', n::text, 'FINISHED', now(), now()
        FROM generate_series(1, $1::int + $2::int + 1) n`,
      values: [limits.listedTopics + 5, limits.countCap],
    });
    await declare(gateway(), 'seen.00003');
    await declare(gateway(), 'z.last');
    const topics = await list(gateway());
    expect(topics).toHaveLength(limits.listedTopics);
    expect(topics[0]).toMatchObject({ name: 'a.busy', count: limits.countCap });
    expect(topics[3]).toMatchObject({ name: 'seen.00003', declared: true, count: 1 });
    expect(topics.at(-1)).toMatchObject({ name: 'seen.00999', declared: false });
    expect(names(await list(gateway(), 'z'))).toEqual(['z.last']);
  });

  test('tells whether a name is declared', async () => {
    await declare(gateway(), 'a');
    await send('b');
    const { database } = gateway();
    expect(await Promise.all(['b', 'a', 'c', ''].map((name) => isDeclaredTopic(database, name)))).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  test('takes each character of a prefix as it is', async () => {
    for (const name of ['a_b.c', 'axb.c', 'a-b.c']) await declare(gateway(), name);
    expect(names(await list(gateway(), 'a_b'))).toEqual(['a_b.c']);
    expect(names(await list(gateway(), 'a%'))).toEqual([]);
    expect(names(await list(gateway(), '\\'))).toEqual([]);
  });
});

describeDatabases('The statements of topics', (backend) => {
  const gateway = composedOnce(backend);
  beforeAll(async () => {
    for (let n = 0; n < 20; n++) {
      await gateway().send({ topic: `seen.${n}` });
      await declare(gateway(), `declared.${n}`, { payloadSchema: { type: 'object' } });
    }
  });

  /** The statements of one document. */
  async function statementsOf(document: string): Promise<number> {
    const database = countStatements(gateway().database);
    const topics = new DeclaredTopics({ database, logger: createLogger('silent'), pollMs: 0 });
    const { operations } = gateway();
    const kept = { ...operations };
    Object.assign(
      operations,
      createTopicOperations(database, topics, () => {}),
    );
    try {
      expect((await gateway().ask(document)).errors).toEqual([]);
    } finally {
      Object.assign(operations, kept);
    }
    return database.statements.length;
  }

  test('are two for a list, and one more for schemas, counts and times each', async () => {
    expect(await statementsOf('{ topics { name title description declared } }')).toBe(2);
    expect(await statementsOf('{ topics { name count } }')).toBe(3);
    expect(await statementsOf('{ topics { name lastEventAt } }')).toBe(3);
    expect(await statementsOf('{ topics { name summarySchema payloadSchema } }')).toBe(3);
    expect(
      await statementsOf('{ topics { name summarySchema payloadSchema count many: count lastEventAt } }'),
    ).toBe(5);
  });

  test('are one for a declaration that changes nothing, and one more where nothing has a schema', async () => {
    const declaration = (title: string) =>
      `mutation { declareTopic(input: {name: "declared.1", title: "${title}"}) { name } }`;
    expect(await statementsOf(declaration('One'))).toBeLessThanOrEqual(3);
    expect(await statementsOf(declaration('One'))).toBe(1);
  });

  test('are one for a declaration of many', async () => {
    const database = countStatements(gateway().database);
    const topics = new DeclaredTopics({ database, logger: createLogger('silent'), pollMs: 0 });
    const { declareAll } = createTopicOperations(database, topics, () => {});
    const declarations = Array.from({ length: 200 }, (_, n) => ({
      ...{ name: `many.${n}`, title: null, description: null, summarySchema: null },
      payloadSchema: { required: [`p${n}`] },
    }));
    expect(await declareAll(declarations, 'app')).toEqual([]);
    // Which are there, and those that are new.
    expect(database.statements).toHaveLength(3);
    expect(await list(gateway(), 'many.')).toHaveLength(200);
  });

  test('are none for a send to a topic with a schema, beside its own', async () => {
    const database = countStatements(gateway().database);
    const topics = new DeclaredTopics({ database, logger: createLogger('silent'), pollMs: 0 });
    await topics.start();
    expect(database.statements).toHaveLength(2);
    for (let n = 0; n < 3; n++) topics.check('declared.2', { summary: '{}', payload: '{}' });
    await topics.refresh();
    expect(database.statements).toHaveLength(3);
    await topics.stop();
  });
});

describePostgres('Two gateways', (backend) => {
  const gateway = composedOnce(backend);

  test('tell each other what is declared, and a third finds it when it starts', async () => {
    const other = await operationsOn(await backend.openAnother());
    const payload = { amount: 'much' };
    await gateway().send({ topic: 'told', payload });
    await declare(other, 'told', { payloadSchema: { properties: { amount: { type: 'number' } } } });
    await expect(other.send({ topic: 'told', payload })).rejects.toThrow('payload/amount must be number');
    await expect
      .poll(() => gateway().send({ topic: 'told', payload }).catch(String), { timeout: 3_000, interval: 20 })
      .toContain('payload/amount must be number');
    const third = await operationsOn(await backend.openAnother());
    await expect(third.send({ topic: 'told', payload })).rejects.toThrow('payload/amount must be number');
    await declare(third, 'told');
    await expect
      .poll(() => other.send({ topic: 'told', payload }).catch(String), { timeout: 3_000, interval: 20 })
      .not.toContain('must be number');
    await third.stop();
    await other.stop();
  });

  test('find by themselves what they were not told', async () => {
    const database = await backend.openAnother();
    const logger = createLogger('silent');
    const topics = new DeclaredTopics({ database, logger, pollMs: 50 });
    await topics.start();
    await declare(gateway(), 'untold', { payloadSchema: { required: ['a'] } });
    await expect
      .poll(() => checked(topics, 'untold'), { timeout: 3_000, interval: 20 })
      .toContain("required property 'a'");
    await database.query({ text: `DELETE FROM topics WHERE name = 'untold'`, values: [] });
    await expect.poll(() => checked(topics, 'untold'), { timeout: 3_000, interval: 20 }).toBe('fits');
    await topics.stop();
  });

  test('declare at once what both can keep', async () => {
    const other = await operationsOn(await backend.openAnother());
    const both = [gateway(), other].flatMap((one) =>
      Array.from({ length: 20 }, (_, n) =>
        tryDeclare(one, { name: `race.${n % 5}`, payloadSchema: { required: [`p${n}`] } }),
      ),
    );
    for (const { errors } of await Promise.all(both)) expect(errors).toEqual([]);
    expect(await list(gateway(), 'race.')).toHaveLength(5);
    await other.stop();
  });
});

function checked(topics: DeclaredTopics, topic: string): string {
  try {
    topics.check(topic, { summary: '{}', payload: '{}' });
    return 'fits';
  } catch (error) {
    return String(error);
  }
}

describePostgres('The plan', (backend) => {
  const gateway = composedOnce(backend);
  beforeAll(async () => {
    await gateway().database.query({
      text: `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status,
          created_at, updated_at)
        SELECT gen_random_uuid(), n, n, 'topic.' || n % 7, 't', 'r', n::text, 'FINISHED', now(), now()
        FROM generate_series(1, 3000) n`,
      values: [],
    });
    await declare(gateway(), 'topic.1', { payloadSchema: {} });
  });

  async function expectByIndex(): Promise<void> {
    const { database, statements } = recording(gateway().database);
    const topics = new DeclaredTopics({ database, logger: createLogger('silent'), pollMs: 0 });
    const operations = createTopicOperations(database, topics, () => {});
    const listed = names(await operations.topics('topic.'));
    expect(listed).toHaveLength(7);
    await operations.countTopics(listed);
    await operations.lastEventsAt(listed);
    await operations.schemasOf(listed);
    await operations.declareTopic(tester, { name: 'topic.1', title: String(statements.length) });
    await isDeclaredTopic(database, 'topic.1');
    for (const statement of statements) {
      for (const plan of await plansOf(gateway().database, statement)) expect(wholeReads(plan)).toEqual([]);
    }
  }

  test('of all that topics ask reads events by index, on a young database', () => expectByIndex());

  test('of all that topics ask reads events by index, with statistics', async () => {
    await gateway().database.query({ text: 'ANALYZE events, topics', values: [] });
    await expectByIndex();
  });
});

describe('A list of topics', () => {
  test('is described with its bounds', async () => {
    const { schema } = await import('../../src/graphql/schema.ts');
    const { description, args } = schema.getQueryType()!.getFields().topics!;
    expect(description).toContain(limits.listedTopics.toLocaleString('en-US'));
    expect(args[0]!.defaultValue).toBe('');
  });
});
