// `kill -9` of workers and of gateways while 500 jobs are done: each is done once, by who held it, and none is lost.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { describeEmbedded, describePostgres } from '../support/database.ts';
import { ask, type Settings, settingsFor } from '../support/process.ts';
import { jobFaults, readJobs } from './claims.ts';
import { again } from './disturbing.ts';
import { Gateways } from './gateways.ts';
import { Herd } from './herd.ts';
import { type Random, seeded, whole } from './random.ts';

const sourceCount = 500;
const sentBefore = 100;
const disturbedMs = 30_000;
const herdSize = 6;
const testMs = 300_000;
/** How long the jobs may take when nobody is killed any more. */
const patience = { timeout: 120_000, interval: 500 };

const sendEvents = `mutation($input: [SendEventInput!]!) {
  sendEvents(input: $input) { events { id } errors { code } }
}`;

interface Sent {
  readonly sendEvents: {
    readonly events: readonly ({ readonly id: string } | null)[];
    readonly errors: readonly unknown[];
  };
}

/** Sends so many sources in bursts, spread over a time, each again until it is answered; resolves with their ids. */
async function sendSources(
  urls: readonly string[],
  numbers: { readonly from: number; readonly below: number },
  overMs: number,
  random: Random,
): Promise<string[]> {
  const ids: string[] = [];
  const began = performance.now();
  const eachMs = overMs / (numbers.below - numbers.from);
  for (let number = numbers.from; number < numbers.below;) {
    const size = Math.min(1 + whole(random, 60), numbers.below - number);
    const input = Array.from({ length: size }, (_, n) => ({
      topic: 'crowd.source',
      hash: `source-${number + n}`,
    }));
    ids.push(...(await insist(urls, input, random)));
    number += size;
    await delay(Math.max(0, began + eachMs * (number - numbers.from) - performance.now()));
  }
  return ids;
}

async function insist(urls: readonly string[], input: readonly object[], random: Random): Promise<string[]> {
  for (;;) {
    const url = urls[whole(random, urls.length)]!;
    const answer = await ask<Sent>(url, sendEvents, { variables: { input } }).catch(() => null);
    const sent = answer?.data?.sendEvents;
    if (sent?.errors.length === 0) return sent.events.map((event) => event!.id);
    await delay(20);
  }
}

async function surviveKills(settings: Settings, gatewayCount: number, seed: number): Promise<void> {
  const random = seeded(seed);
  const gateways = await Gateways.start(settings, gatewayCount);
  const { urls } = gateways;
  const first = await sendSources(urls, { from: 0, below: sentBefore }, 0, random);
  const herd = await Herd.gather(herdSize, urls, random);
  const [further] = await Promise.all([
    sendSources(urls, { from: sentBefore, below: sourceCount }, disturbedMs, random),
    again(disturbedMs, 1_500, random, () => (whole(random, 4) === 0 ? herd.killAll() : herd.killOne())),
    again(disturbedMs, 3_000, random, () => herd.stallOne()),
    again(disturbedMs, 5_000, random, () => gateways.killOne(random)),
  ]);
  const sources = [...first, ...further];
  const jobs = await vi.waitFor(async () => {
    const stored = await readJobs(urls[0]!, 'crowd.job');
    expect(stored.filter(({ status }) => status !== 'FINISHED')).toEqual([]);
    expect(stored.length).toBeGreaterThanOrEqual(sourceCount);
    return stored;
  }, patience);
  const claims = await herd.claims();
  await herd.end();
  await gateways.stop();

  expect(new Set(sources).size).toBe(sourceCount);
  expect(jobFaults(sources, jobs, claims)).toEqual([]);
  expect(herd.faults).toEqual([]);
  // Else nothing was tried.
  expect(gateways.killed).toBeGreaterThanOrEqual(3);
  expect(herd.started - herdSize).toBeGreaterThanOrEqual(15);
  expect(jobs.filter(({ history }) => history.at(-1)!.attempt! > 1).length).toBeGreaterThanOrEqual(50);
}

describeEmbedded('Jobs of workers that are killed', (backend) => {
  test(
    'are each done once, also while the gateway is killed',
    async () => surviveKills(settingsFor(await backend.target()), 1, 1),
    testMs,
  );
});

describePostgres('Jobs of workers that are killed', (backend) => {
  test(
    'are each done once, also while two gateways are killed in turns',
    async () => surviveKills(settingsFor(await backend.target()), 2, 2),
    testMs,
  );
});
