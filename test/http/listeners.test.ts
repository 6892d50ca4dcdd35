// Listeners on the socket of a keep-alive connection: as many after many requests of any kind as after the first.
import { subscribe as listenTo, unsubscribe as ignore } from 'node:diagnostics_channel';
import { Agent, request, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { describeDatabases } from '../support/database.ts';
import { fresh, startGateway } from '../support/gateway.ts';
import { json, RawClient, serve, until } from './support.ts';

/** More than the listeners of one kind at which Node warns of a leak. */
const times = 25;

/** Sockets that servers of this process have accepted, in order. */
const accepted: Socket[] = [];
const onAccepted = (message: unknown) => void accepted.push((message as { socket: Socket }).socket);
const warnings: Error[] = [];
const onWarning = (warning: Error) => void warnings.push(warning);

beforeEach(() => {
  accepted.length = 0;
  warnings.length = 0;
  listenTo('net.server.socket', onAccepted);
  process.on('warning', onWarning);
});
afterEach(() => {
  ignore('net.server.socket', onAccepted);
  process.off('warning', onWarning);
});

function countsOf(socket: Socket): Record<string, number> {
  const counts = socket.eventNames().map((name) => [String(name), socket.listenerCount(name)] as const);
  return Object.fromEntries(counts.sort());
}

interface Sent extends RequestOptions {
  readonly body?: string | undefined;
}

/** Requests of one connection, one after another; resolves with the status. */
class Connection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #port: number;

  constructor(url: string) {
    this.#port = Number(new URL(url).port);
  }

  ask({ body, ...options }: Sent): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const asked = request({ ...options, port: this.#port, agent: this.#agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      asked.once('error', reject);
      if (options.headers && 'expect' in options.headers) asked.once('continue', () => asked.end(body));
      else asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** Sends the request many times over one connection, and expects the same status and as many listeners each time. */
async function expectNoMore(url: string, sent: Sent, status: number): Promise<void> {
  const connection = new Connection(url);
  try {
    expect(await connection.ask(sent)).toBe(status);
    expect(accepted).toHaveLength(1);
    const [socket] = accepted;
    const first = countsOf(socket!);
    for (let n = 1; n < times; n += 1) expect(await connection.ask(sent)).toBe(status);
    expect(accepted, 'the connection was to be kept').toHaveLength(1);
    expect(countsOf(socket!)).toEqual(first);
    expect(warnings).toEqual([]);
  } finally {
    connection.close();
  }
}

const graphql = (query: string, more: object = {}): Sent => ({
  method: 'POST',
  path: '/graphql',
  headers: { ...json, ...more },
  body: JSON.stringify({ query }),
});

describe('A keep-alive connection has no more listeners after many requests:', () => {
  it.each<[string, Sent, number]>([
    ['a query by POST', graphql('{ hello }'), 200],
    ['a query that waits', graphql('{ wait(ms: 1) }'), 200],
    ['a mutation', graphql('mutation { note(text: "x") }'), 200],
    ['a query that fails', graphql('{ fail }'), 200],
    ['a document that is none', graphql('{', { accept: 'application/graphql-response+json' }), 400],
    ['a body after 100 Continue', graphql('{ hello }', { expect: '100-continue' }), 200],
    [
      'a batch',
      { ...graphql(''), body: JSON.stringify([{ query: '{ hello }' }, { query: '{ name }' }]) },
      200,
    ],
    ['a query by GET', { path: '/graphql?query=%7Bhello%7D', headers: json }, 200],
    ['an event stream', graphql('subscription { count(to: 3) }', { accept: 'text/event-stream' }), 200],
    ['a request without a key', { path: '/graphql?query=%7Bhello%7D' }, 401],
    ['a preflight', { method: 'OPTIONS', path: '/graphql', headers: { origin: 'http://localhost' } }, 204],
    ['the page', { path: '/graphql', headers: { accept: 'text/html' } }, 200],
    ['a health check', { path: '/health' }, 200],
    ['a health check by HEAD', { method: 'HEAD', path: '/ready' }, 200],
    ['a target in absolute form', { ...graphql('{ hello }'), path: 'http://localhost/graphql' }, 200],
    ['a path that is not there', { path: '/nothing' }, 404],
    ['a webhook that is not there', { method: 'POST', path: '/webhooks/x', body: '{}' }, 404],
  ])('%s', async (_what, sent, status) => {
    const { url } = await serve();
    await expectNoMore(url, sent, status);
  });

  it('pipelined ones', async () => {
    const { port } = await serve();
    const client = connect(port, '127.0.0.1');
    let answers = 0;
    client.setEncoding('latin1').on('data', (text: string) => (answers += text.split('"world"').length - 1));
    const one = `GET /graphql?query=%7Bhello%7D HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${json.authorization}\r\n\r\n`;
    client.write(one);
    await until(() => answers === 1);
    const first = countsOf(accepted[0]!);
    client.write(one.repeat(times));
    await until(() => answers === 1 + times);
    expect(countsOf(accepted[0]!)).toEqual(first);
    expect(warnings).toEqual([]);
    client.destroy();
  });
});

describe('A WebSocket', () => {
  it('has no more listeners after many operations, ended by either side', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    const operate = async (id: string) => {
      client.subscribe(`${id}a`, '{ hello }');
      client.subscribe(`${id}b`, 'subscription { count(to: 1) }');
      client.subscribe(`${id}c`, 'subscription { forever }');
      client.send({ id: `${id}c`, type: 'complete' });
      client.send({ type: 'ping' });
      const ended = new Set<unknown>();
      while (!(ended.has(`${id}a`) && ended.has(`${id}b`) && ended.has('pong'))) {
        const { type, id: of } = await client.next();
        if (type === 'complete') ended.add(of);
        if (type === 'pong') ended.add(type);
      }
    };
    await operate('first');
    const first = countsOf(accepted[0]!);
    for (let n = 1; n < times; n += 1) await operate(`${n}`);
    expect(countsOf(accepted[0]!)).toEqual(first);
    expect(warnings).toEqual([]);
    client.end();
  });
});

describeDatabases('A keep-alive connection of a worker', (backend) => {
  test('has no more listeners after many calls, deliveries and waits', async () => {
    const gateway = await startGateway(await backend.target());
    const key = { 'content-type': 'application/json', authorization: 'Bearer test-key' };
    const call = (query: string): Sent => ({ ...graphql(query), headers: key });
    const topic = fresh('source');
    const { data } = await gateway.ask<any>(
      `mutation { subscribe(input: {topics: ["${topic}"], after: "0"}) { id }
        createTrigger(input: {name: "${fresh('hook')}", webhook: {}}) { url } }`,
    );
    const hook = new URL(data.createTrigger.url, gateway.url).pathname;
    const input = `{sourceTopics: ["${topic}"], targetTopic: "${topic}.job", worker: "w", waitMs: 5}`;
    for (const [sent, status] of [
      [call(`mutation { sendEvent(input: {topic: "${topic}"}) { event { id payload } } }`), 200],
      [call(`mutation { enroll(input: ${input}) { event { id } source { payload } } }`), 200],
      [call(`mutation { enroll(input: ${input}) { event { id } } }`), 200],
      [
        call(
          `mutation { nextEvent(subscriptionIds: ["${data.subscribe.id}"], timeoutMs: 5) { event { id } } }`,
        ),
        200,
      ],
      [call('{ events(first: 5) { nodes { id payload } } }'), 200],
      [
        { method: 'POST', path: hook, body: '{"a": 1}', headers: { 'content-type': 'application/json' } },
        202,
      ],
    ] as const) {
      accepted.length = 0;
      await expectNoMore(gateway.url, sent, status);
    }
    await gateway.stop();
  });
});
