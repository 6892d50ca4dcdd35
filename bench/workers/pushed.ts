// A worker of a gateway on one WebSocket: it is pushed jobs, does nothing, and says on the same socket that they are finished.
import { WebSocket } from 'ws';
import { Connection } from '../connections.ts';
import { countOn, createDatabase, dropDatabase } from '../databases.ts';
import { someDeliveries } from '../deliveries.ts';
import { key, startGateway } from '../processes.ts';
import { sendAll } from '../sending.ts';
import { Done, expectCount, type JobSystem } from './job-system.ts';
import type { Job } from './throughline.ts';

const input = { sourceTopics: ['work.source'], targetTopic: 'work.job', worker: 'bench' };
const pushing = `subscription ($input: EnrollInput!, $prefetch: Int) {
  jobs(input: $input, prefetch: $prefetch) { attempt event { id } source { payload } } }`;
const finishOne = 'mutation ($input: UpdateEventInput!) { updateEvent(input: $input) { id } }';
const finishMany =
  'mutation ($input: [UpdateEventInput!]!) { updateEvents(input: $input) { errors { message } } }';

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: { readonly data?: { readonly jobs?: Job } | null; readonly errors?: unknown };
}

const subscription = 'jobs';

export class PushedWorker {
  readonly #socket: WebSocket;
  readonly #batch: number;
  readonly #onStart: (job: Job) => void;
  /** Jobs of which the gateway has answered that they are finished. */
  readonly #onFinished: (ids: readonly string[]) => void;
  readonly #asked = new Map<string, readonly string[]>();
  #begun: Job[] = [];
  #asks = 0;

  private constructor(
    socket: WebSocket,
    batch: number,
    { onStart, onFinished }: Pick<PushedWorkerOptions, 'onStart' | 'onFinished'>,
  ) {
    this.#socket = socket;
    this.#batch = batch;
    this.#onStart = onStart;
    this.#onFinished = onFinished;
    socket.on('message', (data) => this.#take(JSON.parse(String(data)) as Message));
  }

  static async open(url: string, options: PushedWorkerOptions): Promise<PushedWorker> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    const acknowledged = new Promise((resolve) => socket.once('message', resolve));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }));
    await acknowledged;
    const worker = new PushedWorker(socket, options.batch, options);
    const { prefetch } = options;
    worker.#subscribe(subscription, pushing, { input, prefetch });
    return worker;
  }

  close(): void {
    this.#socket.terminate();
  }

  #subscribe(id: string, query: string, variables: object): void {
    this.#socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
  }

  #take({ id, type, payload }: Message): void {
    if (type === 'error' || payload?.errors)
      throw new Error(`the answer has errors: ${JSON.stringify(payload)}`);
    if (type !== 'next' || id === undefined) return;
    const job = payload?.data?.jobs;
    if (job) return this.#begin(job);
    this.#onFinished(this.#asked.get(id) ?? []);
    this.#asked.delete(id);
  }

  /** One by one, or those that came in the same turn of the event loop together, in batches. */
  #begin(job: Job): void {
    this.#onStart(job);
    if (this.#batch === 1) return this.#finish([job]);
    if (this.#begun.push(job) === this.#batch) this.#flush();
    else if (this.#begun.length === 1) setImmediate(() => setImmediate(() => this.#flush()));
  }

  #flush(): void {
    if (this.#begun.length > 0) this.#finish(this.#begun.splice(0));
  }

  #finish(jobs: readonly Job[]): void {
    const id = String((this.#asks += 1));
    const inputs = jobs.map(({ event, attempt }) => ({ id: event.id, attempt, status: 'FINISHED' }));
    this.#asked.set(
      id,
      inputs.map((update) => update.id),
    );
    if (this.#batch === 1) this.#subscribe(id, finishOne, { input: inputs[0] });
    else this.#subscribe(id, finishMany, { input: inputs });
  }
}

export interface PushedWorkerOptions {
  readonly prefetch: number;
  /** How many jobs are finished by one message at most. */
  readonly batch: number;
  readonly onStart: (job: Job) => void;
  readonly onFinished: (ids: readonly string[]) => void;
}

export async function pushedWorkers(prefetch: number, batch: number): Promise<JobSystem> {
  const databaseUrl = await createDatabase();
  const { url, stop } = await startGateway({ DATABASE_URL: databaseUrl });
  const lane = await Connection.open(url);
  let total = 0;
  return {
    fill: (count) =>
      sendAll(
        lane,
        someDeliveries(count).map((payload) => ({ topic: 'work.source', payload })),
      ),
    drain: async (count) => {
      const done = new Done();
      let allDone = () => {};
      const ended = new Promise<void>((resolve) => (allDone = resolve));
      const began = performance.now();
      const onFinished = (ids: readonly string[]) => {
        for (const id of ids) done.add(id);
        if (done.count === count) allDone();
      };
      const worker = await PushedWorker.open(url, { prefetch, batch, onStart: () => {}, onFinished });
      await ended;
      const seconds = (performance.now() - began) / 1_000;
      worker.close();
      total += count;
      const recorded = `SELECT count(*) FROM events WHERE job AND status = 'FINISHED'`;
      expectCount('jobs on record', await countOn(databaseUrl, recorded), total);
      return count / seconds;
    },
    close: async () => {
      lane.close();
      await stop();
      await dropDatabase(databaseUrl);
    },
  };
}
