// From sending to a worker that waits: median and 99th percentile, against graphile-worker's start by LISTEN/NOTIFY.
import { setTimeout as delay } from 'node:timers/promises';
import { Connection, requestOf } from '../connections.ts';
import { createDatabase, dropDatabase } from '../databases.ts';
import { nextDelivery } from '../deliveries.ts';
import { openGraphileJobs, runGraphile } from '../peers.ts';
import { startGateway } from '../processes.ts';
import { byTurns, compare, quantile } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { byDefault } from '../workers/graphile-worker.ts';
import { expectCount } from '../workers/job-system.ts';
import { PushedWorker } from '../workers/pushed.ts';
import { finish, type Job, takeOne } from '../workers/throughline.ts';

const workers = 20;
/** About a tenth of what 20 workers have done a second here; the same for both. */
const perSecond = 100;

/** When each was sent, and how long it took to come to a worker. */
class Latencies {
  readonly #sentAt = new Map<number, number>();
  readonly ms: number[] = [];

  /** Sends at an even pace, and waits until all have come. */
  async round(count: number, send: (n: number) => Promise<unknown>): Promise<readonly number[]> {
    this.ms.length = 0;
    const began = performance.now();
    const sends: Promise<unknown>[] = [];
    for (let n = 0; n < count; n += 1) {
      await delay(Math.max(0, began + (1_000 * n) / perSecond - performance.now()));
      this.#sentAt.set(n, performance.now());
      sends.push(send(n));
    }
    await Promise.all(sends);
    for (let tries = 0; this.#sentAt.size > 0 && tries < 500; tries += 1) await delay(10);
    expectCount('jobs that came', this.ms.length, count);
    return [...this.ms];
  }

  came(n: number): void {
    const sentAt = this.#sentAt.get(n);
    if (sentAt === undefined) throw new Error(`${n} came twice`);
    this.#sentAt.delete(n);
    this.ms.push(performance.now() - sentAt);
  }
}

interface Side {
  send(n: number): Promise<unknown>;
  close(): Promise<void>;
}

/** Has jobs of a gateway done until it is closed, which may wait until the gateway has stopped. */
type Working = (url: string, latencies: Latencies) => Promise<{ close(): Promise<void> }>;

const asking: Working = async (url, latencies) => {
  const lanes = await Connection.openMany(url, workers);
  let stopping = false;
  const working = lanes.map(async (lane) => {
    while (!stopping) {
      const job = await takeOne(lane, url, 30_000).catch(() => null);
      if (!job) continue;
      latencies.came(job.source.payload.n ?? -1);
      await finish(lane, job);
    }
  });
  return {
    close: async () => {
      stopping = true;
      await Promise.all(working);
    },
  };
};

/** One WebSocket, with as many jobs at once as there are workers that ask. */
const pushed: Working = async (url, latencies) => {
  const onStart = ({ source }: Job) => latencies.came(source.payload.n ?? -1);
  const worker = await PushedWorker.open(url, { prefetch: workers, batch: 1, onStart, onFinished: () => {} });
  return { close: async () => worker.close() };
};

async function throughline(latencies: Latencies, work: Working): Promise<Side> {
  const databaseUrl = await createDatabase();
  const { url, stop } = await startGateway({ DATABASE_URL: databaseUrl });
  const working = await work(url, latencies);
  const senders = await Connection.openMany(url, 20);
  const sent: Promise<unknown>[] = senders.map(() => Promise.resolve());
  const query = 'mutation ($input: SendEventInput!) { sendEvent(input: $input) { event { id } } }';
  return {
    send: (n) => {
      const payload = { n, delivery: nextDelivery() };
      const request = requestOf(url, query, { input: { topic: 'work.source', payload } });
      const sender = n % senders.length;
      // One request after the other on each connection.
      sent[sender] = sent[sender]!.then(() => senders[sender]!.send(request));
      return sent[sender];
    },
    close: async () => {
      const closing = working.close();
      await stop();
      await closing;
      await dropDatabase(databaseUrl);
    },
  };
}

async function graphile(latencies: Latencies): Promise<Side> {
  const connectionString = await createDatabase();
  const jobs = await openGraphileJobs(connectionString, 10);
  const runner = await runGraphile({
    connectionString,
    worker: byDefault(workers),
    task: (payload) => latencies.came((payload as { n: number }).n),
  });
  return {
    send: (n) => jobs.addJob('work', { n, delivery: nextDelivery() }),
    close: async () => {
      await runner.stop();
      await jobs.release();
      await dropDatabase(connectionString);
    },
  };
}

interface Measured {
  readonly scenario: string;
  readonly work: Working;
  readonly aim: string;
  /** Of the 99th percentile. */
  readonly mostLate: number;
}

function latencyOf({ scenario, work, aim, mostLate }: Measured): Scenario['run'] {
  return async ({ rounds, ms }) => {
    const count = Math.round((1.5 * ms * perSecond) / 1_000);
    const late = { ours: new Latencies(), theirs: new Latencies() };
    const [ours, theirs] = [await throughline(late.ours, work), await graphile(late.theirs)];
    await delay(500);
    const p99: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
    const measured = (name: 'ours' | 'theirs', side: Side) => async () => {
      const all = await late[name].round(count, side.send);
      p99[name].push(quantile(all, 0.99));
      return quantile(all, 0.5);
    };
    const median = await byTurns(
      { ours: measured('ours', ours), theirs: measured('theirs', theirs) },
      rounds,
    );
    await Promise.all([ours.close(), theirs.close()]);
    const shared = { aim, unit: 'ms' };
    return [
      compare({ ...shared, scenario: `${scenario}, median ÷ graphile-worker`, ...median, goal: { most: 1 } }),
      compare({
        ...shared,
        scenario: `${scenario}, p99 ÷ graphile-worker`,
        ours: p99.ours.slice(1),
        theirs: p99.theirs.slice(1),
        goal: { most: mostLate },
      }),
    ];
  };
}

export const latency: Scenario = {
  about: 'from sending to a waiting worker ÷ graphile-worker',
  run: latencyOf({
    scenario: `sent → waiting worker, ${perSecond}/s, 20 workers`,
    work: asking,
    aim: '6',
    mostLate: 1,
  }),
};

export const pushedLatency: Scenario = {
  about: 'from sending to a worker that jobs are pushed to ÷ graphile-worker',
  run: latencyOf({
    scenario: `sent → pushed worker, ${perSecond}/s, prefetch 20`,
    work: pushed,
    aim: 'pushed',
    mostLate: 1.5,
  }),
};
