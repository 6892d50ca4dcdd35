// Leases: one holder at a time, fenced by the attempt; lost, kept, given back.
import { expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { codeOf, composedOnce, fresh, refusalOf } from '../support/gateway.ts';
import { correct, enroll, pass, readyInMs, take, update } from './support.ts';

describeDatabases('a lease', (backend) => {
  const gateway = composedOnce(backend);

  async function newJob(more: Partial<Parameters<typeof take>[1]> = {}) {
    const asked = { sourceTopics: [fresh('source')], targetTopic: fresh('target'), ...more };
    await gateway().send({ topic: asked.sourceTopics![0]! });
    return { asked, job: await take(gateway(), { worker: 'first', ...asked }) };
  }

  async function leaseOf(id: string) {
    return (await gateway().operations.leasesOf([id])).get(id) ?? null;
  }

  test('is the worker’s until it ends', async () => {
    const { job, asked } = await newJob({ leaseMs: 5_000 });
    expect(await leaseOf(job.event.id)).toEqual({ worker: 'first', attempt: 1, until: job.leaseUntil });
    expect(await enroll(gateway(), asked)).toBeNull();
    await pass(gateway(), job.event.id);
    expect(await leaseOf(job.event.id)).toBeNull();
    const second = await take(gateway(), { ...asked, worker: 'second' });
    expect(second).toMatchObject({ event: { id: job.event.id }, attempt: 2 });
    expect(second.source!.id).toBe(job.source!.id);
    expect(await gateway().read(job.event.id)).toMatchObject({
      status: 'PENDING',
      retries: 1,
      sender: 'second',
    });
  });

  test('that was lost lets its holder change nothing', async () => {
    const { job, asked } = await newJob();
    await update(gateway(), job, { status: 'IN_PROGRESS' });
    await pass(gateway(), job.event.id);
    const refused = await refusalOf(update(gateway(), job, { status: 'FINISHED', result: 1 }));
    expect(refused).toMatchObject({
      code: 'LEASE_LOST',
      details: { eventId: job.event.id, attempt: 1, status: 'IN_PROGRESS' },
    });
    const second = await take(gateway(), { ...asked, worker: 'second' });
    for (const change of [{ status: 'FINISHED' }, { description: 'x' }, { progress: 50 }, {}] as const) {
      expect((await refusalOf(update(gateway(), job, change))).code).toBe('LEASE_LOST');
    }
    await update(gateway(), second, { status: 'FINISHED', result: 2 });
    expect((await refusalOf(update(gateway(), second, { description: 'late' }))).code).toBe('LEASE_LOST');
    expect(await gateway().read(job.event.id)).toMatchObject({
      status: 'FINISHED',
      result: 2,
      description: '',
    });
    const history = (await gateway().operations.historiesOf([job.event.id])).get(job.event.id) ?? [];
    expect(history.map(({ to, attempt, by }) => [to, attempt, by])).toEqual([
      ['PENDING', 1, 'first'],
      ['IN_PROGRESS', 1, 'first'],
      ['PENDING', 2, 'second'],
      ['FINISHED', 2, 'second'],
    ]);
    expect(history[2]?.description).toContain('first');
  });

  test('is kept by heartbeats, which change no event', async () => {
    const { job, asked } = await newJob({ leaseMs: 2_000 });
    const before = await gateway().read(job.event.id);
    const position = await gateway().operations.position();
    const { operations } = gateway();
    const longer = await operations.extendLease(job.event.id, 1, 600_000);
    expect(longer.until.getTime() - job.leaseUntil.getTime()).toBeGreaterThan(590_000);
    const usual = await operations.extendLease(job.event.id, 1, null);
    expect(usual).toMatchObject({ worker: 'first', attempt: 1 });
    expect(usual.until.getTime()).toBeLessThan(longer.until.getTime() - 590_000);
    expect(await gateway().read(job.event.id)).toEqual(before);
    expect(await operations.position()).toBe(position);
    expect(await enroll(gateway(), asked)).toBeNull();
  });

  test('cannot be kept by who has lost it, nor where there is none', async () => {
    const { job } = await newJob();
    const { operations } = gateway();
    const extend = (id: string, attempt: number) => refusalOf(operations.extendLease(id, attempt, null));
    expect((await extend(job.event.id, 2)).code).toBe('LEASE_LOST');
    await pass(gateway(), job.event.id);
    expect((await extend(job.event.id, 1)).code).toBe('LEASE_LOST');
    expect((await extend(job.source!.id, 1)).code).toBe('LEASE_LOST');
    expect((await extend('00000000-0000-7000-8000-000000000000', 1)).code).toBe('NOT_FOUND');
    const refused = operations.updateEvent(gateway().caller, {
      id: job.source!.id,
      attempt: 1,
      description: 'x',
    });
    expect((await refusalOf(refused)).code).toBe('LEASE_LOST');
  });

  test('that is given back makes the job anybody’s at once, and is not counted', async () => {
    const { job, asked } = await newJob({ maxRetries: 0 });
    await update(gateway(), job, { status: 'IN_PROGRESS' });
    await gateway().operations.releaseJob(gateway().caller, job.event.id, 1);
    expect(await gateway().read(job.event.id)).toMatchObject({ status: 'PENDING', retries: 0 });
    expect((await refusalOf(update(gateway(), job, { status: 'FINISHED' }))).code).toBe('LEASE_LOST');
    const again = await take(gateway(), { ...asked, worker: 'second' });
    expect(again).toMatchObject({ event: { id: job.event.id }, attempt: 2 });
    expect((await gateway().read(job.event.id)).retries).toBe(0);
    const { operations, caller } = gateway();
    expect((await refusalOf(operations.releaseJob(caller, job.event.id, 1))).code).toBe('LEASE_LOST');
  });

  test('ends when somebody without it changes the job', async () => {
    for (const change of [
      { description: 'look here' },
      { status: 'IN_PROGRESS' },
      { payload: { a: 2 } },
    ] as const) {
      const { job, asked } = await newJob();
      await correct(gateway(), job.event.id, change);
      expect(await leaseOf(job.event.id)).toBeNull();
      expect((await refusalOf(update(gateway(), job, { status: 'FINISHED' }))).code).toBe('LEASE_LOST');
      expect(await enroll(gateway(), asked)).toMatchObject({ event: { id: job.event.id }, attempt: 2 });
      expect((await gateway().read(job.event.id)).retries).toBe(0);
    }
  });

  test('is not ended by progress alone', async () => {
    const { job } = await newJob();
    await correct(gateway(), job.event.id, { progress: 10 });
    await update(gateway(), job, { progress: 20, description: 'halfway' });
    expect(gateway().operations.progressOf(job.event.id)).toBe(20);
    expect(await leaseOf(job.event.id)).not.toBeNull();
  });

  test('that was lost counts as a run even if somebody changed the job since', async () => {
    const { job, asked } = await newJob();
    await pass(gateway(), job.event.id);
    await correct(gateway(), job.event.id, { description: 'look here' });
    expect(await enroll(gateway(), asked)).toMatchObject({ attempt: 2 });
    expect((await gateway().read(job.event.id)).retries).toBe(1);
  });

  test('ends with the job’s abortion, which is final', async () => {
    const { job, asked } = await newJob();
    await correct(gateway(), job.event.id, { status: 'ABORTED' });
    expect((await refusalOf(update(gateway(), job, { status: 'FINISHED' }))).code).toBe('LEASE_LOST');
    await expect(gateway().operations.extendLease(job.event.id, 1, null)).rejects.toSatisfy(
      (error) => codeOf(error) === 'LEASE_LOST',
    );
    expect(await enroll(gateway(), asked)).toBeNull();
    expect(await readyInMs(gateway(), job.event.id)).toBeNull();
  });

  test('goes with its job when that is deleted', async () => {
    const { job, asked } = await newJob();
    await gateway().operations.deleteEvent(gateway().caller, job.event.id);
    expect((await refusalOf(update(gateway(), job, { status: 'FINISHED' }))).code).toBe('NOT_FOUND');
    expect(await enroll(gateway(), asked)).toBeNull();
  });
});
