// `kill -9` of gateways while programs take events from durable subscriptions: none is lost, and AUTO hands none out twice.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { describeEmbedded, describePostgres } from '../support/database.ts';
import { ask, type Settings, settingsFor } from '../support/process.ts';
import { again } from './disturbing.ts';
import { Gateways } from './gateways.ts';
import { type Random, seeded, whole } from './random.ts';

const eventCount = 400;
const disturbedMs = 15_000;
const testMs = 240_000;

const subscribe = `mutation ($input: SubscribeInput!) { subscribe(input: $input) { id } }`;
const send = `mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { events { id } errors { code } } }`;
const next = `mutation ($ids: [ID!]!) { nextEvent(subscriptionIds: $ids, timeoutMs: 1000) { position event { payload } } }`;
const acknowledge = `mutation ($id: ID!, $position: Position!) { acknowledge(subscriptionId: $id, position: $position) { id } }`;

/** Asked of any gateway until one answers; says how often none did. */
class Client {
  readonly #urls: readonly string[];
  readonly #random: Random;
  failures = 0;

  constructor(urls: readonly string[], random: Random) {
    this.#urls = urls;
    this.#random = random;
  }

  /** Null where no answer came: it may have been done, or not. */
  async ask(query: string, variables: object): Promise<any> {
    const url = this.#urls[whole(this.#random, this.#urls.length)]!;
    const answer = await ask<any>(url, query, { variables }).catch(() => null);
    if (answer?.data && answer.errors.length === 0) return answer.data;
    this.failures += 1;
    await delay(20);
    return null;
  }

  async insist(query: string, variables: object): Promise<any> {
    for (;;) {
      const data = await this.ask(query, variables);
      if (data) return data;
    }
  }
}

interface Taken {
  readonly n: number;
  readonly position: bigint;
}

/** Takes events until all were sent and none has come for a second. */
async function take(
  client: Client,
  id: string,
  acknowledges: boolean,
  isOver: () => boolean,
): Promise<readonly Taken[]> {
  const taken: Taken[] = [];
  for (;;) {
    const wasOver = isOver();
    const data = await client.ask(next, { ids: [id] });
    if (data === null) continue;
    if (data.nextEvent === null) {
      if (wasOver) return taken;
      continue;
    }
    const { position, event } = data.nextEvent;
    taken.push({ n: event.payload.n, position: BigInt(position) });
    if (acknowledges) await client.insist(acknowledge, { id, position });
  }
}

async function surviveKills(settings: Settings, gatewayCount: number, seed: number): Promise<void> {
  const random = seeded(seed);
  const gateways = await Gateways.start(settings, gatewayCount);
  const client = () => new Client(gateways.urls, random);
  const input = { topics: ['crowd.*'], where: 'data.n % 2 == 0' };
  const made = async (more: object): Promise<string> =>
    (await client().insist(subscribe, { input: { ...input, ...more } })).subscribe.id;
  const [manual, auto] = [await made({ ack: 'MANUAL', visibilityMs: 2_000 }), await made({ ack: 'AUTO' })];
  let isOver = false;
  const sending = async () => {
    for (let n = 0; n < eventCount; n += 5) {
      const events = [0, 1, 2, 3, 4].map((k) => ({
        topic: `crowd.${k}`,
        hash: `event-${n + k}`,
        payload: { n: n + k },
      }));
      await client().insist(send, { input: events });
      await delay((disturbedMs * 5) / eventCount);
    }
  };
  const disturbing = again(disturbedMs, 3_000, random, () => gateways.killOne(random));
  const [one, other, alone] = [client(), client(), client()];
  const taking = Promise.all([
    take(one, manual, true, () => isOver),
    take(other, manual, true, () => isOver),
    take(alone, auto, false, () => isOver),
  ]);
  await Promise.all([sending(), disturbing]);
  isOver = true;
  const [byOne, byOther, byAlone] = await taking;
  await gateways.stop();

  const wanted = Array.from({ length: eventCount / 2 }, (_, n) => 2 * n);
  const numbers = (taken: readonly Taken[]) => taken.map(({ n }) => n);
  expect([...new Set([...numbers(byOne), ...numbers(byOther)])].sort((a, b) => a - b)).toEqual(wanted);
  // What was acknowledged before is not handed out again: each of its answers is a place of its own but for those lost.
  expect(byOne.length + byOther.length - wanted.length).toBeLessThanOrEqual(one.failures + other.failures);
  const positions = byAlone.map(({ position }) => position);
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => (a < b ? -1 : 1)));
  expect(wanted).toEqual(expect.arrayContaining([...new Set(numbers(byAlone))]));
  expect(wanted.length - byAlone.length).toBeLessThanOrEqual(alone.failures);
  // Else nothing was tried.
  expect(gateways.killed).toBeGreaterThanOrEqual(3);
  expect(one.failures + other.failures + alone.failures).toBeGreaterThanOrEqual(3);
}

describeEmbedded('Durable subscriptions of a gateway that is killed', (backend) => {
  test(
    'yield every event, in order, and with AUTO none twice',
    async () => surviveKills(settingsFor(await backend.target()), 1, 1),
    testMs,
  );
});

describePostgres('Durable subscriptions of two gateways that are killed in turns', (backend) => {
  test(
    'yield every event, in order, and with AUTO none twice',
    async () => surviveKills(settingsFor(await backend.target()), 2, 2),
    testMs,
  );
});
