// graphql-transport-ws over a raw socket: every close code, and what operations answer.
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { bearer, json, key, post, RawClient, serve, until } from './support.ts';

describe('close codes', () => {
  it.each([
    'no JSON',
    '[]',
    '{}',
    '{"type":"nonsense"}',
    '{"type":"next","id":"1","payload":{}}',
    '{"type":"subscribe"}',
    `{"type":"ping","payload":{"a":${'['.repeat(10_000)}`,
  ])('4400: a message that is none, %.30s', async (message) => {
    const client = await new RawClient(await serve()).acknowledged();
    client.send(message);
    expect(await client.closed).toEqual({ code: 4400, reason: 'Invalid message received' });
  });

  it('4400: a binary message', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    client.socket.send(Buffer.from('{"type":"ping"}'));
    expect(await client.closed).toMatchObject({ code: 4400 });
  });

  it('4401: subscribe before connection_ack', async () => {
    const client = await new RawClient(await serve()).opened();
    client.subscribe('1', '{ hello }');
    expect(await client.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  it.each([undefined, {}, { authorization: 'Bearer wrong' }, { authorization: 7 }, { 'x-api-key': 'wrong' }])(
    '4403: no known key in %j',
    async (payload) => {
      const server = await serve();
      const client = await new RawClient(server).opened();
      client.send({ type: 'connection_init', payload });
      expect(await client.closed).toEqual({ code: 4403, reason: 'Forbidden' });
      expect(server.world.warm).toBe(0);
    },
  );

  it.each([['graphql-ws'], [[]]])('4406: the subprotocol %j', async (protocol) => {
    const client = new RawClient(await serve(), protocol);
    expect(await client.closed).toEqual({ code: 4406, reason: 'Subprotocol not acceptable' });
  });

  it('4408: no connection_init in time', async () => {
    const client = new RawClient(await serve({ initTimeoutMs: 50 }));
    expect(await client.closed).toEqual({ code: 4408, reason: 'Connection initialisation timeout' });
  });

  it('4409: an id that is in use', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    client.subscribe('1', 'subscription { forever }');
    client.subscribe('1', 'subscription { forever }');
    expect(await client.closed).toEqual({ code: 4409, reason: 'Subscriber for 1 already exists' });
  });

  it('4429: a second connection_init', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    client.send({ type: 'connection_init', payload: bearer });
    expect(await client.closed).toEqual({ code: 4429, reason: 'Too many initialisation requests' });
  });

  it('4500: an internal failure, without its details', async () => {
    const authenticate = () => {
      throw new Error('the secret inside');
    };
    const client = await new RawClient(await serve({ authenticator: { authenticate } })).opened();
    client.send({ type: 'connection_init', payload: bearer });
    expect(await client.closed).toEqual({ code: 4500, reason: 'Internal server error' });
  });

  it('4290: a subscriber that read too slowly, after the error message that says where to go on', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    client.subscribe('1', 'subscription { tooSlow }');
    expect((await client.next()).payload).toEqual({ data: { tooSlow: 0 } });
    expect(await client.next()).toMatchObject({
      id: '1',
      type: 'error',
      payload: [{ message: 'Too slow.', extensions: { code: 'SLOW_SUBSCRIBER', position: '42' } }],
    });
    expect(await client.closed).toEqual({ code: 4290, reason: 'Too slow; last position 42' });
  });

  it('4290: a socket whose buffer is full', async () => {
    const server = await serve();
    const client = await new RawClient(server).acknowledged();
    client.subscribe('1', 'subscription { overflow }');
    for (let n = 0; n < server.world.produced; n++) await client.next();
    expect(await client.closed).toEqual({ code: 4290, reason: 'Too slow' });
    expect(server.world.produced).toBeGreaterThan(3);
    expect(server.world.produced).toBeLessThan(15);
  });

  it('1001: the gateway stops', async () => {
    const server = await serve();
    const client = await new RawClient(server).acknowledged();
    await server.server.stop();
    expect(await client.closed).toEqual({ code: 1001, reason: 'Going away' });
  });

  it('1009: a message longer than a body may be', async () => {
    const client = await new RawClient(await serve({ maxBodyBytes: 2_000 })).acknowledged();
    client.subscribe('1', `{ hello } #${'x'.repeat(2_000)}`);
    expect(await client.closed).toMatchObject({ code: 1009 });
  });

  it('1009: much, before a key was accepted', async () => {
    const client = await new RawClient(await serve({ maxBodyBytes: 10_000_000 })).opened();
    client.send({ type: 'connection_init', payload: { filler: 'x'.repeat(5_000_000) } });
    expect(await client.closed).toMatchObject({ code: 1009 });
  });
});

describe('keys', () => {
  it.each([
    { authorization: `Bearer ${key}` },
    { Authorization: `bearer ${key}` },
    { AUTHORIZATION: key },
    { 'X-Api-Key': key },
  ])('come from the connection parameters: %j', async (params) => {
    const client = await new RawClient(await serve()).acknowledged(params);
    client.subscribe('1', '{ name requestId }');
    expect((await client.next()).payload).toEqual({ data: { name: 'tester', requestId: null } });
  });

  it('come from the headers of the upgrade, which the parameters override', async () => {
    const server = await serve();
    await new RawClient(server, undefined, bearer).acknowledged({});
    await new RawClient(server, undefined, { 'x-api-key': key }).acknowledged({});
    const client = await new RawClient(server, undefined, bearer).opened();
    client.send({ type: 'connection_init', payload: { authorization: 'wrong' } });
    expect(await client.closed).toMatchObject({ code: 4403 });
  });
});

describe('operations', () => {
  it('are queries and mutations too', async () => {
    const server = await serve();
    const client = await new RawClient(server).acknowledged();
    client.subscribe('1', 'mutation Note($text: String!) { note(text: $text) }', {
      variables: { text: 'hi' },
    });
    expect(await client.next()).toEqual({ id: '1', type: 'next', payload: { data: { note: 1 } } });
    expect(await client.next()).toEqual({ id: '1', type: 'complete' });
    expect(server.world.notes).toEqual(['hi']);
  });

  it('bring numbers that a double would change to the resolver as they are', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    const query = 'query ($value: JSON) { kindOf(value: $value) }';
    client.send(`{"id":"1","type":"subscribe","payload":{"query":"${query}","variables":{"value":1e999}}}`);
    expect((await client.next()).payload).toEqual({ data: { kindOf: 'unsafe 1e999' } });
  });

  it.each([
    ['{ hello', 'GRAPHQL_PARSE_FAILED'],
    ['{ nope }', 'GRAPHQL_VALIDATION_FAILED'],
    ['query A { hello } query B { hello }', 'BAD_USER_INPUT'],
  ])('that cannot run get an error message, not a close: %s', async (query, code) => {
    const client = await new RawClient(await serve()).acknowledged();
    for (const id of ['1', '2']) {
      client.subscribe(id, query);
      const message = await client.next();
      expect([message.id, message.type, message.payload[0].extensions]).toEqual([id, 'error', { code }]);
    }
    client.subscribe('3', '{ hello }');
    expect((await client.next()).payload).toEqual({ data: { hello: 'world' } });
  });

  it('mask errors as over HTTP, and report each once', async () => {
    const server = await serve();
    const client = await new RawClient(server).acknowledged();
    client.subscribe('1', '{ fail }');
    const { payload } = await client.next();
    expect(payload.errors[0].extensions).toEqual({
      code: 'INTERNAL_SERVER_ERROR',
      errorId: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    await client.next();
    client.subscribe('2', 'subscription { breaks }');
    await client.next();
    const failed = await client.next();
    expect([failed.type, failed.payload[0].extensions.code]).toEqual(['error', 'INTERNAL_SERVER_ERROR']);
    expect(server.world.reported).toHaveLength(2);
  });

  it('with variables that do not fit get the error and its code', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    client.subscribe('1', 'query ($n: Int!) { many(values: [$n]) }', { variables: { n: 'x' } });
    expect((await client.next()).payload.errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' });
  });
});

describe('subscriptions', () => {
  it('send each result, then complete', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    client.subscribe('1', 'subscription { count(to: 1) }');
    expect([await client.next(), await client.next(), await client.next()]).toEqual([
      { id: '1', type: 'next', payload: { data: { count: 0 } } },
      { id: '1', type: 'next', payload: { data: { count: 1 } } },
      { id: '1', type: 'complete' },
    ]);
  });

  it('sends what is shared to each under its own id, also where others have the same', async () => {
    const server = await serve();
    const clients = await Promise.all(
      ['1', '1', 'other', '1'].map(async (id) => {
        const client = await new RawClient(server).acknowledged();
        client.subscribe(id, 'subscription { direct }');
        return { id, client };
      }),
    );
    for (const { id, client } of clients)
      for (const direct of [0, 1, 2])
        expect(await client.next()).toEqual({ id, type: 'next', payload: { data: { direct } } });
    for (const { client } of clients) client.end();
  });

  it('reports no failure where a socket breaks off in the midst of what is sent to it', async () => {
    const server = await serve();
    for (let n = 0; n < 5; n++) {
      const client = await new RawClient(server).acknowledged();
      client.subscribe('1', 'subscription { flood(bytes: 100000) }');
      await client.next();
      client.end();
    }
    await until(() => server.world.subscribers === 0);
    expect(server.world.reported).toEqual([]);
  });

  it('pass serialised results straight to the socket', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    client.subscribe('a"b', 'subscription { direct }');
    for (const direct of [0, 1, 2]) {
      expect(await client.next()).toEqual({ id: 'a"b', type: 'next', payload: { data: { direct } } });
    }
  });

  it('end when the client completes them or goes, and warm their source while a socket is accepted', async () => {
    const server = await serve();
    const client = await new RawClient(server).acknowledged();
    for (const id of ['1', '2']) client.subscribe(id, 'subscription { forever }');
    await until(() => server.world.subscribers === 2);
    expect(server.world.warm).toBe(1);
    client.send({ id: '1', type: 'complete' });
    await until(() => server.world.subscribers === 1);
    client.end();
    await until(() => server.world.subscribers === 0 && server.world.warm === 0);
  });

  it(`are ${limits.subscriptionsPerSocket} at most on one socket`, async () => {
    const client = await new RawClient(await serve()).acknowledged();
    for (let n = 0; n < limits.subscriptionsPerSocket; n++)
      client.subscribe(`${n}`, 'subscription { forever }');
    client.subscribe('more', 'subscription { forever }');
    const message = await client.next();
    expect([message.id, message.type, message.payload[0].extensions.code]).toEqual([
      'more',
      'error',
      'LIMIT_EXCEEDED',
    ]);
  });
});

describe('sockets', () => {
  it('are pinged, and ended when they do not answer', async () => {
    const server = await serve({ heartbeatMs: 40 });
    const alive = await new RawClient(server).acknowledged();
    const dead = await new RawClient(server).acknowledged();
    dead.subscribe('1', 'subscription { forever }');
    await until(() => server.world.subscribers === 1);
    dead.socket.pause();
    await until(() => server.world.subscribers === 0);
    alive.subscribe('1', '{ hello }');
    expect((await alive.next()).payload).toEqual({ data: { hello: 'world' } });
    dead.end();
  });

  it('that do not read are not read from, so that their answers do not pile up', async () => {
    const server = await serve({ maxBodyBytes: 2_000_000 });
    const client = await new RawClient(server).acknowledged();
    client.socket.pause();
    const before = process.memoryUsage().external;
    for (let n = 0; n < 300; n++) client.send({ type: 'ping', payload: { filler: 'x'.repeat(500_000) } });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await post(server, { query: '{ hello }' }, json)).status).toBe(200);
    const waiting = client.socket.bufferedAmount;
    expect(waiting).toBeGreaterThan(50_000_000);
    expect(process.memoryUsage().external - before).toBeLessThan(400_000_000);
    client.end();
  });

  it('look up one key of their pings at a time, and none after too many wrong ones', async () => {
    let [lookUps, atOnce, most] = [0, 0, 0];
    const server = await serve({
      authenticator: {
        authenticate: async (given) => {
          if (given === key) return { name: 'admin', keyId: null, scopes: ['admin'], rows: null };
          lookUps += 1;
          atOnce += 1;
          most = Math.max(most, atOnce);
          await new Promise((resolve) => setImmediate(resolve));
          atOnce -= 1;
          return null;
        },
      },
    });
    const client = await new RawClient(server).acknowledged();
    for (let n = 0; n < 2_000; n++)
      client.send({ type: 'ping', payload: { authorization: `Bearer wrong-${n}` } });
    expect(await client.closed).toEqual({ code: 4403, reason: 'Too many wrong keys' });
    expect([lookUps, most]).toEqual([limits.wrongKeysPerMinute + 1, 1]);
  });

  it('are taken at /graphql only', async () => {
    const { port } = await serve();
    const client = new RawClient({ port: `${port}/elsewhere?` } as never);
    expect(await client.closed).toMatchObject({ code: 1006 });
  });
});

describe('Requests over a WebSocket', () => {
  it.each([
    { headers: { authorization: `Bearer ${key}` } },
    { headers: { Authorization: key } },
    { Headers: { 'X-Api-Key': key } },
    { authorization: '', headers: { 'x-api-key': key } },
  ])('find the key nested in headers: %j', async (payload) => {
    const client = await new RawClient(await serve()).acknowledged(payload);
    client.end();
  });

  it.each([{ headers: 'Bearer' }, { headers: null }, { headers: { authorization: {} } }, { headers: [key] }])(
    'find no key in %j',
    async (payload) => {
      const client = await new RawClient(await serve()).opened();
      client.send({ type: 'connection_init', payload });
      expect((await client.closed).code).toBe(4403);
    },
  );

  it('take an empty operationName as none', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    client.subscribe('1', '{ hello }', { operationName: '' });
    expect((await client.next()).payload).toEqual({ data: { hello: 'world' } });
    client.end();
  });

  it('answer a hash without a document with PERSISTED_QUERY_NOT_FOUND, and stay open', async () => {
    const client = await new RawClient(await serve()).acknowledged();
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };
    client.send({ id: '1', type: 'subscribe', payload: { extensions } });
    expect(await client.next()).toMatchObject({
      type: 'error',
      payload: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    });
    client.subscribe('2', '{ hello }');
    expect((await client.next()).payload).toEqual({ data: { hello: 'world' } });
    client.end();
  });
});
