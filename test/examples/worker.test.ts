// The worker of the examples as its user runs it: its work, its lease, its failures, and how it stops.
import { createClient } from 'graphql-ws';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { describeEmbedded } from '../support/database.ts';
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

  function start(more: Settings = {}): WorkerProcess {
    const all = { THROUGHLINE_URL: url, THROUGHLINE_KEY: adminKey, WORKER: 'invoices', ...more };
    return new WorkerProcess('examples/worker.ts', all);
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
    const worker = start();
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

  test('fails a job whose order it does not understand, with the code of the error', async () => {
    const worker = start();
    const source = await send('order.paid', { items: [] });
    const job = await jobOf(source, { status: 'FAILED' });
    expect(job.error).toMatchObject({ code: 'BAD_ORDER', message: expect.stringContaining('"items"') });
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
  });

  test('ends with 1 where the gateway refuses to give it jobs', async () => {
    const worker = start({ THROUGHLINE_KEY: 'a key that nobody made' });
    expect((await worker.exit).code).toBe(1);
    expect(worker.stderr).toContain('key');
  });

  test('goes on after the gateway was away', async () => {
    const worker = start();
    const first = await send('order.paid', { items: [{ name: 'Lamp', price: 1, count: 1 }] });
    await jobOf(first, { status: 'FINISHED' });
    await gateway.kill();
    await worker.said(/gateway: /);
    gateway = await startGateway(settings);
    const next = await send('order.paid', { items: [{ name: 'Bulb', price: 2, count: 1 }] });
    expect(await jobOf(next, { status: 'FINISHED' })).toMatchObject({ result: { total: 2 } });
    expect(await worker.stop()).toEqual({ code: 0, signal: null });
  });
});
