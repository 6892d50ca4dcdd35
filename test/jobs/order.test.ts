// Sequential and sticky: one job of a target at a time, and a worker's own job again.
import { expect, test } from 'vitest';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { composedOnce, fresh, operationsOn } from '../support/gateway.ts';
import { correct, enroll, enrollMany, pass, take, update } from './support.ts';

describeDatabases('sequential jobs', (backend) => {
  const gateway = composedOnce(backend);

  async function ask(count: number, more: object = {}) {
    const asked = {
      sourceTopics: [fresh('source')],
      targetTopic: fresh('target'),
      sequential: true,
      ...more,
    };
    const sources: string[] = [];
    for (let n = 0; n < count; n++) sources.push(await gateway().send({ topic: asked.sourceTopics[0]! }));
    return { asked, sources };
  }

  test('are one at a time, in the order of their sources', async () => {
    const { asked, sources } = await ask(3);
    const done: string[] = [];
    for (const _ of sources) {
      const job = await take(gateway(), asked);
      expect(await enroll(gateway(), { ...asked, worker: 'another' })).toBeNull();
      await update(gateway(), job, { status: 'IN_PROGRESS' });
      expect(await enrollMany(gateway(), asked, 10)).toEqual([]);
      await update(gateway(), job, { status: 'FINISHED' });
      done.push(job.source!.id);
    }
    expect(done).toEqual(sources);
    expect(await enroll(gateway(), asked)).toBeNull();
  });

  test('wait for one that FAILED until it is exhausted', async () => {
    const { asked, sources } = await ask(2, { maxRetries: 1, retryDelayMs: 60_000 });
    const first = await take(gateway(), asked);
    await update(gateway(), first, { status: 'FAILED' });
    expect(await enroll(gateway(), asked)).toBeNull();
    await pass(gateway(), first.event.id);
    const again = await take(gateway(), asked);
    expect(again.event.id).toBe(first.event.id);
    await update(gateway(), again, { status: 'FAILED' });
    expect((await take(gateway(), asked)).source!.id).toBe(sources[1]);
  });

  test('go on past one that is ABORTED', async () => {
    const { asked, sources } = await ask(2);
    const first = await take(gateway(), asked);
    await correct(gateway(), first.event.id, { status: 'ABORTED' });
    expect((await take(gateway(), asked)).source!.id).toBe(sources[1]);
  });

  test('go on past one that was lost in its last run', async () => {
    const { asked, sources } = await ask(2, { maxRetries: 0 });
    const first = await take(gateway(), asked);
    await pass(gateway(), first.event.id);
    expect((await take(gateway(), asked)).source!.id).toBe(sources[1]);
    expect((await gateway().read(first.event.id)).status).toBe('FAILED');
  });

  test('that were given back or lost are first again', async () => {
    const { asked, sources } = await ask(2);
    const first = await take(gateway(), asked);
    await gateway().operations.releaseJob(gateway().caller, first.event.id, first.attempt);
    const second = await take(gateway(), asked);
    expect(second.source!.id).toBe(sources[0]);
    await pass(gateway(), second.event.id);
    expect(await enroll(gateway(), asked)).toMatchObject({ source: { id: sources[0] }, attempt: 3 });
  });

  test('that were restarted wait for the one that is held, then go first', async () => {
    const { asked, sources } = await ask(3);
    const first = await take(gateway(), asked);
    await update(gateway(), first, { status: 'FINISHED' });
    const second = await take(gateway(), asked);
    await correct(gateway(), first.event.id, { status: 'RESTARTED' });
    expect(await enroll(gateway(), asked)).toBeNull();
    await update(gateway(), second, { status: 'FINISHED' });
    expect((await take(gateway(), asked)).source!.id).toBe(sources[0]);
  });

  test('are one at a time, whatever consumers have calls at once', async () => {
    const { asked } = await ask(10);
    const asks = Array.from({ length: 20 }, (_, n) =>
      enroll(gateway(), { ...asked, worker: `w-${n}`, sourceTopics: [...asked.sourceTopics, `x-${n % 4}`] }),
    );
    expect((await Promise.all(asks)).filter((job) => job !== null)).toHaveLength(1);
  });
});

describePostgres('sequential jobs of two gateways', (backend) => {
  test('are one at a time', async () => {
    const gateways = [
      await operationsOn(await backend.open()),
      await operationsOn(await backend.openAnother()),
      await operationsOn(await backend.openAnother()),
    ];
    const asked = { sourceTopics: ['source', 'other'], targetTopic: 'target', sequential: true };
    for (let n = 0; n < 25; n++) await gateways[0]!.send({ topic: 'source' });
    for (let round = 0; round < 25; round++) {
      const asks = gateways.flatMap((gateway, n) => [
        enroll(gateway, { ...asked, worker: `a-${n}` }),
        enroll(gateway, { ...asked, worker: `b-${n}`, sourceTopics: ['source', `x-${n}`] }),
      ]);
      const jobs = (await Promise.all(asks)).filter((job) => job !== null);
      expect(jobs).toHaveLength(1);
      await update(gateways[0]!, jobs[0]!, { status: 'FINISHED' });
    }
    expect(await enroll(gateways[0]!, asked)).toBeNull();
    for (const gateway of gateways) await gateway.stop();
  });
});

describeDatabases('a sticky worker', (backend) => {
  const gateway = composedOnce(backend);

  async function ask(count: number) {
    const asked = {
      sourceTopics: [fresh('source')],
      targetTopic: fresh('target'),
      sticky: true,
      leaseMs: 5_000,
    };
    for (let n = 0; n < count; n++) await gateway().send({ topic: asked.sourceTopics[0]! });
    return asked;
  }

  test('gets its unfinished job again, under a fresh lease', async () => {
    const asked = await ask(2);
    const job = await take(gateway(), asked);
    await update(gateway(), job, { status: 'IN_PROGRESS' });
    const again = await take(gateway(), { ...asked, leaseMs: 60_000 });
    expect(again).toMatchObject({ event: { id: job.event.id }, attempt: 1 });
    expect(again.source!.id).toBe(job.source!.id);
    expect(again.leaseUntil.getTime()).toBeGreaterThan(job.leaseUntil.getTime() + 30_000);
    const other = await take(gateway(), { ...asked, worker: 'another' });
    expect(other.event.id).not.toBe(job.event.id);
    await update(gateway(), again, { status: 'FINISHED' });
    expect(await enroll(gateway(), asked)).toBeNull();
  });

  test('gets one that it has lost with the next attempt', async () => {
    const asked = await ask(1);
    const job = await take(gateway(), asked);
    await pass(gateway(), job.event.id);
    expect(await enroll(gateway(), asked)).toMatchObject({ event: { id: job.event.id }, attempt: 2 });
  });

  test('that asks for many gets its own first, then others', async () => {
    const asked = await ask(4);
    const own = await enrollMany(gateway(), asked, 2);
    const jobs = await enrollMany(gateway(), asked, 3);
    expect(jobs.slice(0, 2).map(({ event }) => event.id)).toEqual(own.map(({ event }) => event.id));
    expect(jobs).toHaveLength(3);
  });

  test('is one by its choice: others with the same name get another job each time', async () => {
    const asked = { ...(await ask(2)), sticky: false };
    const jobs = [await take(gateway(), asked), await take(gateway(), asked)];
    expect(jobs[0]!.event.id).not.toBe(jobs[1]!.event.id);
  });
});
