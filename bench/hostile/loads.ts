// The hostile loads, by the item of the issue that each is about: what a client with or without a key may send at most.
import { setTimeout as delay } from 'node:timers/promises';
import { type HostileClient, keepDoing } from './client.ts';

export interface Load {
  readonly name: string;
  /** Whether it needs the thousand events of 1 MB each. */
  readonly large: boolean;
  /** What is there before the load begins; its answer is given to `run`. */
  prepare?(client: HostileClient): Promise<string>;
  run(client: HostileClient, prepared: string): Promise<void>;
}

/** How long a load goes on that has no end of its own, in milliseconds. */
const loadMs = 4_000;
/** The topic and the request of the large events. */
export const large = { topic: 'hostile.large', requestId: 'hostile-large', count: 1_000 };

const bytes = 520_000;
const json = 'application/json';
const form = 'application/x-www-form-urlencoded';
const names = Array.from({ length: bytes / 6 }, (_, n) => n.toString(36));
const bodies: readonly (readonly [name: string, type: string, body: string])[] = [
  ['a form of many names', form, names.join('&').slice(0, bytes)],
  ['deep lists', json, `[${'[[[[[[[[]]]]]]]],'.repeat(bytes / 17 - 2)}0]`],
  ['many keys', json, `{${names.slice(0, bytes / 12).map((name) => `"${name}":0`)}}`],
  ['an array of numbers', json, `[${'1e0,'.repeat(bytes / 4 - 2)}0]`],
];

const webhooks: Load[] = bodies.map(([name, type, body]) => ({
  name: `10: deliveries of 512 KB, ${name}, 8 connections`,
  large: false,
  prepare: async (client) => {
    const trigger = { name: 'hostile', webhook: { signature: 'NONE' } };
    const query = 'mutation ($input: CreateTriggerInput!) { createTrigger(input: $input) { url } }';
    // Earlier programs call the CEL expression `filter`.
    for (const name of ['where', 'filter']) {
      const answer = await client.ask(query, { input: { ...trigger, [name]: "data.method == 'NEVER'" } });
      const [, path] = /"url":"([^"]+)"/.exec(answer) ?? [];
      if (path !== undefined) return path;
    }
    throw new Error('no webhook could be created');
  },
  run: (client, path) => keepDoing(loadMs, 8, () => client.deliver(path, type, body)),
}));

const sendEvents = 'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { code } } }';

/** Each check of a payload ends at the limit of its steps. */
const schemaSteps: Load = {
  name: '11: sendEvents of 100, each at the limit of schema steps',
  large: false,
  prepare: (client) => {
    const n = { $ref: '#/$defs/n' };
    const pair = { type: 'object', properties: { a: n, b: n }, required: ['zz'] };
    const anyOf = [{ type: 'string' }, { type: 'number', minimum: 1e9 }, pair, pair];
    return client.need(
      'mutation ($schema: JSON) { declareTopic(input: {name: "hostile.cost", payloadSchema: $schema}) { name } }',
      { schema: { $defs: { n: { anyOf } }, properties: { t: n } } },
    );
  },
  run: async (client) => {
    let t: object = {};
    for (let n = 0; n < 20; n += 1) t = { a: t, b: n };
    const input = Array.from({ length: 100 }, () => ({ topic: 'hostile.cost', payload: { t } }));
    await client.ask(sendEvents, { input });
  },
};

const megabyte = 'a'.repeat(1_000_000);
const feed =
  'subscription ($filter: EventFilter, $where: String) { eventFeed(filter: $filter, where: $where) { position } }';
const sendOne = 'mutation ($input: SendEventInput!) { sendEvent(input: $input) { event { id } } }';

/** Subscriptions of one socket, and the events that they are tested on. */
function liveFilter(name: string, selections: readonly object[], payload: object, events: number): Load {
  return {
    name: `12: ${name}`,
    large: false,
    prepare: async (client) => {
      await client.subscribe(selections.map((variables) => ({ query: feed, variables })));
      await delay(1_000);
      return '';
    },
    run: async (client) => {
      for (let n = 0; n < events; n += 1)
        await client.need(sendOne, { input: { topic: 'hostile.live', payload } });
      await delay(loadMs);
    },
  };
}

const like = (n: number) => ({
  key: 'payload/text',
  comparison: 'LIKE',
  value: `%${'a%'.repeat(200)}b${n}`,
});
const each = (count: number, filterOf: (n: number) => object) =>
  Array.from({ length: count }, (_, n) => filterOf(n));
const numbers = Array.from({ length: 1_000 }, (_, n) => n);
const cel = (n: number) => `data.list.all(x, data.list.exists(y, y == x + ${n}))`;

const liveFilters: Load[] = [
  liveFilter(
    '10 subscriptions, LIKE on 1 MB of text, 5 events',
    each(10, (n) => ({ filter: { conditions: { conditions: [like(n)] } } })),
    { text: megabyte },
    5,
  ),
  liveFilter(
    '200 subscriptions in CEL on one socket, 5 events',
    each(200, (n) => ({ where: cel(n) })),
    { list: numbers },
    5,
  ),
  liveFilter(
    '10 subscriptions of 100 conditions each, LIKE on 100 KB, 5 events',
    each(10, (m) => ({
      filter: { conditions: { operator: 'OR', conditions: each(100, (n) => like(m * 100 + n)) } },
    })),
    { text: megabyte.slice(0, 100_000) },
    5,
  ),
];

const lists: Load[] = (
  [
    ['LIKE', { filter: { conditions: { conditions: [{ ...like(0), key: 'payload/pad' }] } } }],
    ['CEL', { where: "data.pad.contains('b') || data.pad.matches('(a|aa)+b')" }],
  ] as const
).map(([name, selection]) => ({
  name: `13: lists with ${name} over 1,000 payloads of 1 MB, 20 at once`,
  large: true,
  run: (client) =>
    keepDoing(loadMs, 20, () =>
      client.ask(
        'query ($filter: EventFilter, $where: String) { events(first: 1000, filter: $filter, where: $where) { nodes { id } } }',
        selection,
      ),
    ),
}));

/** With a cursor: without one a page that would end early is refused. */
const page = `{ events(first: 1000, filter: {topics: ["${large.topic}"]}) { nodes { payload } pageInfo { endCursor } } }`;
const chain = `{ eventChain(requestId: "${large.requestId}") { events { payload } } }`;
const everything = `subscription { eventFeed(filter: {topics: ["${large.topic}"]}, after: "0") { position event { payload } } }`;

const answers: Load[] = [
  {
    name: '14: a page of 1,000 payloads of 1 MB',
    large: true,
    run: async (client) => void (await client.ask(page)),
  },
  {
    name: '14: a chain of 1,000 payloads of 1 MB',
    large: true,
    run: async (client) => void (await client.ask(chain)),
  },
  {
    name: '14: 10 feeds of 1,000 payloads of 1 MB from "0"',
    large: true,
    run: async (client) => {
      for (let n = 0; n < 10; n += 1) await client.subscribe([{ query: everything }]);
      await delay(2 * loadMs);
    },
  },
  {
    name: '14: 50 connections that do not read pages of 1 MB payloads',
    large: true,
    run: async (client) => {
      for (let n = 0; n < 50; n += 1) await client.askUnread(page.replace('1000', '20'));
      await delay(2 * loadMs);
    },
  },
];

export const loads: readonly Load[] = [...webhooks, schemaSteps, ...liveFilters, ...lists, ...answers];

export async function sendLarge(client: HostileClient): Promise<void> {
  const input = Array.from({ length: 10 }, () => ({
    topic: large.topic,
    requestId: large.requestId,
    payload: { pad: megabyte },
  }));
  for (let n = 0; n < large.count; n += input.length) await client.need(sendEvents, { input });
}
