// Waiting for a job: woken by what happens, in order, and leaving no claim behind.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { correct, enroll, enrollMany, pass, take, update } from './support.ts';

describeDatabases('a call that waits', (backend) => {
  const gateway = composedOnce(backend);

  const newAsk = () => ({
    sourceTopics: [fresh('source')],
    targetTopic: fresh('target'),
    waitMs: 60_000,
  });

  test('gets the job of the next source, without waiting to the end', async () => {
    const asked = newAsk();
    const waiting = enroll(gateway(), asked);
    const source = await gateway().send({ topic: asked.sourceTopics[0]! });
    expect((await waiting)?.source!.id).toBe(source);
  });

  test('gets nothing where nothing comes in time', async () => {
    expect(await enroll(gateway(), { ...newAsk(), waitMs: 50 })).toBeNull();
  });

  test('makes twenty pairs of twenty and twenty sources', async () => {
    const asked = newAsk();
    const waiting = Array.from({ length: 20 }, (_, n) => enroll(gateway(), { ...asked, worker: `w-${n}` }));
    const sources = await Promise.all(
      Array.from({ length: 20 }, () => gateway().send({ topic: asked.sourceTopics[0]! })),
    );
    const jobs = await Promise.all(waiting);
    expect(jobs.map((job) => job?.source?.id).sort()).toEqual(sources.sort());
  });

  test('is served in the order of arrival', async () => {
    const asked = newAsk();
    const order: number[] = [];
    const waiting = Array.from({ length: 5 }, async (_, n) => {
      const job = await enroll(gateway(), { ...asked, worker: `w-${n}` });
      order.push(n);
      return job;
    });
    for (let n = 0; n < 5; n++) {
      await gateway().send({ topic: asked.sourceTopics[0]! });
      await Promise.race(waiting.slice(n, n + 1));
    }
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  test('is woken by a job that is given back, restarted, or fails without a pause', async () => {
    const asked = newAsk();
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const { operations, caller } = gateway();
    const first = await take(gateway(), asked);
    const second = enroll(gateway(), { ...asked, retryDelayMs: 0 });
    await operations.releaseJob(caller, first.event.id, 1);
    expect(await second).toMatchObject({ attempt: 2 });
    const third = enroll(gateway(), asked);
    await update(gateway(), (await second)!, { status: 'FAILED' });
    expect(await third).toMatchObject({ attempt: 3 });
    await update(gateway(), (await third)!, { status: 'FINISHED' });
    const fourth = enroll(gateway(), asked);
    await correct(gateway(), first.event.id, { status: 'RESTARTED' });
    expect(await fourth).toMatchObject({ attempt: 4 });
  });

  test('is woken when somebody without the lease changes the job', async () => {
    const asked = newAsk();
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const first = await take(gateway(), asked);
    const second = enroll(gateway(), asked);
    await correct(gateway(), first.event.id, { description: 'look here' });
    expect(await second).toMatchObject({ event: { id: first.event.id }, attempt: 2 });
  });

  test('is woken when a lease ends, and when a pause does', async () => {
    const asked = newAsk();
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const first = await take(gateway(), { ...asked, leaseMs: 1_000 });
    const second = await take(gateway(), { ...asked, retryDelayMs: 100 });
    expect(second).toMatchObject({ event: { id: first.event.id }, attempt: 2 });
    const third = enroll(gateway(), asked);
    await update(gateway(), second, { status: 'FAILED' });
    expect(await third).toMatchObject({ attempt: 3 });
  });

  test('is woken when a lease ends that its holder shortened', async () => {
    const asked = newAsk();
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const first = await take(gateway(), asked);
    const second = enroll(gateway(), asked);
    // It has looked, and counts on a minute.
    await enroll(gateway(), { ...asked, waitMs: 0 });
    const { until } = await gateway().operations.extendLease(first.event.id, 1, 1_000);
    expect(until.getTime()).toBeLessThan(first.leaseUntil.getTime());
    expect(await second).toMatchObject({ event: { id: first.event.id }, attempt: 2 });
  });

  test('finds what a clock that jumps has made ready, although no alarm rings for it', async () => {
    const asked = newAsk();
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const first = await take(gateway(), { ...asked, leaseMs: 3_000 });
    const second = enroll(gateway(), asked);
    await delay(500);
    const text = `UPDATE jobs SET ready_at = now() - interval '30 seconds' WHERE event_id = $1`;
    await gateway().database.query({ text, values: [first.event.id] });
    expect(await second).toMatchObject({ event: { id: first.event.id }, attempt: 2 });
  });

  test('lets the log go when it has ended, also where it was served out of what was read ahead', async () => {
    const asked = newAsk();
    const { operations, caller, tail } = gateway();
    const inputs = Array.from({ length: 5 }, () => ({ topic: asked.sourceTopics[0]! }));
    await operations.sendEvents(caller, inputs);
    const first = enroll(gateway(), asked);
    for (let turns = 0; turns < 2; turns += 1) await new Promise(setImmediate);
    // While the first one reads ahead.
    await Promise.all([first, enroll(gateway(), asked)]);
    await vi.waitFor(() => expect(() => tail.position).toThrow('not held'), { timeout: 20_000 });
  });

  test('is woken by the end of the sequential job before', async () => {
    const asked = { ...newAsk(), sequential: true };
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const next = await gateway().send({ topic: asked.sourceTopics[0]! });
    const first = await take(gateway(), asked);
    const second = enroll(gateway(), asked);
    await update(gateway(), first, { status: 'FINISHED' });
    expect((await second)?.source!.id).toBe(next);
  });

  test('takes many at once, as many as there are when there is one', async () => {
    const asked = newAsk();
    const waiting = enrollMany(gateway(), asked, 100);
    await gateway().operations.sendEvents(
      tester,
      Array.from({ length: 3 }, () => ({ topic: asked.sourceTopics[0]! })),
    );
    expect((await waiting).length).toBeGreaterThan(0);
  });

  test('is refused where too much is asked, before it waits', async () => {
    const refused = await refusalOf(enroll(gateway(), { ...newAsk(), waitMs: 60_001 }));
    expect(refused.message).toMatch(/waitMs is 60001; 0 to 60000 is allowed/);
  });

  test('leaves no claim behind when its client has gone', async () => {
    const asked = newAsk();
    const going = new AbortController();
    const gone = enroll(gateway(), asked, { ...tester, signal: going.signal });
    const staying = enroll(gateway(), asked);
    going.abort();
    expect(await gone).toBeNull();
    const source = await gateway().send({ topic: asked.sourceTopics[0]! });
    expect((await staying)?.source!.id).toBe(source);
  });

  test('gives a job back that was claimed for a client that has gone meanwhile', async () => {
    const asked = newAsk();
    await gateway().send({ topic: asked.sourceTopics[0]! });
    const going = new AbortController();
    const claimed = await enroll(gateway(), { ...asked, maxRetries: 0 }, { ...tester, signal: going.signal });
    const waiting = enroll(gateway(), asked);
    going.abort();
    expect(await waiting).toMatchObject({ event: { id: claimed?.event.id }, attempt: 2 });
    expect((await gateway().read(claimed!.event.id)).retries).toBe(0);
  });
});

describeDatabases('a gateway that takes no more writes at the moment', (backend) => {
  test('answers with all the jobs that it did claim', async () => {
    const database = await backend.open();
    const gateway = await operationsOn(database);
    const narrow = await operationsOn(database, { queueLimit: 4 });
    for (let n = 0; n < 10; n++) await gateway.send({ topic: 'source' });
    const held = await enrollMany(gateway, { targetTopic: 'target' }, 10);
    for (const { event } of held) await pass(gateway, event.id);
    for (const asked of [{ targetTopic: 'target' }, { targetTopic: 'another' }]) {
      const jobs = await enrollMany(narrow, { ...asked, worker: 'narrow' }, 10);
      expect(jobs.length).toBeGreaterThan(0);
      const text = `SELECT event_id AS id FROM jobs WHERE worker = 'narrow' AND target = $1`;
      const rows = await database.query<{ id: string }>({ text, values: [asked.targetTopic] });
      expect(rows.map(({ id }) => id).sort()).toEqual(jobs.map(({ event }) => event.id).sort());
    }
    for (const one of [narrow, gateway]) await one.stop();
  });
});

describeDatabases('a gateway that stops', (backend) => {
  test('answers waiting calls with nothing, and takes no more', async () => {
    const gateway = await operationsOn(await backend.open());
    const waiting = enroll(gateway, { targetTopic: 'target', waitMs: 60_000 });
    await gateway.send();
    await gateway.jobs.stop();
    expect(await waiting).toBeNull();
    expect((await refusalOf(enroll(gateway, { targetTopic: 'target' }))).code).toBe('SHUTTING_DOWN');
    await gateway.stop();
  });

  test('has written down what it passed over', async () => {
    const database = await backend.open();
    const first = await operationsOn(database);
    for (let n = 0; n < 50; n++) await first.send({ topic: 'source', senderType: 'robot' });
    const asked = { targetTopic: 'target', ignoreSenderTypes: ['robot'] };
    expect(await enroll(first, asked)).toBeNull();
    const position = await first.operations.position();
    await first.stop();
    const [cursor] = await database.query<{ position: bigint }>({
      text: 'SELECT position FROM consumer_positions',
      values: [],
    });
    expect(cursor?.position).toBe(position);
  });
});

describePostgres('calls that wait at two gateways', (backend) => {
  test('get each source once', async () => {
    const gateways = [
      await operationsOn(await backend.open()),
      await operationsOn(await backend.openAnother()),
    ] as [Composed, Composed];
    const asked = { targetTopic: 'target', waitMs: 60_000 };
    const waiting = Array.from({ length: 40 }, (_, n) =>
      enroll(gateways[n % 2]!, { ...asked, worker: `w-${n}` }),
    );
    const sources: string[] = [];
    for (let n = 0; n < 40; n++) sources.push(await gateways[0].send({ topic: 'source' }));
    const jobs = await Promise.all(waiting);
    expect(jobs.map((job) => job?.source?.id).sort()).toEqual(sources.sort());
    for (const gateway of gateways) await gateway.stop();
  });
});

describePostgres('a lease that is shortened at one gateway', (backend) => {
  test('wakes calls that wait at another', async () => {
    const [here, there] = [
      await operationsOn(await backend.open()),
      await operationsOn(await backend.openAnother()),
    ];
    const told = vi.spyOn(there.jobs, 'wakeIn');
    await here.send({ topic: 'source' });
    const first = await take(here, { targetTopic: 'target' });
    const second = enroll(there, { targetTopic: 'target', waitMs: 60_000 });
    await here.operations.extendLease(first.event.id, 1, 1_000);
    await vi.waitFor(() => expect(told).toHaveBeenCalledWith('target', 1_000), { timeout: 30_000 });
    expect(await second).toMatchObject({ event: { id: first.event.id }, attempt: 2 });
    for (const gateway of [here, there]) await gateway.stop();
  });
});

describePostgres('a call that waits for nothing', (backend) => {
  test('asks the database nothing while nothing happens', async () => {
    const database = countStatements(await backend.open());
    const gateway = await operationsOn(database);
    const going = new AbortController();
    const waiting = enroll(
      gateway,
      { targetTopic: 'target', waitMs: 60_000 },
      { ...tester, signal: going.signal },
    );
    for (let before = -1; before !== database.statements.length;) {
      before = database.statements.length;
      await delay(300);
    }
    const asked = database.statements.length;
    await delay(1_500);
    expect(database.statements.length).toBe(asked);
    going.abort();
    expect(await waiting).toBeNull();
    await gateway.stop();
  });
});
