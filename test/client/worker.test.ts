// Workers and consumers of the client: each job ends once in the record, whatever its handler does.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  type AnyTopics,
  type Client,
  createClient,
  Fatal,
  type Job,
  RetryLater,
} from '../../src/client/client.ts';
import { describeDatabases } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { adminKey, type GatewayProcess, settingsFor, startGateway } from '../support/process.ts';
import { collect, endOfLog } from './support.ts';

interface JobState {
  readonly status: string;
  readonly retries: number;
  readonly result: unknown;
  readonly error: {
    readonly code: string | null;
    readonly message: string;
    readonly stack: string | null;
  } | null;
  readonly startedAt: string | null;
  readonly history: readonly { readonly to: string; readonly attempt: number | null }[];
}

const state = `query($topics: [String!]) { events(filter: {topics: $topics}, orderBy: {direction: ASC}) { nodes {
  status retries result error { code message stack } startedAt history { to attempt } } } }`;

describeDatabases('Workers', (backend) => {
  let gateway: GatewayProcess;
  let url: string;
  beforeAll(async () => {
    gateway = await startGateway(settingsFor(await backend.target()));
    url = await gateway.url;
  });
  afterAll(() => gateway?.stop());

  function client(): Client {
    const made = createClient({ url, key: adminKey });
    onTestFinished(() => made.close());
    return made;
  }

  async function jobsOf(asking: Client, topic: string): Promise<readonly JobState[]> {
    const { events } = await asking.query<{ events: { nodes: readonly JobState[] } }, object>(state, {
      topics: [topic],
    });
    return events.nodes;
  }

  /** Resolves when the job of this topic has the status. */
  async function reached(asking: Client, topic: string, status: string, after: string): Promise<void> {
    const filter = { topics: [topic] };
    for await (const change of asking.watch({ filter, after })) if (change.status === status) return;
  }

  /** Runs the handler on one source, until its job is FINISHED or exhausted, and returns the job. */
  async function outcomeOf(
    handler: (job: Job<AnyTopics, string>) => unknown,
    settings: object = {},
  ): Promise<JobState> {
    const working = client();
    const [source, target] = [fresh('source'), fresh('target')];
    const worker = working.worker({ source, target, retryDelayMs: 10, ...settings }, handler);
    onTestFinished(() => worker.stop());
    const after = await endOfLog(working);
    await working.send(source, { total: 7 });
    for await (const { event } of working.watch({ filter: { topics: [target] }, after })) {
      const isOver = event.status === 'FINISHED' || (event.status === 'FAILED' && event.retries > 0);
      if (isOver) break;
    }
    await worker.stop();
    return (await jobsOf(working, target))[0]!;
  }

  test('a job is finished with what its handler returns, and what it sends is its child', async () => {
    const child = fresh('child');
    const job = await outcomeOf(async (job) => {
      const { id } = await job.send(child, { of: job.id });
      const again = await job.send(child, { of: job.id }, { hash: `${job.id}/${child}` });
      return { total: job.payload.total, source: job.source?.topic, isSame: again.id === id };
    });
    expect(job).toMatchObject({ status: 'FINISHED', result: { total: 7, isSame: true } });
    expect(await jobsOf(client(), child)).toHaveLength(1);
  });

  test('an error is kept with its code and stack, and the job is tried again', async () => {
    const job = await outcomeOf(
      () => {
        throw Object.assign(new Error('no paper'), { code: 'PRINTER' });
      },
      { maxRetries: 1 },
    );
    expect(job).toMatchObject({
      status: 'FAILED',
      retries: 1,
      error: { code: 'PRINTER', message: 'no paper' },
    });
    expect(job.error?.stack).toContain('worker.test.ts');
  });

  test('Fatal ends a job without further attempts', async () => {
    const job = await outcomeOf(() => {
      throw new Fatal('never', { code: 'BAD_ORDER' });
    });
    expect(job).toMatchObject({ status: 'FAILED', error: { code: 'BAD_ORDER' } });
    expect(job.history.filter(({ to }) => to === 'FAILED')).toHaveLength(1);
  });

  test('RetryLater has a job tried again after its delay', async () => {
    const at: number[] = [];
    const job = await outcomeOf((job) => {
      at.push(Date.now());
      if (job.attempt === 1) throw new RetryLater(1_500, 'the printer warms up');
      return job.retries;
    });
    expect(job).toMatchObject({ status: 'FINISHED', result: 1 });
    expect(at[1]! - at[0]!).toBeGreaterThan(1_400);
  });

  test('a handler that blocks its thread for three lease lengths keeps its job', async () => {
    const job = await outcomeOf(
      () => {
        const until = Date.now() + 3_500;
        while (Date.now() < until);
        return 'kept';
      },
      { leaseMs: 1_000 },
    );
    expect(job).toMatchObject({ status: 'FINISHED', result: 'kept', retries: 0 });
  });

  test('progress starts the job, and is shown to whoever watches', async () => {
    const watching = client();
    let release = () => {};
    const seen = new Promise<void>((resolve) => (release = resolve));
    const job = await outcomeOf(async (job) => {
      const reports = watching.progress({ ids: [job.id] });
      const first = reports.next();
      const repeating = setInterval(() => void job.progress(40, 'Rendering').catch(() => {}), 30);
      expect((await first).value).toMatchObject({ progress: 40, description: 'Rendering' });
      clearInterval(repeating);
      await reports.return!();
      release();
    });
    await seen;
    expect(job.startedAt).not.toBeNull();
    expect(job.history.map(({ to }) => to)).toEqual(['PENDING', 'IN_PROGRESS', 'FINISHED']);
  });

  test('the signal of a job is aborted when somebody aborts the job', async () => {
    const working = client();
    const [source, target] = [fresh('source'), fresh('target')];
    const after = await endOfLog(working);
    let ended: (value: unknown) => void = () => {};
    const reason = new Promise((resolve) => (ended = resolve));
    const worker = working.worker({ source, target }, async (job) => {
      await job.progress(1);
      await working.mutate('mutation($id: ID!) { updateEvent(input: {id: $id, status: ABORTED}) { id } }', {
        id: job.id,
      });
      await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
      ended(job.signal.reason);
    });
    await working.send(source, {});
    await reached(working, target, 'ABORTED', after);
    expect(await reason).toMatchObject({ reason: 'aborted' });
    await worker.stop();
    expect(await jobsOf(working, target)).toMatchObject([{ status: 'ABORTED' }]);
  });

  test('a worker that stops finishes what it can in time, and releases the rest', async () => {
    const working = client();
    const [source, target] = [fresh('source'), fresh('target')];
    await collect(working.sendMany([1, 2].map((n) => ({ topic: source, payload: { n } }))));
    const begun: number[] = [];
    let isFull = () => {};
    const full = new Promise<void>((resolve) => (isFull = resolve));
    const worker = working.worker({ source, target, concurrency: 2, graceMs: 500 }, async (job) => {
      begun.push(job.payload.n);
      if (begun.length === 2) isFull();
      await full;
      if (job.payload.n === 1) return 'in time';
      return new Promise(() => {});
    });
    await full;
    await worker.stop();
    const jobs = await jobsOf(working, target);
    expect(jobs.map(({ status }) => status).sort()).toEqual(['FINISHED', 'PENDING']);
    expect(jobs.find(({ status }) => status === 'PENDING')).toMatchObject({ retries: 0 });
  });

  test('many short jobs of a plain queue all end once', async () => {
    const working = client();
    const target = fresh('queue');
    const events = Array.from({ length: 1_000 }, (_, n) => ({
      topic: target,
      payload: { n },
      finished: false,
    }));
    await collect(working.sendMany(events));
    const done = new Set<number>();
    let isDone = () => {};
    const all = new Promise<void>((resolve) => (isDone = resolve));
    const worker = working.worker({ target, concurrency: 50, prefetch: 150 }, (job) => {
      done.add(job.payload.n);
      if (done.size === events.length) isDone();
    });
    await all;
    await worker.stop();
    const { events: found } = await working.query<{ events: { totalCount: number } }, object>(
      'query($topics: [String!]) { events(filter: {topics: $topics, statuses: [FINISHED]}) { totalCount } }',
      { topics: [target] },
    );
    expect(found.totalCount).toBe(1_000);
  });

  test('a worker needs no other scope than jobs:work', async () => {
    const admin = client();
    const [topic, target] = [fresh('source'), fresh('target')];
    const making = `mutation ($name: String!) { createKey(input: {name: $name, scopes: ["jobs:work"]}) { secret } }`;
    const { createKey } = await admin.mutate<{ createKey: { secret: string } }, object>(making, {
      name: fresh('worker'),
    });
    const other = createClient({ url, key: createKey.secret });
    const problems: unknown[] = [];
    let done = (_n: number) => {};
    const isDone = new Promise<number>((resolve) => (done = resolve));
    const options = { source: topic, target, onError: (error: unknown) => problems.push(error) };
    const worker = other.worker(options, ({ payload }) => done(payload.n as number));
    await admin.send(topic, { n: 5 });
    expect(await isDone).toBe(5);
    await worker.stop();
    expect(problems).toEqual([]);
    expect(await jobsOf(admin, target)).toMatchObject([{ status: 'FINISHED' }]);
    await other.close();
  });

  test('a worker whose key is not valid ends with the refusal', async () => {
    const other = createClient({ url, key: 'of-nobody' });
    const worker = other.worker({ target: 'x' }, () => {});
    await expect(worker.done).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await other.close();
  });

  test('a consumer acknowledges what it has handled; what fails is delivered again', async () => {
    const consuming = client();
    const topic = fresh('consumed');
    const handled: number[] = [];
    let isDone = () => {};
    const all = new Promise<void>((resolve) => (isDone = resolve));
    const subscription = { name: fresh('consumer'), topics: [topic], visibilityMs: 1_000, after: '0' };
    const consumer = consuming.consume(subscription, ({ payload }) => {
      handled.push(payload.n);
      if (payload.n === 2 && handled.filter((n) => n === 2).length === 1) throw new Error('not yet');
      if (handled.length === 4) isDone();
    });
    await collect(consuming.sendMany([1, 2, 3].map((n) => ({ topic, payload: { n } }))));
    await all;
    await consumer.stop();
    expect(handled.toSorted()).toEqual([1, 2, 2, 3]);
    const again = consuming.consume(subscription, ({ payload }) => void handled.push(payload.n));
    await again.stop();
    expect(handled).toHaveLength(4);
  });
});
