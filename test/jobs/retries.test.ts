// Retries: what comes back, when, how often, and what stays FAILED.
import { expect, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, refusalOf } from '../support/gateway.ts';
import { correct, enroll, enrollMany, pass, readyInMs, take, update } from './support.ts';

describeDatabases('a job that FAILED', (backend) => {
  const gateway = composedOnce(backend);

  async function ask(more: object = {}) {
    const asked = { sourceTopics: [fresh('source')], targetTopic: fresh('target'), ...more };
    await gateway().send({ topic: asked.sourceTopics[0]! });
    return asked;
  }

  /** Ids of the exhausted jobs of a target. */
  async function exhausted(target: string) {
    const { operations } = gateway();
    const order = { by: 'CREATED', direction: 'ASC' } as const;
    const page = await operations.listEvents({ topics: [target], exhausted: true }, order, {}, []);
    return page.rows.map(({ row }) => row.id);
  }

  test('comes back after its pause, with the retry and the attempt counted', async () => {
    const asked = await ask({ retryDelayMs: 60_000 });
    const job = await take(gateway(), asked);
    await update(gateway(), job, { status: 'FAILED', error: { message: 'no disk' } });
    expect(await gateway().read(job.event.id)).toMatchObject({ status: 'FAILED', retries: 0 });
    expect(await enroll(gateway(), asked)).toBeNull();
    await pass(gateway(), job.event.id);
    expect(await enroll(gateway(), asked)).toMatchObject({ event: { id: job.event.id }, attempt: 2 });
    const running = await gateway().read(job.event.id);
    expect(running).toMatchObject({ status: 'PENDING', retries: 1, finishedAt: null });
    expect(running.error).toMatchObject({ message: 'no disk' });
  });

  test('comes before sources that were read ahead', async () => {
    const asked = await ask({ retryDelayMs: 60_000 });
    for (let n = 0; n < 4; n++) await gateway().send({ topic: asked.sourceTopics[0]! });
    const [first, second] = [await take(gateway(), asked), await take(gateway(), asked)];
    await update(gateway(), first, { status: 'FAILED' });
    await pass(gateway(), first.event.id);
    const next = await Promise.all([take(gateway(), asked), take(gateway(), asked)]);
    const ids = [...next.map(({ event }) => event.id), (await take(gateway(), asked)).event.id];
    expect(ids).toContain(first.event.id);
    expect(ids.indexOf(first.event.id)).toBeLessThan(2);
    expect(new Set([...ids, second.event.id]).size).toBe(4);
  });

  test('pauses twice as long each time, with up to a quarter more by chance, up to an hour', async () => {
    const asked = await ask({ retryDelayMs: 10_000, maxRetries: 20 });
    const pauses: number[] = [];
    for (let run = 0; run < 12; run++) {
      const job = await take(gateway(), asked);
      await update(gateway(), job, { status: 'FAILED' });
      pauses.push((await readyInMs(gateway(), job.event.id)) ?? 0);
      await pass(gateway(), job.event.id);
    }
    for (const [n, pause] of pauses.entries()) {
      // What passed between the failure and the measurement makes it a little less.
      const least = Math.min(3_600_000, 10_000 * 2 ** n) - 5_000;
      expect(pause).toBeGreaterThan(least);
      expect(pause).toBeLessThanOrEqual(Math.min(3_600_000, 12_500 * 2 ** n));
    }
    const ratios = pauses.slice(0, 8).map((pause, n) => pause / (10_000 * 2 ** n));
    expect(new Set(ratios.map((ratio) => ratio.toFixed(3))).size).toBeGreaterThan(1);
  });

  test('runs maxRetries + 1 times in all, then stays FAILED and can be found', async () => {
    const asked = await ask({ maxRetries: 2, retryDelayMs: 0 });
    let runs = 0;
    let id = '';
    for (let job = await enroll(gateway(), asked); job; job = await enroll(gateway(), asked)) {
      runs += 1;
      expect(job.attempt).toBe(runs);
      id = job.event.id;
      expect(await exhausted(asked.targetTopic)).toEqual([]);
      await update(gateway(), job, { status: 'FAILED' });
    }
    expect(runs).toBe(3);
    expect(await gateway().read(id)).toMatchObject({ status: 'FAILED', retries: 2 });
    expect(await exhausted(asked.targetTopic)).toEqual([id]);
  });

  test('without retries runs once', async () => {
    const asked = await ask({ maxRetries: 0, retryDelayMs: 0 });
    const job = await take(gateway(), asked);
    await update(gateway(), job, { status: 'FAILED' });
    expect(await enroll(gateway(), asked)).toBeNull();
    expect(await exhausted(asked.targetTopic)).toEqual([job.event.id]);
  });

  test('is not exhausted while it waits, nor is an event that is no job', async () => {
    const asked = await ask({ retryDelayMs: 60_000 });
    const job = await take(gateway(), asked);
    await update(gateway(), job, { status: 'FAILED' });
    const plain = await gateway().send({ topic: asked.targetTopic, finished: false });
    await correct(gateway(), plain, { status: 'FAILED' });
    expect(await exhausted(asked.targetTopic)).toEqual([]);
  });

  test('counts a lost lease as a run, and fails for good by the last one', async () => {
    const asked = await ask({ maxRetries: 1 });
    const first = await take(gateway(), asked);
    await pass(gateway(), first.event.id);
    const second = await take(gateway(), asked);
    expect(second.attempt).toBe(2);
    await pass(gateway(), first.event.id);
    expect(await enroll(gateway(), asked)).toBeNull();
    const event = await gateway().read(first.event.id);
    expect(event).toMatchObject({ status: 'FAILED', retries: 1, error: { code: 'LEASE_EXPIRED' } });
    expect(event.finishedAt).not.toBeNull();
    expect(await exhausted(asked.targetTopic)).toEqual([event.id]);
  });

  test('by a lost lease is put down as FAILED also where nobody asks for it', async () => {
    const asked = await ask({ maxRetries: 0 });
    const job = await take(gateway(), asked);
    await gateway().jobs.sweep();
    expect((await gateway().read(job.event.id)).status).toBe('PENDING');
    await pass(gateway(), job.event.id);
    await gateway().jobs.sweep();
    expect(await exhausted(asked.targetTopic)).toEqual([job.event.id]);
  });

  test('and is RESTARTED can be claimed at once, with nothing reset', async () => {
    const asked = await ask({ maxRetries: 1, retryDelayMs: 60_000 });
    const first = await take(gateway(), asked);
    await update(gateway(), first, { status: 'FAILED' });
    await correct(gateway(), first.event.id, { status: 'RESTARTED' });
    const second = await take(gateway(), asked);
    expect(second.attempt).toBe(2);
    expect((await gateway().read(first.event.id)).retries).toBe(0);
    await update(gateway(), second, { status: 'FAILED' });
    await pass(gateway(), first.event.id);
    const third = await take(gateway(), asked);
    await update(gateway(), third, { status: 'FAILED' });
    expect(await exhausted(asked.targetTopic)).toEqual([first.event.id]);
    await correct(gateway(), first.event.id, { status: 'RESTARTED' });
    expect(await exhausted(asked.targetTopic)).toEqual([]);
    const fourth = await take(gateway(), asked);
    expect(fourth.attempt).toBe(4);
    await update(gateway(), fourth, { status: 'FAILED' });
    expect(await exhausted(asked.targetTopic)).toEqual([first.event.id]);
  });

  test('can be ABORTED while it waits, and not when it is exhausted', async () => {
    const asked = await ask({ maxRetries: 1, retryDelayMs: 0 });
    const job = await take(gateway(), asked);
    await update(gateway(), job, { status: 'FAILED' });
    await correct(gateway(), job.event.id, { status: 'ABORTED' });
    expect(await enroll(gateway(), asked)).toBeNull();
    await correct(gateway(), job.event.id, { status: 'RESTARTED' });
    for (let again = await enroll(gateway(), asked); again; again = await enroll(gateway(), asked)) {
      await update(gateway(), again, { status: 'FAILED' });
    }
    const refused = await refusalOf(correct(gateway(), job.event.id, { status: 'ABORTED' }));
    expect(refused.code).toBe('INVALID_TRANSITION');
  });

  test('loses its error when it is FINISHED at last', async () => {
    const asked = await ask({ retryDelayMs: 0 });
    await update(gateway(), await take(gateway(), asked), {
      status: 'FAILED',
      error: { message: 'no disk' },
    });
    const second = await take(gateway(), asked);
    await update(gateway(), second, { status: 'FINISHED' });
    expect(await gateway().read(second.event.id)).toMatchObject({
      status: 'FINISHED',
      error: null,
      retries: 1,
    });
  });

  test('comes before sources that have no job yet', async () => {
    const asked = await ask({ retryDelayMs: 0 });
    const job = await take(gateway(), asked);
    await gateway().send({ topic: asked.sourceTopics[0]! });
    await update(gateway(), job, { status: 'FAILED' });
    const jobs = await enrollMany(gateway(), asked, 5);
    expect(jobs.map(({ attempt }) => attempt)).toEqual([2, 1]);
  });
});
