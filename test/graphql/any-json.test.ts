// JSON whose keys mean something to JavaScript comes back as it was sent, by whichever operation it is read.
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runsOf, withHandlers } from '../handlers/handler-gateway.ts';
import { describeDatabases } from '../support/database.ts';
import { fresh, startGateway, tester, type TestGateway } from '../support/gateway.ts';

/** Text, since a literal with `__proto__` would set the prototype. */
const samples = [
  '{"then": 2}',
  '{"then": {"then": null}, "catch": 1, "finally": "x"}',
  '{"toJSON": "x", "valueOf": 1, "toString": null}',
  '{"__proto__": {"then": true}, "constructor": {"prototype": 1}, "hasOwnProperty": 0}',
  '{"length": 3, "0": "a", "next": 1, "return": [], "Symbol(Symbol.asyncIterator)": 1}',
  '{"data": 1, "errors": ["x"], "message": "m", "stack": "s", "": {"then": ["then"]}}',
].map((text) => JSON.parse(text) as object);

interface Sent {
  readonly id: string;
  readonly topic: string;
}
type Found = Readonly<Record<string, unknown>>;

const selection = '{ summary payload result }';
const headers = { 'content-type': 'application/json', authorization: 'Bearer test-key' };

async function post({ url }: TestGateway, body: unknown): Promise<any> {
  const options = { method: 'POST', headers, body: JSON.stringify(body) };
  return (await fetch(`${url}/graphql`, options)).json();
}

async function asked(gateway: TestGateway, query: string, variables: object): Promise<Found> {
  const { data, errors } = await post(gateway, { query, variables });
  expect(errors).toBeUndefined();
  return data;
}

/** The first result over SSE. */
async function streamed({ url }: TestGateway, query: string): Promise<any> {
  const options = { method: 'POST', headers: { ...headers, accept: 'text/event-stream' } };
  const response = await fetch(`${url}/graphql`, { ...options, body: JSON.stringify({ query }) });
  const reader = response.body!.getReader();
  for (let text = ''; ;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the stream ended: ${text}`);
    text += Buffer.from(value).toString();
    const [, result] = /^event: next\ndata: (.*)\n\n/m.exec(text) ?? [];
    if (result === undefined) continue;
    await reader.cancel();
    return JSON.parse(result).data;
  }
}

const feed = ({ topic }: Sent) =>
  `subscription { eventFeed(filter: {topics: ["${topic}"]}, after: "0") { event ${selection} } }`;

/** Operations that read one event. */
const readers: Readonly<Record<string, (gateway: TestGateway, sent: Sent) => Promise<any>>> = {
  'a query': async (gateway, { id }) =>
    (await asked(gateway, `query ($id: ID!) { event(id: $id) ${selection} }`, { id })).event,
  'a query with aliases': async (gateway, { topic }) => {
    const query = `query ($t: String!) { then: events(filter: {topics: [$t]}) { __proto__: nodes { then: payload } } }`;
    const { then: page } = (await asked(gateway, query, { t: topic })) as any;
    return { payload: Object.getOwnPropertyDescriptor(page, '__proto__')!.value[0].then };
  },
  'a batch': async (gateway, { id }) =>
    (await post(gateway, [{ query: `{ event(id: "${id}") ${selection} }` }]))[0].data.event,
  'a chain': async (gateway, { id }) => {
    const query = `query ($id: ID!) { event(id: $id) { dependents { nodes { dependsOn ${selection} } } } }`;
    const send = 'mutation ($i: SendEventInput!) { sendEvent(input: $i) { duplicate } }';
    await asked(gateway, send, { i: { topic: 'below', dependsOn: id } });
    return ((await asked(gateway, query, { id })).event as any).dependents.nodes[0].dependsOn;
  },
  'a job': async (gateway, { topic }) => {
    const query = `mutation ($i: EnrollInput!) { enroll(input: $i) { source ${selection} } }`;
    const input = { sourceTopics: [topic], targetTopic: fresh('job'), worker: 'w' };
    return ((await asked(gateway, query, { i: input })).enroll as any).source;
  },
  'a durable subscription': async (gateway, { topic }) => {
    const subscribe = `mutation ($t: String!) { subscribe(input: {topics: [$t], after: "0"}) { id } }`;
    const { id } = (await asked(gateway, subscribe, { t: topic })).subscribe as { id: string };
    const next = `mutation ($id: ID!) { nextEvent(subscriptionIds: [$id]) { event ${selection} } }`;
    return ((await asked(gateway, next, { id })).nextEvent as any).event;
  },
  'a WebSocket': async (gateway, sent) => {
    const reader = gateway.subscribe<{ eventFeed: { event: object } }>(feed(sent));
    const { eventFeed } = await reader.next();
    reader.stop();
    return eventFeed.event;
  },
  'an event stream': async (gateway, sent) => (await streamed(gateway, feed(sent))).eventFeed.event,
};

function expectSame(found: unknown, json: object): void {
  expect(isDeepStrictEqual(found, json), `${JSON.stringify(found)} for ${JSON.stringify(json)}`).toBe(true);
}

describeDatabases('JSON with keys such as then', (backend) => {
  let gateway: TestGateway;
  const sent = new Map<object, Sent>();

  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
    for (const json of samples) {
      const topic = fresh('any');
      const input = { topic, summary: json, payload: json, finished: false };
      const send = `mutation ($i: SendEventInput!) { sendEvent(input: $i) { event { id summary payload } } }`;
      const { event } = (await asked(gateway, send, { i: input })).sendEvent as any;
      expectSame([event.summary, event.payload], [json, json]);
      const change = { id: event.id, status: 'FINISHED', result: json };
      const update = `mutation ($i: UpdateEventInput!) { updateEvent(input: $i) ${selection} }`;
      const updated = (await asked(gateway, update, { i: change })).updateEvent as Found;
      for (const field of ['summary', 'payload', 'result']) expectSame(updated[field], json);
      sent.set(json, { id: event.id, topic });
    }
  });
  afterAll(() => gateway.stop());

  test.each(Object.keys(readers))('is read by %s as it was sent', async (definition) => {
    for (const json of samples) {
      const found = (await readers[definition]!(gateway, sent.get(json)!)) as Found;
      expect(Object.keys(found).length).toBeGreaterThan(0);
      for (const value of Object.values(found)) expectSame(value, json);
    }
  });

  test('comes to those who watch as it was sent, also where it is not stored', async () => {
    for (const store of [true, false]) {
      const topic = fresh('live');
      const reader = gateway.subscribe<{ eventFeed: { event: Found } }>(
        `subscription { eventFeed(filter: {topics: ["${topic}"]}, kinds: [CREATED, TRANSIENT]) { event { summary payload } } }`,
      );
      const input = (json: object) => ({ topic, store, summary: json, payload: json });
      const send = 'mutation ($i: [SendEventInput!]!) { sendEvents(input: $i) { errors { message } } }';
      // What is not stored is sent again until the subscription has begun.
      const sending = setInterval(
        () => void post(gateway, { query: send, variables: { i: samples.map(input) } }),
        200,
      );
      const seen = await reader.take(samples.length);
      clearInterval(sending);
      reader.stop();
      for (const [n, { eventFeed }] of seen.entries())
        for (const value of Object.values(eventFeed.event)) expectSame(value, samples[n]!);
    }
  });

  test('is what a handler gets and what it answers', async () => {
    const composed = await withHandlers(await backend.open(), { run: ({ payload }) => payload });
    for (const json of samples) {
      const { executions } = await composed.operations.sendEvent(tester, { topic: 't', payload: json });
      expectSame(executions![0]!.result, json);
      const [run] = await runsOf(composed, 'h1', 1);
      expectSame(run!.result, json);
    }
    await composed.stop();
  });
});
