// Plain queues: unfinished events of a topic that workers claim as they are, by priority.
import { beforeAll, expect, test } from 'vitest';
import { countStatements, describeDatabases } from '../support/database.ts';
import { type Composed, composedOnce, fresh, operationsOn, tester } from '../support/gateway.ts';
import { type Asked, correct, enroll, enrollMany, pass, take, update } from './support.ts';

describeDatabases('A plain queue', (backend) => {
  const once = composedOnce(backend);
  let gateway: Composed;
  beforeAll(() => {
    gateway = once();
  });

  const queue = (targetTopic: string, more: Partial<Asked> = {}): Asked => ({
    sourceTopics: null,
    targetTopic,
    ...more,
  });
  const put = (topic: string, input: object = {}) => gateway.send({ topic, finished: false, ...input });
  const idsOf = (jobs: readonly { event: { id: string } }[]) => jobs.map(({ event }) => event.id);

  test('hands out each unfinished event of its topic once, in the order in which they were sent, without a source', async () => {
    const topic = fresh('queue');
    const ids = [await put(topic, { payload: { n: 1 } }), await put(topic), await put(topic)];
    await gateway.send({ topic });
    const jobs = [
      ...(await enrollMany(gateway, queue(topic), 2)),
      ...(await enrollMany(gateway, queue(topic), 2)),
    ];
    expect(idsOf(jobs)).toEqual(ids);
    expect(jobs.map(({ source, attempt }) => [source, attempt])).toEqual([
      [null, 1],
      [null, 1],
      [null, 1],
    ]);
    expect(await enroll(gateway, queue(topic))).toBeNull();
  });

  test('keeps the sender of an event, and records who claimed it', async () => {
    const topic = fresh('queue');
    const id = await put(topic, { sender: 'shop', description: 'mail' });
    const job = await take(gateway, queue(topic, { worker: 'mailer', sender: 'mailer' }));
    expect(await gateway.read(id)).toMatchObject({ sender: 'shop', description: 'mail', status: 'PENDING' });
    await update(gateway, job, { status: 'IN_PROGRESS' });
    await update(gateway, job, { status: 'FINISHED', result: { ok: true } });
    expect(await gateway.read(id)).toMatchObject({
      status: 'FINISHED',
      sender: 'shop',
      result: { ok: true },
    });
    const history = (await gateway.operations.historiesOf([id], null)).get(id)!;
    expect(history.map(({ to, by, attempt }) => [to, by, attempt])).toEqual([
      ['PENDING', 'tester', null],
      ['PENDING', 'mailer', 1],
      ['IN_PROGRESS', 'mailer', 1],
      ['FINISHED', 'mailer', 1],
    ]);
  });

  test('hands out an event again after a failure, a lapsed lease, a release and a restart', async () => {
    const topic = fresh('queue');
    const id = await put(topic);
    const ask = queue(topic, { maxRetries: 2, retryDelayMs: 0 });
    const first = await take(gateway, ask);
    await update(gateway, first, { status: 'FAILED', error: { message: 'no' } });
    await pass(gateway, id);
    const second = await take(gateway, ask);
    expect([second.event.id, second.attempt, second.source]).toEqual([id, 2, null]);
    await gateway.operations.releaseJob(tester, id, 2);
    const third = await take(gateway, ask);
    expect(third.attempt).toBe(3);
    await pass(gateway, id);
    const fourth = await take(gateway, ask);
    expect(fourth.attempt).toBe(4);
    await update(gateway, fourth, { status: 'FAILED' });
    expect(await enroll(gateway, ask)).toBeNull();
    await correct(gateway, id, { status: 'RESTARTED' });
    expect((await take(gateway, ask)).attempt).toBe(5);
  });

  test('hands out an event that was restarted before any worker had it', async () => {
    const topic = fresh('queue');
    const id = await put(topic);
    await correct(gateway, id, { status: 'ABORTED' });
    expect(await enroll(gateway, queue(topic))).toBeNull();
    await correct(gateway, id, { status: 'RESTARTED' });
    expect((await take(gateway, queue(topic))).event.id).toBe(id);
  });

  test('hands out a scheduled event only when it is published', async () => {
    const topic = fresh('queue');
    const id = await put(topic, { hash: fresh('hash'), sendAt: new Date(Date.now() + 600) });
    expect(await enroll(gateway, queue(topic))).toBeNull();
    expect((await take(gateway, queue(topic, { waitMs: 20_000 }))).event.id).toBe(id);
  });

  test('wakes a waiting call for an event that is sent later', async () => {
    const topic = fresh('queue');
    const waiting = take(gateway, queue(topic, { waitMs: 20_000 }));
    const id = await put(topic);
    expect((await waiting).event.id).toBe(id);
  });

  test('hands out the higher priority first, whatever was read ahead', async () => {
    const topic = fresh('queue');
    const low = await put(topic, { priority: -5 });
    const normal = [await put(topic), await put(topic)];
    expect((await take(gateway, queue(topic))).event.id).toBe(normal[0]);
    const high = await put(topic, { priority: 7 });
    const jobs = await enrollMany(gateway, queue(topic), 10);
    expect(idsOf(jobs)).toEqual([high, normal[1], low]);
  });

  test('hands out retries by priority', async () => {
    const topic = fresh('queue');
    const ids = [await put(topic), await put(topic, { priority: 3 }), await put(topic, { priority: -1 })];
    for (const job of await enrollMany(gateway, queue(topic), 3)) {
      await gateway.operations.releaseJob(tester, job.event.id, job.attempt);
    }
    const again = [
      await take(gateway, queue(topic)),
      await take(gateway, queue(topic)),
      await take(gateway, queue(topic)),
    ];
    expect(idsOf(again)).toEqual([ids[1], ids[0], ids[2]]);
  });

  test('hands out only what its filters select', async () => {
    const topic = fresh('queue');
    const [a, b] = [await put(topic, { payload: { n: 1 } }), await put(topic, { payload: { n: 2 } })];
    const where = queue(topic, { where: 'data.n * 2 == 4' });
    expect((await take(gateway, where)).event.id).toBe(b);
    expect(await enroll(gateway, where)).toBeNull();
    const filter = { conditions: [{ key: 'payload/n', comparison: 'EQ' as const, value: 1 }] };
    expect((await take(gateway, queue(topic, { filter }))).event.id).toBe(a);
  });

  test('does not test an event again that its filter rejected, until the event changes', async () => {
    const topic = fresh('queue');
    const database = countStatements(gateway.database);
    const alone = await operationsOn(database);
    try {
      const ids = await Promise.all(Array.from({ length: 30 }, () => put(topic, { payload: { n: 1 } })));
      const ask = queue(topic, { where: 'data.n + 0 == 2' });
      expect(await enroll(alone, ask)).toBeNull();
      database.statements.length = 0;
      expect(await enroll(alone, ask)).toBeNull();
      expect(database.statements.filter((text) => text.includes('payload AS "payload"'))).toEqual([]);
      await correct(gateway, ids[7]!, { payload: { n: 2 } });
      expect((await take(alone, ask)).event.id).toBe(ids[7]);
    } finally {
      await alone.stop();
    }
  });

  test('runs one at a time if it is sequential', async () => {
    const topic = fresh('queue');
    const ids = [await put(topic), await put(topic)];
    const ask = queue(topic, { sequential: true });
    const first = await take(gateway, ask);
    expect(await enroll(gateway, ask)).toBeNull();
    await update(gateway, first, { status: 'FINISHED' });
    const second = await take(gateway, ask);
    expect(idsOf([first, second])).toEqual(ids);
  });

  test('hands out an event that was sent with a parent under the topic of jobs', async () => {
    const [source, topic] = [fresh('source'), fresh('target')];
    const parent = await gateway.send({ topic: source });
    const job = await take(gateway, { sourceTopics: [source], targetTopic: topic });
    const orphan = await put(topic, { dependsOn: parent });
    const queued = await take(gateway, queue(topic));
    expect(queued.event.id).toBe(orphan);
    await update(gateway, job, { status: 'FINISHED' });
    await update(gateway, queued, { status: 'FINISHED' });
  });

  test('gives each event to one of many workers at two gateways', async () => {
    const topic = fresh('queue');
    const other = await operationsOn(gateway.database);
    try {
      const ids = await Promise.all(Array.from({ length: 60 }, () => put(topic)));
      const claims = await Promise.all(
        Array.from({ length: 80 }, (_, n) =>
          enroll(n % 2 ? gateway : other, queue(topic, { worker: `w${n}` })),
        ),
      );
      const got = idsOf(claims.filter((claim) => claim !== null));
      expect([...got].sort()).toEqual([...ids].sort());
    } finally {
      await other.stop();
    }
  });

  test('takes priorities of −100 to 100 only', async () => {
    for (const priority of [-101, 101, 1.5]) {
      await expect(put(fresh('queue'), { priority })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    }
  });
});
