// Statements of durable subscriptions: few, and by index, however many calls and events there are.
import { beforeAll, describe, expect, test } from 'vitest';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedOnce, fresh, operationsOn, tester } from '../support/gateway.ts';
import { lookUps, plansOf, recording, wholeReads } from '../support/plans.ts';
import { drain, next, pass, subscribe } from './support.ts';

describeDatabases('the statements of subscriptions', (backend) => {
  const gateway = composedOnce(backend);

  /** The statements of a step, on an otherwise idle gateway. */
  async function counted(step: (alone: Composed) => Promise<unknown>): Promise<number> {
    const database = countStatements(gateway().database);
    const alone = await operationsOn(database, { onCommit: () => {} });
    database.statements.length = 0;
    await step(alone);
    const { length } = database.statements;
    await alone.stop();
    return length;
  }

  async function subscriptions(count: number, more: object = {}): Promise<{ topic: string; ids: string[] }> {
    const topic = fresh('topic');
    const input = { topics: [topic], ...more };
    const ids = await Promise.all(Array.from({ length: count }, () => subscribe(gateway(), input)));
    return { topic, ids };
  }

  test('of a call that finds no event: one', async () => {
    const { ids } = await subscriptions(100);
    expect(await counted((alone) => next(alone, ids))).toBe(1);
  });

  test('of a call that finds an event: three, with a filter four', async () => {
    for (const [more, statements] of [
      [{}, 3],
      [{ where: 'data.n > 0' }, 4],
    ] as const) {
      const { topic, ids } = await subscriptions(1, more);
      await gateway().send({ topic, payload: { n: 1 } });
      const step = async (alone: Composed) => expect(await next(alone, ids)).not.toBeNull();
      expect(await counted(step)).toBe(statements);
    }
  });

  test('of twenty concurrent calls, for as many subscriptions: as many as of one', async () => {
    for (const ack of ['AUTO', 'MANUAL'] as const) {
      const { topic, ids } = await subscriptions(20, { ack });
      const event = await gateway().send({ topic });
      const step = async (alone: Composed) => {
        const got = await Promise.all(ids.map((id) => next(alone, id)));
        expect(got.map((one) => one?.id)).toEqual(ids.map(() => event));
      };
      expect(await counted(step)).toBe(3);
    }
  });

  test('of twenty concurrent calls for one subscription: as many as of one', async () => {
    const { topic, ids } = await subscriptions(1);
    await gateway().operations.sendEvents(tester, Array<object>(20).fill({ topic }) as { topic: string }[]);
    const step = async (alone: Composed) => {
      const got = await Promise.all(Array.from({ length: 20 }, () => next(alone, ids)));
      expect(new Set(got.map((one) => one?.id)).size).toBe(20);
    };
    expect(await counted(step)).toBe(3);
  });

  test('of a hundred concurrent acknowledgements: one', async () => {
    const { topic, ids } = await subscriptions(1, { ack: 'MANUAL' });
    await gateway().operations.sendEvents(tester, Array<object>(100).fill({ topic }) as { topic: string }[]);
    const got = await Promise.all(Array.from({ length: 100 }, () => next(gateway(), ids)));
    const step = ({ operations }: Composed) =>
      Promise.all(got.map((one) => operations.acknowledge(ids[0]!, String(one!.position))));
    expect(await counted(step)).toBe(1);
    await pass(gateway(), ids[0]!);
    expect(await drain(gateway(), ids)).toEqual([]);
  });

  test('of a page of subscriptions with their lags do not grow with the page', async () => {
    const { topic } = await subscriptions(19);
    await gateway().send({ topic });
    const list = 'query($first: Int) { subscriptions(first: $first) { nodes { id lag position } } }';
    const few = await counted((alone) => alone.ask(list, { first: 2 }));
    expect(await counted((alone) => alone.ask(list, { first: 20 }))).toBe(few);
  });
});

/** Events of seven topics and five senders, and subscriptions with deliveries. */
async function insertHistory({ database }: Composed, count: number): Promise<void> {
  const id = `('00000001-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid`;
  await database.query({
    text: `WITH n AS (SELECT n FROM generate_series(1, $1::int) AS n), made AS (
        INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, sender, status,
          created_at, updated_at)
        SELECT ${id}, n, n, 'topic.' || n % 7, 't', ${id}, ${id}, 'sender-' || n % 5, 'FINISHED', now(), now() FROM n)
      INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id, sender)
      SELECT n, ${id}, 'CREATED', 'FINISHED', now(), 'topic.' || n % 7, ${id}, ${id}, 'sender-' || n % 5 FROM n`,
    values: [count],
  });
  await database.query({
    text: `WITH n AS (SELECT n FROM generate_series(1, $1::int) AS n), made AS (
        INSERT INTO subscriptions (id, position, created_at, used_at, expires_at, expires_after_days, visibility_ms,
          manual, topics)
        SELECT ${id}, 0, now(), now(), now() + interval '1 day', 1, 30000, true, ARRAY['none'] FROM n)
      INSERT INTO deliveries (subscription_id, position, event_id, until)
      SELECT ${id}, n, ${id}, now() + n % 3 * interval '1 minute' FROM n`,
    values: [count],
  });
  await database.query({ text: `SELECT setval('log_positions', $1::int8)`, values: [count + 1] });
}

describePostgres('the plans of subscriptions', (backend) => {
  const gateway = composedOnce(backend);
  beforeAll(() => insertHistory(gateway(), 3_000));

  type Steps = (alone: Composed) => Promise<unknown>;
  const take = (input: object): Steps => {
    return async (alone) => {
      const id = await subscribe(alone, { after: '0', ...input });
      expect(await next(alone, id)).not.toBeNull();
    };
  };
  const all: [string, Steps][] = [
    ['an event of a topic', take({ topics: ['topic.1'] })],
    ['an event of several topics', take({ topics: ['topic.1', 'topic.2'] })],
    ['an event by a pattern', take({ topics: ['topic.*', 'x'] })],
    ['an event of a sender', take({ source: 'sender-1' })],
    ['an event of a sender and a topic', take({ source: 'sender-1', topics: ['topic.1', 't*'] })],
    ['an event through a filter', take({ topics: ['*'], where: `event_type == 't' && !has(data.n)` })],
    ['a call that waits', async (alone) => next(alone, await subscribe(alone, { topics: ['none'] }), 20)],
    [
      'a delivery’s life',
      async (alone) => {
        const id = await subscribe(alone, { topics: ['topic.3'], after: '0', ack: 'MANUAL' });
        await next(alone, id);
        await pass(gateway(), id);
        const got = await next(alone, id);
        await alone.operations.acknowledge(id, String(got!.position));
        await alone.subscriptions.keep([id]);
        await alone.operations.unsubscribe(id);
      },
    ],
    ['a sweep', (alone) => alone.subscriptions.sweep()],
    [
      'a list with lags',
      (alone) => alone.ask('{ subscriptions(first: 5) { nodes { lag } pageInfo { endCursor } } }'),
    ],
  ];

  async function expectByIndex(steps: Steps): Promise<void> {
    const { database, statements } = recording(gateway().database);
    const alone = await operationsOn(database);
    await steps(alone);
    await alone.stop();
    expect(statements).not.toEqual([]);
    const wrong: string[] = [];
    for (const statement of statements) {
      for (const plan of await plansOf(gateway().database, statement))
        wrong.push(...wholeReads(plan).map((what) => `${what}: ${statement.text.slice(0, 300)}`));
    }
    expect(wrong).toEqual([]);
  }

  test('for a sender read that sender’s part of the log', async () => {
    const { database, statements } = recording(gateway().database);
    const alone = await operationsOn(database);
    await take({ source: 'sender-1' })(alone);
    await alone.stop();
    const [search] = statements.filter(({ text }) => text.includes('part_limit'));
    for (const plan of await plansOf(gateway().database, search!))
      expect(lookUps(plan)).toContainEqual(
        expect.stringMatching(/^log_sender_idx .*sender = .*position"? > /),
      );
  });

  describe('on a young database', () => {
    test.each(all)('of %s use indexes', (_what, steps) => expectByIndex(steps));
  });

  describe('with statistics', () => {
    beforeAll(() =>
      gateway().database.query({ text: 'ANALYZE events, log, subscriptions, deliveries', values: [] }),
    );
    test.each(all)('of %s use indexes', (_what, steps) => expectByIndex(steps));
  });
});
