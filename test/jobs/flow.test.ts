// Flow control: limits of a consumer at once, at once per key and per time, over gateways and restarts.
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import type { Enrollment } from '../../src/operations/operations.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { type Asked, enroll, enrollMany, pass, take, update } from './support.ts';

const keyOf = async (gateway: Composed, { source }: Enrollment) =>
  ((await gateway.read(source!.id)).payload as { k?: string }).k;

describeDatabases('The flow of a consumer', (backend) => {
  const once = composedOnce(backend);
  let gateway: Composed;
  beforeAll(() => {
    gateway = once();
  });

  function limited(flow: Asked['flow'], more: Partial<Asked> = {}) {
    const [topic, targetTopic] = [fresh('source'), fresh('target')];
    const ask: Asked = {
      consumer: fresh('name'),
      sourceTopics: [topic],
      targetTopic,
      flow: flow ?? null,
      ...more,
    };
    const send = (k: string) => gateway.send({ topic, payload: { k } });
    return { ask, send, topic, targetTopic };
  }

  test('limits how many jobs are held at once; the end of one lets the next one out', async () => {
    const { ask, send } = limited({ maxConcurrent: 2 });
    for (let n = 0; n < 5; n += 1) await send('a');
    const jobs = await enrollMany(gateway, ask, 10);
    expect(jobs).toHaveLength(2);
    expect(await enroll(gateway, ask)).toBeNull();
    const waiting = take(gateway, { ...ask, waitMs: 20_000 });
    await update(gateway, jobs[0]!, { status: 'FINISHED' });
    await waiting;
    expect(await enroll(gateway, ask)).toBeNull();
  });

  test('counts lapsed and failed jobs as free, and retries as held', async () => {
    const { ask, send } = limited({ maxConcurrent: 1 }, { retryDelayMs: 0 });
    await send('a');
    await send('a');
    const first = await take(gateway, ask);
    await pass(gateway, first.event.id);
    const second = await take(gateway, ask);
    expect(second).toMatchObject({ event: { id: first.event.id }, attempt: 2 });
    expect(await enroll(gateway, ask)).toBeNull();
    await update(gateway, second, { status: 'FAILED' });
    await pass(gateway, first.event.id);
    expect((await take(gateway, ask)).attempt).toBe(3);
    expect(await enroll(gateway, ask)).toBeNull();
  });

  test('limits how many jobs of one key are held at once, and is fair between keys', async () => {
    const { ask, send } = limited({ maxConcurrentPerKey: 2, key: 'data.k' });
    for (const k of ['a', 'a', 'a', 'a', 'a', 'b', 'c', 'c', 'c']) await send(k);
    const jobs = await enrollMany(gateway, ask, 3);
    expect(await Promise.all(jobs.map((job) => keyOf(gateway, job)))).toEqual(['a', 'b', 'c']);
    const more = await enrollMany(gateway, ask, 10);
    expect((await Promise.all(more.map((job) => keyOf(gateway, job)))).sort()).toEqual(['a', 'c']);
    expect(await enroll(gateway, ask)).toBeNull();
    await update(gateway, jobs[0]!, { status: 'FINISHED' });
    expect(await keyOf(gateway, await take(gateway, ask))).toBe('a');
  });

  test('gives events on which the key fails one key', async () => {
    const { ask, topic } = limited({ maxConcurrentPerKey: 1, key: 'data.k' });
    for (const payload of [{}, { k: [1] }, { k: null }, { k: 1 }]) await gateway.send({ topic, payload });
    expect(await enrollMany(gateway, ask, 10)).toHaveLength(2);
  });

  test('limits claims per time', async () => {
    const { ask, send } = limited({ rateLimit: { count: 2, perSeconds: 3 } });
    for (let n = 0; n < 3; n += 1) await send('a');
    const began = Date.now();
    for (const job of await enrollMany(gateway, ask, 10)) await update(gateway, job, { status: 'FINISHED' });
    expect(await enroll(gateway, ask)).toBeNull();
    await take(gateway, { ...ask, waitMs: 20_000 });
    expect(Date.now() - began).toBeGreaterThan(2_900);
  });

  test('limits plain queues as well', async () => {
    const queue = fresh('queue');
    for (let n = 0; n < 4; n += 1)
      await gateway.send({ topic: queue, finished: false, payload: { k: n % 2 } });
    const flow = { maxConcurrent: 3, maxConcurrentPerKey: 1, key: 'data.k' };
    const ask: Asked = { sourceTopics: null, targetTopic: queue, flow };
    expect(await enrollMany(gateway, ask, 10)).toHaveLength(2);
    expect(await enroll(gateway, ask)).toBeNull();
  });

  test('is that of the latest call or of setConsumerFlow, and stays without either', async () => {
    const { ask, send, targetTopic } = limited({ maxConcurrent: 1 });
    for (let n = 0; n < 6; n += 1) await send('a');
    expect(await enrollMany(gateway, ask, 10)).toHaveLength(1);
    expect(await enrollMany(gateway, { ...ask, flow: null }, 10)).toHaveLength(0);
    expect(await enrollMany(gateway, { ...ask, flow: { maxConcurrent: 2 } }, 10)).toHaveLength(1);
    const { operations } = gateway;
    const { id, flow } = (await operations.consumers({ targetTopic })).rows[0]!.row;
    expect(flow).toEqual({ maxConcurrent: 2, maxConcurrentPerKey: null, key: null, rateLimit: null });
    const waiting = take(gateway, { ...ask, flow: null, waitMs: 20_000 });
    expect(await operations.setConsumerFlow(id, { maxConcurrent: 3 })).toMatchObject({
      flow: { maxConcurrent: 3 },
    });
    await waiting;
    await operations.setConsumerFlow(id, {});
    expect(await enrollMany(gateway, { ...ask, flow: null }, 10)).toHaveLength(3);
  });

  test('is refused where it is not valid', async () => {
    const refused = async (flow: NonNullable<Asked['flow']>) =>
      (await refusalOf(enroll(gateway, limited(flow).ask))).code;
    expect(await refused({ maxConcurrent: 0 })).toBe('BAD_USER_INPUT');
    expect(await refused({ maxConcurrentPerKey: 1 })).toBe('BAD_USER_INPUT');
    expect(await refused({ key: 'data.k' })).toBe('BAD_USER_INPUT');
    expect(await refused({ key: 'data.', maxConcurrentPerKey: 1 })).toBe('INVALID_FILTER');
    expect(await refused({ rateLimit: { count: 1, perSeconds: 0 } })).toBe('BAD_USER_INPUT');
  });

  test('holds in sequential and sticky calls', async () => {
    const { ask, send } = limited({ maxConcurrent: 1 });
    await send('a');
    await send('a');
    const first = await take(gateway, { ...ask, sticky: true, worker: 'w' });
    expect(await take(gateway, { ...ask, sticky: true, worker: 'w' })).toMatchObject({
      event: { id: first.event.id },
    });
    expect(await enroll(gateway, { ...ask, sequential: true })).toBeNull();
  });
});

describePostgres('The flow of a consumer at two gateways', (backend) => {
  const once = composedOnce(backend);

  test('is never exceeded, whatever is claimed, finished, released and lapsed at the same time', async () => {
    const gateway = once();
    const other = await operationsOn(gateway.database);
    const step = fc.record({
      at: fc.boolean(),
      count: fc.integer({ min: 1, max: 8 }),
      end: fc.constantFrom('FINISHED', 'FAILED', 'release', 'lapse', 'none'),
    });
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 4, maxLength: 12 }),
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 3 }),
          async (steps, maxConcurrent, maxConcurrentPerKey) => {
            const [topic, targetTopic] = [fresh('source'), fresh('target')];
            const flow = { maxConcurrent, maxConcurrentPerKey, key: 'data.k' };
            const ask: Asked = {
              consumer: fresh('name'),
              sourceTopics: [topic],
              targetTopic,
              flow,
              retryDelayMs: 0,
            };
            await gateway.operations.sendEvents(
              tester,
              Array.from({ length: 40 }, (_, n) => ({ topic, payload: { k: `${n % 5}` } })),
            );
            const held = async () =>
              gateway.database.query<{ key: string; count: number }>({
                text: `SELECT flow_key AS key, count(*)::int4 AS count FROM jobs
                  WHERE target = $1 AND worker IS NOT NULL AND ready_at > now() GROUP BY 1`,
                values: [targetTopic],
              });
            const check = async () => {
              const rows = await held();
              expect(rows.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(maxConcurrent);
              for (const { count } of rows) expect(count).toBeLessThanOrEqual(maxConcurrentPerKey);
            };
            await Promise.all(
              steps.map(async ({ at, count, end }) => {
                const jobs = await enrollMany(at ? gateway : other, ask, count);
                await check();
                for (const job of jobs) {
                  if (end === 'none') continue;
                  if (end === 'lapse') await pass(gateway, job.event.id);
                  else if (end === 'release')
                    await gateway.operations.releaseJob(tester, job.event.id, job.attempt);
                  else await update(gateway, job, { status: end });
                }
                await enrollMany(at ? other : gateway, ask, count);
                await check();
              }),
            );
          },
        ),
        { numRuns: 15 },
      );
    } finally {
      await other.stop();
    }
  });

  test('is taken over by the other gateway', async () => {
    const gateway = once();
    const other = await operationsOn(gateway.database);
    try {
      const [topic, targetTopic] = [fresh('source'), fresh('target')];
      const ask: Asked = { consumer: fresh('name'), sourceTopics: [topic], targetTopic };
      for (let n = 0; n < 6; n += 1) await gateway.send({ topic });
      expect(await enroll(other, ask)).not.toBeNull();
      expect(await enroll(gateway, { ...ask, flow: { maxConcurrent: 2 } })).not.toBeNull();
      await other.jobs.sweep();
      expect(await enrollMany(other, ask, 5)).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});
