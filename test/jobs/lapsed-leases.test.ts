// Lapsed leases: ended by the gateway whether or not anybody enrolls, once, with an entry in the history.
import { expect, test, vi } from 'vitest';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedForEach, operationsOn, refusalOf } from '../support/gateway.ts';
import { enroll, enrollMany, pass, take, update } from './support.ts';

const asked = { targetTopic: 'target', worker: 'first' };

async function lapsedJob(gateway: Composed, more: Partial<Parameters<typeof take>[1]> = {}) {
  await gateway.send({ topic: 'source' });
  const job = await take(gateway, { ...asked, ...more });
  await update(gateway, job, { status: 'IN_PROGRESS' });
  await pass(gateway, job.event.id);
  return job;
}

async function historyOf({ operations }: Composed, id: string) {
  return (await operations.historiesOf([id])).get(id) ?? [];
}

describeDatabases('a lapsed lease', (backend) => {
  const gateway = composedForEach(backend);

  test('leaves its job PENDING where a run is left, and the history says whose it was and why', async () => {
    const job = await lapsedJob(gateway());
    await gateway().jobs.sweep();
    const event = await gateway().read(job.event.id);
    expect(event).toMatchObject({ status: 'PENDING', retries: 1, error: null });
    const last = (await historyOf(gateway(), event.id)).at(-1);
    expect(last).toMatchObject({ from: 'IN_PROGRESS', to: 'PENDING', attempt: 1, by: null });
    expect(last?.description).toBe('The lease of first (attempt 1) ended without an answer.');
  });

  test('leaves its job FAILED where none is left', async () => {
    const job = await lapsedJob(gateway(), { maxRetries: 0 });
    await gateway().jobs.sweep();
    const event = await gateway().read(job.event.id);
    expect(event).toMatchObject({ status: 'FAILED', retries: 0, error: { code: 'LEASE_EXPIRED' } });
    expect((await historyOf(gateway(), event.id)).at(-1)?.description).toContain('first');
  });

  test('is counted once, and its job is claimed as before', async () => {
    const job = await lapsedJob(gateway(), { maxRetries: 1 });
    for (let n = 0; n < 3; n++) await gateway().jobs.sweep();
    expect((await refusalOf(update(gateway(), job, { status: 'FINISHED' }))).code).toBe('LEASE_LOST');
    const second = await take(gateway(), { ...asked, worker: 'second', maxRetries: 1 });
    expect(second).toMatchObject({ event: { id: job.event.id }, attempt: 2 });
    expect((await gateway().read(job.event.id)).retries).toBe(1);
    await pass(gateway(), job.event.id);
    await gateway().jobs.sweep();
    expect(await gateway().read(job.event.id)).toMatchObject({ status: 'FAILED', retries: 1 });
    expect(await enroll(gateway(), asked)).toBeNull();
  });

  test('is no reason to touch a job whose lease runs, or that nobody holds', async () => {
    await gateway().send({ topic: 'source' });
    const { event, attempt } = await take(gateway(), asked);
    const position = await gateway().operations.position();
    await gateway().jobs.sweep();
    await gateway().operations.releaseJob(gateway().caller, event.id, attempt);
    await gateway().jobs.sweep();
    expect(await historyOf(gateway(), event.id)).toHaveLength(2);
    expect(await gateway().operations.position()).toBeGreaterThan(position);
  });

  test('is seen by those who watch', async () => {
    const job = await lapsedJob(gateway());
    const query = 'subscription($ids: [ID!]) { eventStatus(ids: $ids) { status } }';
    const reader = await gateway().subscribe<{ eventStatus: { status: string } }>(query, {
      ids: [job.event.id],
    });
    expect((await reader.next()).eventStatus.status).toBe('IN_PROGRESS');
    await gateway().jobs.sweep();
    expect((await reader.next()).eventStatus.status).toBe('PENDING');
    reader.stop();
  });

  test('is ended by a gateway that starts after it, without being asked', async () => {
    const job = await lapsedJob(gateway());
    gateway().jobs.start();
    const status = async () => (await gateway().read(job.event.id)).status;
    await vi.waitFor(async () => expect(await status()).toBe('PENDING'), { timeout: 20_000 });
  });
});

describePostgres('lapsed leases at two gateways', (backend) => {
  test('are each ended once', async () => {
    const here = await operationsOn(await backend.open());
    const there = await operationsOn(await backend.openAnother());
    for (let n = 0; n < 30; n++) await here.send({ topic: 'source' });
    const taken = await enrollMany(here, asked, 30);
    for (const job of taken) await update(here, job, { status: 'IN_PROGRESS' });
    for (const { event } of taken) await pass(here, event.id);
    const jobs = taken.map(({ event }) => event.id);
    await Promise.all([here, there, here, there].map(({ jobs }) => jobs.sweep()));
    for (const id of jobs) {
      expect((await historyOf(here, id)).map(({ to }) => to)).toEqual(['PENDING', 'IN_PROGRESS', 'PENDING']);
      expect((await here.read(id)).retries).toBe(1);
    }
    for (const gateway of [here, there]) await gateway.stop();
  });
});
