// Declared topics: their definitions, and that no operation stores or sends an event that does not fit.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { createLogger } from '../../src/base/logger.ts';
import { Scheduler } from '../../src/triggers/scheduler.ts';
import { describeDatabases } from '../support/database.ts';
import { type Composed, composedForEach, fresh, refusalOf, tester } from '../support/gateway.ts';
import { createTrigger, eventsOf } from '../triggers/support.ts';
import { declare, list, orderSchema, tryDeclare } from './support.ts';

describeDatabases('A topic', (backend) => {
  const gateway = composedForEach(backend);

  test('is declared with all that is said of it', async () => {
    const said = {
      title: 'Paid',
      description: 'An order was paid.',
      summarySchema: { type: 'object' },
      payloadSchema: { required: ['z', 'a'], properties: { z: true, a: { type: 'string' } } },
    };
    const declared = await declare(gateway(), 'order.paid', said);
    expect(declared).toEqual({ name: 'order.paid', ...said, declared: true, count: 0, lastEventAt: null });
    expect(Object.keys((declared.payloadSchema as { properties: object }).properties)).toEqual(['z', 'a']);
    expect(await list(gateway())).toEqual([declared]);
  });

  test('that is declared again is what is said now: what is left out is gone', async () => {
    await declare(gateway(), 'order.paid', { title: 'Paid', payloadSchema: orderSchema });
    await refusalOf(gateway().send({ topic: 'order.paid' }));
    const declared = await declare(gateway(), 'order.paid', { description: 'Anything goes.', title: null });
    expect(declared).toMatchObject({ title: null, description: 'Anything goes.', payloadSchema: null });
    await gateway().send({ topic: 'order.paid' });
    expect(await list(gateway())).toMatchObject([{ count: 1 }]);
  });

  test('that is declared again as it is changes nothing', async () => {
    const revision = async () =>
      (await gateway().database.query({ text: 'SELECT revision FROM topics', values: [] }))[0];
    await declare(gateway(), 'order.paid', { payloadSchema: orderSchema });
    const before = await revision();
    await declare(gateway(), 'order.paid', { payloadSchema: orderSchema });
    expect(await revision()).toEqual(before);
    await declare(gateway(), 'order.paid', { payloadSchema: orderSchema, title: 'Paid' });
    expect(await revision()).not.toEqual(before);
  });

  test.each(['order.*', '', 'a b', 'a..b', 'x'.repeat(201)])('cannot be called %j', async (name) => {
    const { errors } = await tryDeclare(gateway(), { name });
    expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors[0]!.message).toMatch(/^name .* is not a topic/);
  });

  test('with what is no schema is refused, and stays as it was', async () => {
    const before = await declare(gateway(), 'order.paid', { payloadSchema: orderSchema });
    const { errors } = await tryDeclare(gateway(), { name: 'order.paid', payloadSchema: { type: 'objekt' } });
    expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' } });
    expect(errors[0]!.message).toContain('payloadSchema/type must be');
    expect(await list(gateway())).toEqual([before]);
  });

  test('is one of as many as the limit says, which may still be declared anew', async () => {
    await gateway().database.query({
      text: `INSERT INTO topics (name, declared_by, declared_at, revision)
        SELECT 'made.' || n, 'test', now(), gen_random_uuid() FROM generate_series(2, $1::int) n`,
      values: [limits.declaredTopics],
    });
    await declare(gateway(), 'made.1');
    const { errors } = await tryDeclare(gateway(), { name: 'one.more' });
    expect(errors[0]).toMatchObject({ extensions: { code: 'LIMIT_EXCEEDED' } });
    expect(await declare(gateway(), 'made.7', { title: 'Seven' })).toMatchObject({ title: 'Seven' });
    const many = [
      { name: 'made.8', title: 'Eight', description: null, summarySchema: null, payloadSchema: null },
      { name: 'one.more', title: null, description: null, summarySchema: null, payloadSchema: null },
    ];
    expect(await refusalOf(gateway().operations.declareAll(many, 'app'))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
    expect((await list(gateway(), 'made.8'))[0]).toMatchObject({ name: 'made.8', title: null });
  });

  test('is declared with others in one statement, where those that are wrong are answered', async () => {
    const { operations } = gateway();
    const declaration = (name: string, payloadSchema: any = null, title: string | null = null) => ({
      ...{ name, title, description: null, summarySchema: null, payloadSchema },
    });
    await declare(gateway(), 'app.a', { title: 'Before' });
    const refused = await operations.declareAll(
      [
        declaration('app.a', orderSchema),
        declaration('app.b', { type: 'objekt' }),
        declaration('app.*'),
        declaration('app.c', null, 'First'),
        declaration('app.c', null, 'Last'),
      ],
      'services/ShopSvc',
    );
    expect(refused.map(({ name, error }) => [name, error.code])).toEqual([
      ['app.b', 'BAD_USER_INPUT'],
      ['app.*', 'BAD_USER_INPUT'],
    ]);
    expect(await list(gateway())).toMatchObject([
      { name: 'app.a', title: null, payloadSchema: orderSchema },
      { name: 'app.c', title: 'Last' },
    ]);
    await refusalOf(gateway().send({ topic: 'app.a' }));
  });
});

/** Nothing of the topic is stored. */
async function expectNone({ operations }: Composed, topic: string): Promise<void> {
  expect(await operations.countEvents({ topics: [topic] })).toEqual({ count: 0, exact: true });
}

describeDatabases('What does not fit', (backend) => {
  const gateway = composedForEach(backend);

  async function orders(more: object = {}): Promise<string> {
    const topic = fresh('order');
    await declare(gateway(), topic, { payloadSchema: orderSchema, ...more });
    return topic;
  }

  const mismatch = { code: 'TOPIC_SCHEMA_MISMATCH' };

  test('is not sent, and the refusal says where it does not', async () => {
    const topic = await orders();
    const refused = gateway().send({ topic, payload: { amount: 'much' } });
    expect(await refusalOf(refused)).toMatchObject({
      ...mismatch,
      message: `payload/amount must be number, as the topic "${topic}" is declared.`,
      details: {
        ...{ topic, path: 'payload/amount', count: 1 },
        failures: [{ path: 'payload/amount', message: 'must be number' }],
      },
    });
    await expectNone(gateway(), topic);
    await gateway().send({ topic, payload: { amount: 1 } });
  });

  test('is not sent as kwargs, by the sender alone, without a payload or with a wrong summary', async () => {
    const topic = await orders({ summarySchema: { maxProperties: 1 } });
    expect(await refusalOf(gateway().send({ topic, kwargs: { amount: '1' } }))).toMatchObject(mismatch);
    expect(
      await refusalOf(gateway().operations.sendEvent(tester, { sender: topic, payload: {} })),
    ).toMatchObject(mismatch);
    expect(await refusalOf(gateway().send({ topic }))).toMatchObject(mismatch);
    const twice = gateway().send({ topic, payload: { amount: 1 }, summary: { a: 1, b: 2 } });
    expect(await refusalOf(twice)).toMatchObject({ ...mismatch, details: { path: 'summary' } });
    await expectNone(gateway(), topic);
  });

  test('fails alone in a list of sends', async () => {
    const topic = await orders();
    const amounts = [1, 'two', 3, null];
    const outcome = await gateway().operations.sendEvents(
      tester,
      amounts.map((amount) => ({ topic, payload: { amount } })),
    );
    expect(outcome.events.map((event) => event !== null)).toEqual([true, false, true, false]);
    expect(outcome.errors).toMatchObject([
      { index: 1, ...mismatch, details: { path: 'payload/amount' } },
      { index: 3, ...mismatch, details: { path: 'payload/amount' } },
    ]);
  });

  test('reaches nobody who watches, where it is not to be stored', async () => {
    const topic = await orders();
    const query = `subscription { eventFeed(filter: {topics: ["${topic}"]}) { event { payload } } }`;
    const reader = await gateway().subscribe<any>(query);
    const refused = gateway().send({ topic, store: false, payload: { amount: '1' } });
    expect(await refusalOf(refused)).toMatchObject(mismatch);
    await gateway().send({ topic, store: false, payload: { amount: 2 } });
    expect((await reader.next()).eventFeed.event.payload).toEqual({ amount: 2 });
    await reader.stop();
  });

  test('replaces nothing, and is refused also where its hash is known', async () => {
    const topic = await orders();
    const hash = fresh('hash');
    const id = await gateway().send({ topic, hash, payload: { amount: 1 } });
    for (const onDuplicate of ['REPLACE', 'RETURN'] as const) {
      const refused = gateway().send({ topic, hash, onDuplicate, payload: { amount: '2' } });
      expect(await refusalOf(refused)).toMatchObject(mismatch);
    }
    expect((await gateway().read(id)).payload).toEqual({ amount: 1 });
    expect(await gateway().send({ topic, hash, onDuplicate: 'REPLACE', payload: { amount: 2 } })).toBe(id);
    expect((await gateway().read(id)).payload).toEqual({ amount: 2 });
  });

  test('takes the place of no payload or summary that is there', async () => {
    const topic = await orders({ summarySchema: { required: ['short'] } });
    const sent = { topic, payload: { amount: 1 }, summary: { short: 'one' } };
    const id = await gateway().send(sent);
    const { operations } = gateway();
    const refused = operations.updateEvent(tester, { id, status: 'RESTARTED', payload: {} });
    expect(await refusalOf(refused)).toMatchObject({ ...mismatch, details: { topic, path: 'payload' } });
    expect(await gateway().read(id)).toMatchObject({ status: 'FINISHED', payload: { amount: 1 } });
    const outcome = await operations.updateEvents(tester, [
      { id, summary: {} },
      { id, description: 'changed' },
      { id: await gateway().send({ topic: 'free' }), payload: {} },
    ]);
    expect(outcome.errors).toMatchObject([{ index: 0, ...mismatch, details: { path: 'summary' } }]);
    await operations.updateEvent(tester, { id, payload: { amount: 2 }, summary: { short: 'two' } });
    expect(await gateway().read(id)).toMatchObject({ payload: { amount: 2 }, summary: { short: 'two' } });
    const nobody = '0195f000-0000-7000-8000-000000000001';
    expect(await refusalOf(operations.updateEvent(tester, { id: nobody, payload: {} }))).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('is no payload of a job, which begins with none', async () => {
    const target = await orders();
    const source = fresh('source');
    await gateway().send({ topic: source });
    const { operations } = gateway();
    const asked = { sourceTopics: [source], targetTopic: target, worker: 'w' };
    const [job] = await operations.enroll(tester, asked, 1);
    const { attempt, event } = job!;
    const refused = operations.updateEvent(tester, { id: event.id, attempt, payload: { amount: 'x' } });
    expect(await refusalOf(refused)).toMatchObject(mismatch);
    await operations.updateEvent(tester, {
      id: event.id,
      attempt,
      payload: { amount: 1 },
      status: 'FINISHED',
    });
  });

  test('is stored already and stays, when its topic is declared later', async () => {
    const topic = fresh('order');
    const id = await gateway().send({ topic, payload: { old: true } });
    await declare(gateway(), topic, { payloadSchema: orderSchema });
    expect((await gateway().read(id)).payload).toEqual({ old: true });
    await gateway().operations.updateEvent(tester, { id, description: 'still' });
  });

  test('is left out as a tick, which is not tried again', async () => {
    const topic = await orders();
    const name = fresh('clock');
    const made = await createTrigger(gateway(), { name, topic, schedule: { cron: '* * * * *' } });
    let now = Date.parse(made.nextRun!);
    const { database, operations } = gateway();
    const logged: unknown[] = [];
    const logger = createLogger('silent');
    logger.warn = (...line: unknown[]) => void logged.push(line[1]);
    const scheduler = new Scheduler({ database, send: operations.sendEvent, logger, now: () => now });
    await scheduler.tick();
    now += 30_000;
    await scheduler.tick();
    expect(logged).toEqual(['a tick does not fit its topic and is left out']);
    await declare(gateway(), topic);
    now += 30_000;
    await scheduler.tick();
    await scheduler.stop();
    const payloads = (await eventsOf(gateway(), name)).map(({ payload }) => payload);
    expect(payloads).toEqual([{ scheduledAt: new Date(now).toISOString(), missed: 0 }]);
  });
});

describe('A declaration', () => {
  test('is not asked for where nothing is declared', async () => {
    const { DeclaredTopics } = await import('../../src/topics/declared-topics.ts');
    const unreachable = { query: () => Promise.reject(new Error('asked')) } as never;
    const topics = new DeclaredTopics({ database: unreachable, logger: createLogger('silent'), pollMs: 0 });
    expect(topics.any).toBe(false);
    topics.check('order.paid', { summary: 'not parsed', payload: 'not parsed' });
    await expect(topics.refresh()).rejects.toThrow('asked');
    topics.changed();
    await topics.stop();
  });
});
