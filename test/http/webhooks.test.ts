// Webhooks over HTTP: what a delivery becomes, which are refused, and that none is lost or doubled.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { deliveries, type Delivery } from '../../examples/demo/deliveries.ts';
import { limits } from '../../src/base/limits.ts';
import { ThroughlineError } from '../../src/base/errors.ts';
import { DatabaseUnavailable } from '../../src/database/database.ts';
import { describeDatabases, describeEmbedded } from '../support/database.ts';
import { fresh, startGateway, type TestGateway } from '../support/gateway.ts';
import { deliver, deliverAsGitHub, gitHubSignature, type Sent } from '../triggers/deliveries.ts';
import { createTrigger, eventsOf, readEvent, type TriggerEvent, triggerNamed } from '../triggers/support.ts';
import { raw, serve } from './support.ts';

async function urlOf(gateway: TestGateway, webhook: object = {}, more: object = {}): Promise<string> {
  const { url } = await createTrigger(gateway, { name: fresh('hook'), webhook, ...more });
  return url!;
}

/** Delivers and reads the event. */
async function eventOf(
  gateway: TestGateway,
  url: string,
  init: Parameters<typeof deliver>[2] = {},
): Promise<TriggerEvent> {
  const { status, eventId } = await deliver(gateway, url, init);
  expect(status).toBe(202);
  return readEvent(gateway, eventId!);
}

describeDatabases('Real deliveries', (backend) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
  });
  afterAll(() => gateway.stop());

  test('of GitHub, signed, all become events, and none twice when they are repeated', async () => {
    const webhook = { signature: 'GITHUB', secret: 'hush', dedupeHeader: 'X-GitHub-Delivery' };
    const url = await urlOf(gateway, webhook, { name: 'github' });
    const post = (delivery: Delivery) => deliverAsGitHub(gateway, url, 'hush', delivery);
    const first: Sent[] = [];
    const second: Sent[] = [];
    for (let at = 0; at < deliveries.length; at += 20) {
      const some = deliveries.slice(at, at + 20);
      // Repeated while the first are under way, and again.
      const [once, twice] = await Promise.all([Promise.all(some.map(post)), Promise.all(some.map(post))]);
      first.push(...once);
      second.push(...twice);
    }
    expect(first.filter(({ status }) => status !== 202)).toEqual([]);
    expect(second.map(({ eventId }) => eventId)).toEqual(first.map(({ eventId }) => eventId));
    expect(deliveries).toHaveLength(329);
    const events = new Map((await eventsOf(gateway, 'github')).map((event) => [event.id, event]));
    expect(events.size).toBe(deliveries.length);
    for (const [index, { payload, name }] of deliveries.entries()) {
      const event = events.get(first[index]!.eventId!)!;
      expect(event.payload.body.json).toEqual(payload);
      expect(event.payload.headers['X-Github-Event']).toBe(name);
    }
  });

  test('are in the database when they are answered, in the shape that AutoKitteh gives them', async () => {
    const { id, url } = await createTrigger(gateway, { name: 'meow', webhook: {} });
    const event = await eventOf(gateway, url!, {
      suffix: '/cats/a%20b?x=1&y=2&x=3%204',
      headers: { 'content-type': 'application/json', 'x-one': 'a' },
      body: '{"n": 1}',
    });
    expect(event).toMatchObject({
      topic: 'meow',
      eventType: 'post',
      sender: 'meow',
      senderType: 'trigger',
      hash: null,
      status: 'FINISHED',
    });
    expect(event.payload).toEqual({
      method: 'POST',
      raw_url: `${url}/cats/a%20b?x=1&y=2&x=3%204`,
      url: {
        path: `${url}/cats/a b`,
        path_suffix: 'cats/a b',
        query: { x: '1, 3 4', y: '2' },
      },
      headers: expect.objectContaining({ 'Content-Type': 'application/json', 'X-One': 'a' }),
      trailers: {},
      body: { text: '{"n": 1}', json: { n: 1 }, form: null, bytes: null },
    });
    expect(await gateway.ask(`{ node(id: "${id}") { __typename id } }`)).toMatchObject({
      data: { node: { __typename: 'Trigger', id } },
    });
  });

  test('pass by the type and the filter; those that do not are answered 202 without an event', async () => {
    const where = 'data.body.json.action == "opened"';
    const url = await urlOf(gateway, {}, { name: 'filtered', topic: 'issues', eventType: 'post', where });
    const opened = await deliver(gateway, url, { body: '{"action": "opened"}' });
    expect(await readEvent(gateway, opened.eventId!)).toMatchObject({ topic: 'issues', sender: 'filtered' });
    const others = [
      await deliver(gateway, url, { body: '{"action": "closed"}' }),
      await deliver(gateway, url, { method: 'PUT', body: '{"action": "opened"}' }),
      await deliver(gateway, url, { body: 'no JSON' }),
    ];
    expect(others.map(({ status, eventId }) => [status, eventId])).toEqual([
      [202, null],
      [202, null],
      [202, null],
    ]);
    expect(await eventsOf(gateway, 'filtered')).toHaveLength(1);
    expect(await triggerNamed(gateway, 'filtered')).toMatchObject({
      filterErrors: 1,
      lastFilterError: expect.stringContaining('line 1'),
    });
  });

  test('find nothing any more where the trigger was deleted', async () => {
    const { id, url } = await createTrigger(gateway, { name: 'gone', webhook: {} });
    expect((await deliver(gateway, url!)).status).toBe(202);
    const deleted = await gateway.ask(`mutation { deleteTrigger(id: "${id}") }`);
    expect(deleted.data).toEqual({ deleteTrigger: id });
    expect((await deliver(gateway, url!)).status).toBe(404);
    expect(await eventsOf(gateway, 'gone')).toHaveLength(1);
  });
});

describeEmbedded('A delivery', (backend) => {
  let gateway: TestGateway;
  let open: string;
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
    open = await urlOf(gateway);
  });
  afterAll(() => gateway.stop());

  describe('is taken', () => {
    test.each(['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'])('by %s', async (method) => {
      const event = await eventOf(gateway, open, { method });
      expect(event).toMatchObject({ eventType: method.toLowerCase(), payload: { method } });
      expect(event.payload.body).toEqual({ text: '', json: null, form: null, bytes: null });
    });

    test('without a key, and begins a request of its own whatever its headers say', async () => {
      const event = await eventOf(gateway, open, { headers: { 'x-request-id': 'somebody-else' } });
      expect(event.requestId).toMatch(/^[0-9a-f-]{36}$/);
    });

    test('and answered with its id and Cache-Control, and nothing else', async () => {
      const { headers, text } = await deliver(gateway, open, { body: 'x' });
      expect(headers.get('cache-control')).toBe('no-cache');
      expect(headers.get('content-length')).toBe('0');
      expect(text).toBe('');
    });

    test('with headers that are repeated, and query names that are JavaScript’s', async () => {
      const head = `POST ${open}?__proto__=1&constructor=2&nul=%00 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
      const port = Number(new URL(gateway.url).port);
      const answer = await raw(
        { port } as Parameters<typeof raw>[0],
        `${head}x-two: a\r\nX-TWO: b\r\nContent-Length: 0\r\n\r\n`,
      );
      const [, id] = /Throughline-Event-Id: (\S+)/i.exec(answer)!;
      const { payload } = await readEvent(gateway, id!);
      expect(payload.headers['X-Two']).toBe('a, b');
      expect(Object.entries(payload.url.query)).toEqual(
        expect.arrayContaining([
          ['__proto__', '1'],
          ['constructor', '2'],
          ['nul', '\ufffd'],
        ]),
      );
    });
  });

  describe('has its body', () => {
    const bodyOf = async (body: string | Uint8Array<ArrayBuffer>, type = 'application/json') =>
      (await eventOf(gateway, open, { body, headers: { 'content-type': type } })).payload.body;

    test('as a form, with repeated fields joined', async () => {
      const text = 'a=1&b=x+y%21&a=2';
      expect(await bodyOf(text, 'application/x-www-form-urlencoded; charset=utf-8')).toEqual({
        text,
        json: null,
        form: { a: '1, 2', b: 'x y!' },
        bytes: null,
      });
    });

    test('as JSON whatever the content type', async () => {
      expect(await bodyOf('[1, "zwei"]', 'text/plain')).toMatchObject({ json: [1, 'zwei'] });
    });

    test('as base64 where it is not UTF-8 or holds NUL', async () => {
      for (const bytes of [new Uint8Array([0xff, 0xfe, 0x41]), new Uint8Array([0x41, 0, 0x42])]) {
        const base64 = Buffer.from(bytes).toString('base64');
        expect(await bodyOf(bytes)).toEqual({ text: null, json: null, form: null, bytes: base64 });
      }
    });

    test.each([
      '{"n": 12345678901234567890}',
      '[1e999]',
      '{"a": "\\u0000"}',
      '"\\ud800"',
      `${'['.repeat(99)}${']'.repeat(99)}`,
      '['.repeat(100_000),
      '{"a":',
    ])('as text alone where its JSON cannot be kept as it is (%#)', async (text) => {
      expect(await bodyOf(text)).toEqual({ text, json: null, form: null, bytes: null });
    });

    test('in one form where it is too large for two', async () => {
      const value = { text: '"'.repeat(limits.webhookBytes / 2 - 20) };
      const text = JSON.stringify(value);
      expect(await bodyOf(text)).toEqual({ text: null, json: value, form: null, bytes: null });
    });

    test('as base64 where its text would grow too large', async () => {
      const bytes = new Uint8Array(limits.webhookBytes).fill(1);
      expect(await bodyOf(bytes)).toMatchObject({ text: null, bytes: Buffer.from(bytes).toString('base64') });
    });

    test('as text where only its JSON would grow too large', async () => {
      const text = `[${'1E20,'.repeat(49_000)}1]`;
      expect(await bodyOf(text)).toMatchObject({ text, json: null });
    });
  });

  describe('is refused', () => {
    test.each([
      '/webhooks/',
      '/webhooks/nothing',
      `/webhooks/${'0'.repeat(32)}`,
      `/webhooks/${'0'.repeat(32)}/x`,
    ])('with 404 at %s', async (path) => {
      const { status, text } = await deliver(gateway, path, { body: 'x' });
      expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([404, 'NOT_FOUND']);
    });

    test('with 413 where it is longer than the limit, with its length and in chunks', async () => {
      const tooLong = Buffer.alloc(limits.webhookBytes + 1, 'x');
      const declared = await deliver(gateway, open, { body: tooLong });
      const chunked = await deliver(gateway, open, { body: chunks(tooLong), duplex: 'half' });
      for (const { status, text } of [declared, chunked]) {
        expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([413, 'LIMIT_EXCEEDED']);
      }
      const most = await deliver(gateway, open, { body: chunks(tooLong.subarray(1)), duplex: 'half' });
      expect(most.status).toBe(202);
    });

    test('with 401 where its signature is missing or wrong', async () => {
      const url = await urlOf(gateway, { signature: 'GITHUB', secret: 'hush' }, { name: 'signed' });
      const sent = [
        await deliver(gateway, url, { body: '{}' }),
        await deliver(gateway, url, {
          body: '{}',
          headers: { 'x-hub-signature-256': gitHubSignature('other', '{}') },
        }),
        await deliver(gateway, url, {
          body: '{ }',
          headers: { 'x-hub-signature-256': gitHubSignature('hush', '{}') },
        }),
      ];
      for (const { status, text } of sent) {
        expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
      }
      expect(await eventsOf(gateway, 'signed')).toEqual([]);
    });
  });

  test('has its trailers, and is nothing where it is cut short', async () => {
    const url = await urlOf(gateway, {}, { name: 'trailers' });
    const server = { port: Number(new URL(gateway.url).port) } as Parameters<typeof raw>[0];
    const head = `POST ${url} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`;
    const chunked = `${head}Transfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n`;
    expect(await raw(server, chunked)).toMatch(/^HTTP\/1.1 202 /);
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`${head}Content-Length: 5\r\n\r\nok`, () => socket.destroy());
    await once(socket, 'close');
    const events = await eventsOf(gateway, 'trailers');
    expect(events.map(({ payload }) => [payload.trailers, payload.body.text])).toEqual([
      [{ 'X-Sum': '7' }, 'ok'],
    ]);
  });

  test('is genuine with any of the secrets while they are rotated', async () => {
    const { id, url } = await createTrigger(gateway, {
      name: 'rotated',
      webhook: { signature: 'GITHUB', secret: 'old' },
    });
    const statuses = async () => {
      const sent = ['old', 'new'].map((secret) =>
        deliver(gateway, url!, {
          body: '{}',
          headers: { 'x-hub-signature-256': gitHubSignature(secret, '{}') },
        }),
      );
      return (await Promise.all(sent)).map(({ status }) => status);
    };
    const set = (secrets: string[]) =>
      gateway.ask(
        'mutation ($id: ID!, $secrets: [String!]!) { setTriggerSecrets(id: $id, secrets: $secrets) { url } }',
        {
          id,
          secrets,
        },
      );
    expect(await statuses()).toEqual([202, 401]);
    expect(await set(['new', 'old'])).toMatchObject({ data: { setTriggerSecrets: { url } }, errors: [] });
    expect(await statuses()).toEqual([202, 202]);
    await set(['new']);
    expect(await statuses()).toEqual([401, 202]);
    expect((await set([])).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('is known by its header within its trigger, however long the value', async () => {
    const webhook = { dedupeHeader: 'Idempotency-Key' };
    const [one, other] = [await urlOf(gateway, webhook), await urlOf(gateway, webhook)];
    for (const value of ['k1', 'k'.repeat(5_000)]) {
      const headers = { 'idempotency-key': value };
      const { eventId } = await deliver(gateway, one, { headers });
      expect((await deliver(gateway, one, { headers })).eventId).toBe(eventId);
      expect((await deliver(gateway, other, { headers })).eventId).not.toBe(eventId);
    }
    const without = [await deliver(gateway, one), await deliver(gateway, one)];
    expect(without[0]!.eventId).not.toBe(without[1]!.eventId);
  });

  test('holds its body back for a 100 Continue', async () => {
    const sent = request(`${gateway.url}${open}`, {
      method: 'POST',
      headers: { expect: '100-continue', 'content-length': 2 },
    });
    const continued = new Promise((resolve) => sent.once('continue', resolve));
    sent.flushHeaders();
    await continued;
    const answered = new Promise<number | undefined>((resolve) =>
      sent.once('response', (response) => resolve(response.resume().statusCode)),
    );
    sent.end('ok');
    expect(await answered).toBe(202);
  });
});

describe('A webhook whose delivery cannot be stored', () => {
  test.each([
    new ThroughlineError('OVERLOADED', 'Too much waits.'),
    new ThroughlineError('SHUTTING_DOWN', 'It stops.'),
    new DatabaseUnavailable(new Error('away')),
  ])('answers 503 and when to try again: %s', async (error) => {
    const accept = () => Promise.reject(error);
    const find = async () => ({ allowedOrigins: [], challenge: null }) as never;
    const { url } = await serve({ webhooks: { find, checkHeaders: () => {}, accept } });
    const response = await fetch(`${url}/webhooks/x`, { method: 'POST', body: '{}' });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: error.code } }] });
  });

  test('answers 500 without saying why, where that was not to be expected', async () => {
    const find = () => Promise.reject(new Error('the secret inside'));
    const accept = async () => ({ eventId: null, challenge: null });
    const { url } = await serve({ webhooks: { find, checkHeaders: () => {}, accept } });
    const response = await fetch(`${url}/webhooks/x`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });
});

describe('A webhook to which deliveries come too fast', () => {
  const refuse = () => {
    throw new ThroughlineError('RATE_LIMITED', 'Too fast.', { retryAfterSeconds: 7 });
  };
  const find = async () => ({ allowedOrigins: ['*'], challenge: null }) as never;
  const accept = async () => ({ eventId: null, challenge: null });

  test.each([
    ['before their bodies are read', { find, checkHeaders: refuse, accept }],
    ['after', { find, checkHeaders: () => {}, accept: async () => refuse() }],
  ])('answers 429, %s, and says when to try again, to pages as well', async (_when, webhooks) => {
    const { url } = await serve({ webhooks });
    const response = await fetch(`${url}/webhooks/x`, {
      method: 'POST',
      body: 'x'.repeat(limits.webhookBytes),
    });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('access-control-expose-headers')).toContain('Retry-After');
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  });
});

test('Deliveries that wait to be handled take no more memory than the limit; further ones are refused with 503', async () => {
  const waiting: (() => void)[] = [];
  const accept = () =>
    new Promise<{ eventId: null; challenge: null }>((resolve) => {
      waiting.push(() => resolve({ eventId: null, challenge: null }));
    });
  const find = async () => ({ allowedOrigins: [], challenge: null }) as never;
  const { url } = await serve({ webhooks: { find, checkHeaders: () => {}, accept } });
  const post = async () =>
    (await fetch(`${url}/webhooks/x`, { method: 'POST', body: Buffer.alloc(limits.webhookBytes) })).status;
  const most = limits.webhookBufferBytes / limits.webhookBytes;
  const held = Array.from({ length: most }, post);
  await vi.waitFor(() => expect(waiting).toHaveLength(most), 30_000);
  expect(await post()).toBe(503);
  for (const release of waiting.splice(0)) release();
  expect(new Set(await Promise.all(held))).toEqual(new Set([202]));
  const next = post();
  await vi.waitFor(() => expect(waiting).toHaveLength(1), 30_000);
  waiting[0]!();
  expect(await next).toBe(202);
});

function chunks(bytes: Buffer): ReadableStream<Uint8Array> {
  const size = 60_000;
  const parts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.subarray(n * size, (n + 1) * size),
  );
  return Readable.toWeb(Readable.from(parts)) as ReadableStream<Uint8Array>;
}
