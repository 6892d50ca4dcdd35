// Two gateways that are killed in turns under load: a watch equals the log, and each job ends once in the record.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Client, createClient } from '../../src/client/client.ts';
import { Gateways } from '../process/gateways.ts';
import { describePostgres } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';
import { adminKey, settingsFor } from '../support/process.ts';
import { Proxy } from './proxy.ts';
import { collect, endOfLog } from './support.ts';

const kills = 6;

interface Page {
  readonly events: {
    readonly nodes: readonly {
      readonly status: string;
      readonly history: readonly { readonly to: string }[];
    }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
  };
}

const page = `query($topics: [String!], $after: String) { events(first: 500, after: $after, filter: {topics: $topics}) {
  nodes { status history { to } } pageInfo { hasNextPage endCursor } } }`;

async function allOf(client: Client, topic: string): Promise<Page['events']['nodes'][number][]> {
  const all: Page['events']['nodes'][number][] = [];
  for (let after: string | null = null; ;) {
    const { events }: Page = await client.query<Page, object>(page, { topics: [topic], after });
    all.push(...events.nodes);
    if (!events.pageInfo.hasNextPage) return all;
    after = events.pageInfo.endCursor;
  }
}

describePostgres('Through kills of two gateways', (backend) => {
  test('a watch sees each change once and in order, and each job ends once', async () => {
    const gateways = await Gateways.start(settingsFor(await backend.target()), 2);
    const proxy = await Proxy.to(gateways.urls[0]!);
    const client = createClient({ url: proxy.url, key: adminKey });
    const [source, target] = [fresh('source'), fresh('target')];
    const start = await endOfLog(client);
    const seen: string[] = [];
    const stop = new AbortController();
    const watching = (async () => {
      const changes = client.watch({
        filter: { topics: [source, target] },
        after: start,
        signal: stop.signal,
      });
      for await (const { position } of changes) seen.push(position!);
    })();
    const worker = client.worker(
      { source, target, concurrency: 5, leaseMs: 3_000, maxRetries: 100, retryDelayMs: 10 },
      async (job) => {
        await delay(5);
        return job.payload.n;
      },
    );
    let sent = 0;
    let isOver = false;
    async function* load() {
      for (; !isOver; sent += 1) {
        yield { topic: source, payload: { n: sent } };
        await delay(5);
      }
    }
    const sending = collect(client.sendMany(load(), { retryForMs: 60_000 }));
    for (let n = 1; n <= kills; n += 1) {
      // The one that is killed is the one in use; the other takes its place.
      const killing = gateways.killOne(Math.random);
      proxy.target = gateways.urls[n % 2]!;
      await killing;
      await delay(500);
    }
    isOver = true;
    const results = await sending;
    expect(results.filter(({ error }) => error)).toEqual([]);
    for (;;) {
      const jobs = await allOf(client, target);
      if (jobs.length === sent && jobs.every(({ status }) => status === 'FINISHED')) break;
      await delay(200);
    }
    await worker.stop();
    const jobs = await allOf(client, target);
    expect(jobs.every(({ history }) => history.filter(({ to }) => to === 'FINISHED').length === 1)).toBe(
      true,
    );
    const end = await endOfLog(client);
    const log: string[] = [];
    for await (const { position } of client.watch({ filter: { topics: [source, target] }, after: start })) {
      log.push(position!);
      if (position === end) break;
    }
    while (seen.at(-1) !== log.at(-1)) await delay(50);
    stop.abort();
    await watching;
    expect(seen).toEqual(log);
    await client.close();
    await proxy.close();
    await gateways.stop();
  }, 180_000);
});
