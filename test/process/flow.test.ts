// Limits of a consumer over two gateways, of which one is killed again and again while workers claim at both.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describePostgres } from '../support/database.ts';
import { ask, settingsFor, startGateway } from '../support/process.ts';
import { work } from './enrolling.ts';

const kills = 3;
const sources = 90;
const leaseMs = 1_000;
const flow = {
  maxConcurrent: 6,
  maxConcurrentPerKey: 2,
  key: 'data.k',
  rateLimit: { count: 15, perSeconds: 1 },
};

const sending = `mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { code } } }`;
const input = {
  ...{ consumer: 'limited', sourceTopics: ['source'], targetTopic: 'target', leaseMs, flow },
  ...{ waitMs: 300, maxRetries: 50, retryDelayMs: 0 },
};

interface Entry {
  readonly id: string;
  readonly key: string;
  readonly at: Date;
  readonly isClaim: boolean;
}

/** The most claims that were held at one moment, by the log: from a claim to the job's next change, or its lease's end. */
function mostAtOnce(entries: readonly Entry[]): number {
  const steps: [at: number, change: number][] = [];
  for (const [n, { id, at, isClaim }] of entries.entries()) {
    if (!isClaim) continue;
    const next = entries.slice(n + 1).find((later) => later.id === id);
    const end = Math.min(next?.at.getTime() ?? Infinity, at.getTime() + leaseMs);
    steps.push([at.getTime(), 1], [end, -1]);
  }
  // What ends at the moment of a claim had ended before it.
  steps.sort(([a, one], [b, other]) => a - b || one - other);
  let held = 0;
  return Math.max(...steps.map(([, change]) => (held += change)));
}

function mostPerSecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length));
}

describePostgres('The limits of a consumer', (backend) => {
  test('are never exceeded, though gateways are killed, and every source is served', async () => {
    const settings = settingsFor(await backend.target());
    const steady = await startGateway(settings);
    let killed = await startGateway(settings);
    const worker = (urlOf: () => Promise<string>, name: string) =>
      work({ urlOf, input: { ...input, worker: name }, count: 4, workMs: 20 });
    const workers = [
      worker(() => steady.url, 'one'),
      worker(() => killed.url, 'two'),
      worker(() => killed.url, 'three'),
    ];
    const events = Array.from({ length: sources }, (_, n) => ({
      topic: 'source',
      payload: { k: `${n % 4}` },
    }));
    await ask(await steady.url, sending, { variables: { input: events } });
    const counting = '{ events(filter: {topics: ["target"], statuses: [FINISHED]}) { totalCount } }';
    const finished = async () =>
      (await ask<{ events: { totalCount: number } }>(await steady.url, counting)).data?.events.totalCount ??
      0;
    for (let round = 1; round <= kills; round += 1) {
      while ((await finished()) < round * 10) await delay(20);
      await killed.kill();
      killed = await startGateway(settings);
    }
    while ((await finished()) < sources) await delay(50);
    await Promise.all(workers.map(({ stop }) => stop()));
    const database = await backend.openAnother(1);
    const entries = await database.query<Entry>({
      text: `SELECT l.event_id AS id, l.at, j.flow_key AS key, l.attempt IS NOT NULL AND l.status = 'PENDING'
            AND (l.kind = 'CREATED' OR l."by" IS NOT NULL) AS "isClaim"
        FROM log l JOIN jobs j ON j.event_id = l.event_id WHERE l.topic = 'target' ORDER BY l.position`,
      values: [],
    });
    const claims = entries.filter(({ isClaim }) => isClaim);
    expect(claims.length).toBeGreaterThanOrEqual(sources);
    expect(mostAtOnce(entries)).toBeLessThanOrEqual(flow.maxConcurrent);
    for (const key of ['0', '1', '2', '3'])
      expect(mostAtOnce(entries.filter((entry) => entry.key === key))).toBeLessThanOrEqual(
        flow.maxConcurrentPerKey,
      );
    expect(mostPerSecond(claims.map(({ at }) => at.getTime()))).toBeLessThanOrEqual(flow.rateLimit.count);
    await Promise.all([steady.stop(), killed.stop()]);
  }, 120_000);
});
