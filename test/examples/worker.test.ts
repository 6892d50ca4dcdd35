// The worker of the examples as its user runs it: its work, its lease, its failures, and how it stops.
import { createClient } from 'graphql-ws';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { describeEmbedded } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { freePort } from '../support/port.ts';
import {
  adminKey,
  ask,
  type GatewayProcess,
  type Settings,
  settingsFor,
  startGateway,
} from '../support/process.ts';
import { Reader } from '../support/reader.ts';
import { WorkerProcess } from '../support/worker.ts';

/** For waiting for facts: the end of this patience fails the test. */
const patience = { timeout: 40_000, interval: 20 };

interface JobEvent {
  readonly id: string;
  readonly topic: string;
  readonly status: string;
  readonly requestId: string;
  readonly retries: number;
  readonly result: unknown;
  readonly error: object | null;
  readonly lease: { readonly worker: string; readonly attempt: number } | null;
  readonly history: readonly {
    readonly to: string;
    readonly attempt: number | null;
    readonly by: string | null;
  }[];
}

interface Progress {
  readonly progress: number;
  readonly description: string | null;
}

const fields = `id topic status requestId retries result error { message code stack } lease { worker attempt }
  history { to attempt by }`;

describeEmbedded('The worker of the examples', (backend) => {
  let settings: Settings;
  let gateway: GatewayProcess;
  let url: string;
  beforeAll(async () => {
    settings = { ...settingsFor(await backend.target()), PORT: await freePort() };
    gateway = await startGateway(settings);
    url = await gateway.url;
  });

  function start(source: string, more: Readonly<Record<string, string | number>> = {}): WorkerProcess {
    const all = {
      THROUGHLINE_URL: url,
      THROUGHLINE_KEY: adminKey,
      WORKER: 'first',
      SOURCE: source,
      ...more,
    };
    const texts = Object.entries(all).map(([name, value]) => [name, String(value)]);
    return new WorkerProcess('test/examples/programs/told-worker.ts', Object.fromEntries(texts));
  }

  async function send(topic: string, payload: object = {}, finished = true): Promise<string> {
    const query = 'mutation($input: SendEventInput!) { sendEvent(input: $input) { event { id } } }';
    const { data } = await ask<{ sendEvent: { event: { id: string } } }>(url, query, {
      variables: { input: { topic, payload, finished } },
    });
    return data!.sendEvent.event.id;
  }

  /** The only event that hangs below another; fails where there is none. */
  async function below(id: string): Promise<JobEvent> {
    const query = `query($id: ID!) { event(id: $id) { dependents(first: 10) { nodes { ${fields} } } } }`;
    const { data, errors } = await ask<{ event: { dependents: { nodes: JobEvent[] } } }>(url, query, {
      variables: { id },
    });
    expect(errors).toEqual([]);
    expect(data!.event.dependents.nodes).toHaveLength(1);
    return data!.event.dependents.nodes[0]!;
  }

  /** The job of a source, as soon as it is so. */
  function jobOf(source: string, expected: object): Promise<JobEvent> {
    return vi.waitFor(async () => {
      const job = await below(source);
      expect(job).toMatchObject(expected);
      return job;
    }, patience);
  }

  function historyOf({ history }: JobEvent): string[] {
    return history.map(({ to, attempt, by }) => `${to} ${attempt} ${by}`);
  }

  /** The progress reported in a topic from now on. */
  async function watchProgress(topic: string): Promise<Reader<Progress>> {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      connectionParams: { authorization: `Bearer ${adminKey}` },
      webSocketImpl: WebSocket,
    });
    const reader = new Reader<Progress>(() => void client.dispose());
    const query =
      'subscription($topics: [String!]) { eventProgress(topics: $topics) { progress description } }';
    client.subscribe<{ eventProgress: Progress }>(
      { query, variables: { topics: [topic] } },
      {
        next: ({ data }) => reader.push(data!.eventProgress),
        error: (error) => reader.end(error),
        complete: () => reader.end(),
      },
    );
    await untilHeard(reader, await send(topic, {}, false));
    return reader;
  }

  /** Progress is not replayed: it is reported repeatedly until it arrives. */
  async function untilHeard(reader: Reader<Progress>, id: string): Promise<void> {
    const heard = reader.next().then(() => true);
    const query = 'mutation($id: ID!) { updateEvent(input: { id: $id, progress: 0 }) { id } }';
    do await ask(url, query, { variables: { id } });
    while (!(await Promise.race([heard, delay(50, false)])));
  }

  test('writes an invoice for each order that is paid, tells its progress, and sends what follows', async () => {
    const watching = await watchProgress('invoice.write');
    const worker = new WorkerProcess('examples/worker.ts', {
      THROUGHLINE_URL: url,
      THROUGHLINE_KEY: adminKey,
      WORKER: 'invoices',
    });
    const items = [
      { name: 'Lamp', price: 19.9, count: 2 },
      { name: 'Bulb', price: 4.5, count: 3 },
    ];
    const source = await send('order.paid', { items });
    const job = await jobOf(source, { status: 'FINISHED' });
    expect(job).toMatchObject({ topic: 'invoice.write', result: { total: 53.3 }, error: null, retries: 0 });
    expect((job.result as { text: string }).text).toMatch(
      /^2 × Lamp\.+ +39\.80\n3 × Bulb.+\nTotal\.+ +53\.30$/,
    );
    expect(historyOf(job)).toEqual(['PENDING 1 invoices', 'IN_PROGRESS 1 invoices', 'FINISHED 1 invoices']);
    const told = await watching.until(({ progress }) => progress === 100);
    expect(told.slice(-2)).toEqual([
      { progress: 50, description: 'Lamp' },
      { progress: 100, description: 'Bulb' },
    ]);
    watching.stop();
    expect(await below(job.id)).toMatchObject({
      topic: 'invoice.written',
      status: 'FINISHED',
      requestId: job.requestId,
    });
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
  });

  test('keeps a job for longer than its lease', async () => {
    const topic = fresh('long');
    const source = await send(topic, { workMs: 5_000 });
    const worker = start(topic, { LEASE_MS: 2_000 });
    const other = start(topic, { LEASE_MS: 2_000, WORKER: 'second' });
    const job = await jobOf(source, { status: 'FINISHED' });
    expect(job.history.map(({ to, attempt }) => `${to} ${attempt}`)).toEqual([
      'PENDING 1',
      'IN_PROGRESS 1',
      'FINISHED 1',
    ]);
    expect(await Promise.all([worker.stop(), other.stop()])).toEqual([
      { code: 0, signal: null },
      { code: 0, signal: null },
    ]);
  });

  test.each([false, true])('stops a work that was aborted (stubborn: %s), and goes on', async (stubborn) => {
    const topic = fresh('aborted');
    const source = await send(topic, { workMs: stubborn ? 2_000 : 60_000, stubborn });
    const worker = start(topic, { LEASE_MS: 1_000 });
    const { id } = await jobOf(source, { status: 'IN_PROGRESS' });
    await ask(url, 'mutation($id: ID!) { updateEvent(input: { id: $id, status: ABORTED }) { id } }', {
      variables: { id },
    });
    await worker.said(new RegExp(`${id} 1 aborted`));
    await worker.said(new RegExp(`${id} 1 lost: `));
    const next = await send(topic, { workMs: stubborn ? 2_500 : 0 });
    expect(await jobOf(next, { status: 'FINISHED' })).toMatchObject({ result: { attempt: 1 } });
    const job = await below(source);
    expect(job).toMatchObject({ status: 'ABORTED', result: null });
    expect(job.history.map(({ to }) => to)).toEqual(['PENDING', 'IN_PROGRESS', 'ABORTED']);
    expect(worker.stdout).not.toContain(`${id} 1 finished`);
    expect((await worker.stop()).code).toBe(0);
  });

  test('fails a job with its error, and tries again', async () => {
    const topic = fresh('failing');
    const source = await send(topic, { failures: 1 });
    const worker = start(topic);
    const job = await jobOf(source, { status: 'FINISHED' });
    expect(job).toMatchObject({ retries: 1, result: { attempt: 2 }, error: null });
    expect(historyOf(job)).toEqual([
      'PENDING 1 first',
      'IN_PROGRESS 1 first',
      'FAILED 1 first',
      'PENDING 2 first',
      'IN_PROGRESS 2 first',
      'FINISHED 2 first',
    ]);
    expect((await worker.stop()).code).toBe(0);
  });

  test('leaves a job FAILED when its retries are used up', async () => {
    const topic = fresh('hopeless');
    const worker = start(topic, { MAX_RETRIES: 1 });
    const source = await send(topic, { failures: 9 });
    const job = await jobOf(source, { status: 'FAILED', retries: 1 });
    expect(job.error).toEqual({
      message: 'attempt 2 fails',
      code: 'TOLD_TO',
      stack: expect.stringContaining('told-worker.ts'),
    });
    expect((await worker.stop()).code).toBe(0);
  });

  test('works on as many jobs at once as it is configured to', async () => {
    const topic = fresh('many');
    const worker = start(topic, { CONCURRENCY: 3, GRACE_MS: 0 });
    const sources = await Promise.all([1, 2, 3].map(() => send(topic, { workMs: 60_000 })));
    await Promise.all(sources.map((source) => jobOf(source, { status: 'IN_PROGRESS' })));
    expect((await worker.stop()).code).toBe(0);
    const jobs = await Promise.all(sources.map(below));
    expect(jobs.map(({ status, lease }) => ({ status, lease }))).toEqual(
      sources.map(() => ({ status: 'PENDING', lease: null })),
    );
  });

  test('finishes its claimed jobs after a request to stop, and claims no more', async () => {
    const topic = fresh('finishing');
    const source = await send(topic, { workMs: 1_500 });
    const worker = start(topic);
    await jobOf(source, { status: 'IN_PROGRESS' });
    worker.signal('SIGINT');
    await worker.said(/stopping/);
    const next = await send(topic);
    expect(await worker.exit).toEqual({ code: 0, signal: null });
    expect(await below(source)).toMatchObject({ status: 'FINISHED', result: { attempt: 1 } });
    const second = start(topic, { WORKER: 'second' });
    expect(await jobOf(next, { status: 'FINISHED' })).toMatchObject({ result: { worker: 'second' } });
    expect((await second.stop()).code).toBe(0);
  });

  test('gives back what it cannot finish in time', async () => {
    const topic = fresh('releasing');
    const source = await send(topic, { workMs: 60_000 });
    const worker = start(topic, { GRACE_MS: 100 });
    const { id } = await jobOf(source, { status: 'IN_PROGRESS' });
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
    expect(worker.stdout).toContain(`${id} 1 released`);
    expect(await below(source)).toMatchObject({ status: 'PENDING', retries: 0, lease: null });
    const second = start(topic, { WORKER: 'second', GRACE_MS: 0 });
    await jobOf(source, { status: 'IN_PROGRESS', lease: { worker: 'second', attempt: 2 } });
    expect((await second.stop()).code).toBe(0);
  });

  test('ends at once with 1 where the gateway refuses to give it jobs', async () => {
    const worker = start(fresh('refused'), { THROUGHLINE_KEY: 'a key that nobody made' });
    expect((await worker.exit).code).toBe(1);
    expect(worker.stderr).toContain('key');
  });

  test('goes on after the gateway was away, with the job that it holds and with the next', async () => {
    const topic = fresh('away');
    const worker = start(topic, { CONCURRENCY: 2 });
    const source = await send(topic, { workMs: 1_000 });
    await jobOf(source, { status: 'IN_PROGRESS' });
    await gateway.kill();
    // The work is done, and nobody can be told.
    await worker.said(/progress was not told/);
    await worker.said(/No answer from .* Trying again/);
    gateway = await startGateway(settings);
    const job = await jobOf(source, { status: 'FINISHED' });
    expect(historyOf(job)).toEqual(['PENDING 1 first', 'IN_PROGRESS 1 first', 'FINISHED 1 first']);
    expect(await jobOf(await send(topic), { status: 'FINISHED' })).toMatchObject({ result: { attempt: 1 } });
    expect((await worker.stop()).code).toBe(0);
  });

  test('asks again where it was left without an answer and without a connection', async () => {
    const program = new WorkerProcess('test/examples/programs/left-without-answer.ts', {});
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.stdout).toMatch(
      /^No answer from .* within 100 ms.* Trying again in \d+ ms\.\n\{"asked":2\}\n$/,
    );
  });
});
