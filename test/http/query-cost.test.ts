// The cost of operations on every transport: told where it is asked for, and refused above the limit before anything runs.
import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { serveParts } from '../subscriptions/support.ts';
import { describeEmbedded } from '../support/database.ts';
import { composedOnce, fresh } from '../support/gateway.ts';
import { bearer, codeOf, get, json, post, RawClient, type Running } from './support.ts';

const extensions = { cost: true };
const page = 'query ($first: Int) { events(first: $first) { nodes { dependsOn { id } } } }';
const tooMuch = '{ events(first: 1000) { nodes { dependents(first: 1000) { nodes { id } } } } }';
const feed = (selection: string) => `subscription { eventFeed(after: "0") { event { id ${selection} } } }`;
const deepFeed = feed('dependents(first: 1000) { nodes { dependents(first: 1000) { nodes { id } } } }');

const refused = {
  message: `The operation may read 1001000 rows; at most ${limits.queryCost} are allowed. Request smaller pages, or fewer lists within lists.`,
  extensions: { code: 'LIMIT_EXCEEDED', cost: 1_001_000, limit: limits.queryCost },
};

/** The payload of the first message that a WebSocket answers to an operation with. */
async function overSocket(server: Running, payload: object): Promise<any> {
  const client = await new RawClient(server).acknowledged();
  client.send({ id: '1', type: 'subscribe', payload });
  const message = await client.next();
  client.end();
  return message.payload;
}

/** The first result of an event stream, which is left then. */
async function overStream(server: Running, body: object): Promise<any> {
  const leaving = new AbortController();
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { ...json, accept: 'text/event-stream' },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  let text = '';
  const decoder = new TextDecoder();
  const reader = response.body!.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
    const [, data] = /^event: next\ndata: (.*)\n\n/m.exec(text) ?? [];
    if (data !== undefined) return JSON.parse(data);
  }
  return expect.fail(`no result in ${text}`);
}

describeEmbedded('The cost of an operation', (backend) => {
  const composed = composedOnce(backend);

  test('is reported in the extensions of the result, over HTTP and WebSocket, where the request asks for it', async () => {
    const server = await serveParts(composed());
    const request = { query: page, variables: { first: 6 }, extensions };
    const answer = await post(server, request);
    expect([answer.status, answer.body.extensions]).toEqual([200, { cost: 12 }]);
    expect((await overSocket(server, request)).extensions).toEqual({ cost: 12 });
    const inUrl = `/graphql?query={position}&extensions=${encodeURIComponent(JSON.stringify(extensions))}`;
    expect((await get(server, inUrl, bearer)).body.extensions).toEqual({ cost: 1 });
  });

  test('is reported for each operation of a batch that asks for it', async () => {
    const server = await serveParts(composed());
    const { body } = await post(server, [
      { query: '{ position }', extensions },
      { query: '{ position }' },
      { query: page, extensions },
    ]);
    expect(body.map((result: any) => result.extensions)).toEqual([{ cost: 1 }, undefined, { cost: 100 }]);
  });

  test.each([undefined, {}, { cost: false }, { cost: 'true' }, { other: true }])(
    'is not told unless asked for: %j',
    async (asked) => {
      const server = await serveParts(composed());
      const request = { query: '{ viewer { name } }', extensions: asked };
      expect((await post(server, request)).body).toEqual({ data: { viewer: { name: 'tester' } } });
      expect(await overSocket(server, request)).toEqual({ data: { viewer: { name: 'tester' } } });
    },
  );

  test('is reported with field errors, too', async () => {
    const server = await serveParts(composed());
    const { body } = await post(server, {
      query: '{ position events(first: -1) { nodes { id } } }',
      extensions,
    });
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(body.extensions).toEqual({ cost: 1 });
  });

  test('of a subscription is reported with each delivery, to subscribers that ask for it', async () => {
    const { send } = composed();
    const id = await send({ topic: fresh('cost') });
    const server = await serveParts(composed());
    const query = feed('dependents(first: 3) { nodes { id } }').replace(
      'after: "0"',
      `filter: {ids: ["${id}"]}, after: "0"`,
    );
    for (const told of [
      await overSocket(server, { query, extensions }),
      await overStream(server, { query, extensions }),
    ]) {
      expect(told.data.eventFeed.event.id).toBe(id);
      expect(told.extensions).toEqual({ cost: 4 });
    }
    for (const told of [await overSocket(server, { query }), await overStream(server, { query })])
      expect(told).toEqual({ data: { eventFeed: { event: { id, dependents: { nodes: [] } } } } });
  });

  test('above the limit is refused with the cost and the limit, on every transport', async () => {
    const server = await serveParts(composed());
    const answer = await post(server, { query: tooMuch });
    expect([answer.status, answer.body]).toEqual([413, { errors: [refused] }]);
    expect(codeOf(await get(server, `/graphql?query=${encodeURIComponent(tooMuch)}`))).toBe('LIMIT_EXCEEDED');
    expect((await post(server, [{ query: '{ position }' }, { query: tooMuch }])).body[1].errors).toEqual([
      refused,
    ]);
    expect(await overSocket(server, { query: tooMuch })).toEqual({ errors: [refused] });
    const deep = { code: 'LIMIT_EXCEEDED', cost: 1_001_001, limit: limits.queryCost };
    expect((await overSocket(server, { query: deepFeed })).errors[0].extensions).toEqual(deep);
    expect((await overStream(server, { query: deepFeed })).errors[0].extensions).toEqual(deep);
  });

  test('above the limit keeps a mutation from changing anything', async () => {
    const { ask } = composed();
    const server = await serveParts(composed());
    const topic = fresh('unsent');
    const query = `mutation { sendEvent(input: {topic: "${topic}"}) { event { dependents(first: 1000) { nodes { dependents(first: 1000) { nodes { id } } } } } } }`;
    expect(codeOf(await post(server, { query }))).toBe('LIMIT_EXCEEDED');
    const { data } = await ask<{ events: { nodes: unknown[] } }>(
      `{ events(filter: {topics: ["${topic}"]}) { nodes { id } } }`,
    );
    expect(data!.events.nodes).toEqual([]);
  });

  test('is no less than the rows that were read', async () => {
    const { send, ask } = composed();
    const root = await send({ topic: fresh('root') });
    for (let n = 0; n < 4; n++) {
      const child = await send({ topic: 'child', dependsOn: root });
      for (let m = 0; m < 3; m++) await send({ topic: 'grandchild', dependsOn: child });
    }
    const query = `query ($id: ID!) { event(id: $id) { dependents(first: 4) { nodes { id dependents(first: 3) { nodes { id dependsOn { id } } } } } } }`;
    const { data } = await ask(query, { id: root });
    const rows = JSON.stringify(data).match(/"id":/g)!.length + 1;
    const server = await serveParts(composed());
    const { body } = await post(server, { query, variables: { id: root }, extensions });
    expect(rows).toBe(1 + 4 + 4 * 3 * 2);
    expect(body.extensions).toEqual({ cost: rows });
  });
});
