// HTTP requests: keys, content types, bodies, batches, traces, and what becomes of errors.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bearer, codeOf, get, json, key, post, raw, serve } from './support.ts';

const hello = { query: '{ hello }' };

function head(bytes: string): string {
  return `POST /graphql HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n${bytes}`;
}

describe('keys', () => {
  it('are taken from Authorization in any letter case, and from X-Api-Key', async () => {
    const server = await serve();
    for (const headers of [
      { authorization: `bearer ${key}` },
      { authorization: `BEARER  ${key}` },
      { 'x-api-key': key },
    ]) {
      const answer = await post(
        server,
        { query: '{ name }' },
        { ...headers, 'content-type': 'application/json' },
      );
      expect(answer.body).toEqual({ data: { name: 'tester' } });
    }
  });

  it.each([
    {},
    { authorization: 'Bearer wrong' },
    { authorization: key },
    { authorization: `Basic ${key}` },
    { 'x-api-key': '' },
  ])('are needed: %j gets 401', async (headers) => {
    const server = await serve();
    const answers = [
      await post(server, hello, { ...headers, 'content-type': 'application/json' }),
      await get(server, '/graphql?query={hello}', headers),
      await get(server, '/graphql?query=subscription{count(to:1)}', {
        ...headers,
        accept: 'text/event-stream',
      }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(codeOf(answer)).toBe('UNAUTHENTICATED');
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('are looked at before the body is read', async () => {
    const server = await serve();
    const endless =
      'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n\r\n{';
    expect(await raw(server, endless, 'UNAUTHENTICATED')).toContain('401');
  });
});

describe('content types', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/graphql',
    'application/json; charset=latin1',
  ])('other than JSON in UTF-8 get 415: %s', async (type) => {
    const server = await serve();
    const answer = await post(server, hello, { ...bearer, 'content-type': type });
    expect(answer.status).toBe(415);
    expect(codeOf(answer)).toBe('BAD_USER_INPUT');
  });

  it('may name the charset', async () => {
    const server = await serve();
    const answer = await post(server, hello, {
      ...bearer,
      'content-type': 'Application/JSON; Charset=UTF-8',
    });
    expect(answer.body).toEqual({ data: { hello: 'world' } });
  });

  it('refuses a compressed body', async () => {
    const answer = await post(await serve(), hello, { ...json, 'content-encoding': 'gzip' });
    expect(answer.status).toBe(415);
  });
});

describe('bodies', () => {
  it('longer than the limit get 413, by their stated length and by what arrives', async () => {
    const server = await serve({ maxBodyBytes: 2_000 });
    const long = JSON.stringify({ query: '{ hello }', variables: { filler: 'x'.repeat(5_000_000) } });
    const stated = await post(server, long);
    expect(stated.status).toBe(413);
    expect(codeOf(stated)).toBe('LIMIT_EXCEEDED');
    const chunk = `400\r\n${'x'.repeat(1_024)}\r\n`;
    const chunked = head(`Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`);
    const text = await raw(server, chunked, 'LIMIT_EXCEEDED');
    expect(text).toContain('413');
    expect((await post(server, hello)).body).toEqual({ data: { hello: 'world' } });
  });

  it('that never end are cut off after they were refused', async () => {
    const server = await serve({ maxBodyBytes: 2_000 });
    const text = await raw(server, head('Content-Length: 5000000\r\n\r\n{'));
    expect(text).toContain('413');
  });

  it('are asked for with 100 Continue only where they are taken', async () => {
    const server = await serve({ maxBodyBytes: 2_000 });
    const taken = await raw(server, head('Expect: 100-continue\r\nContent-Length: 21\r\n\r\n'), '\r\n\r\n');
    expect(taken).toContain('100 Continue');
    const refused = await raw(
      server,
      head('Expect: 100-continue\r\nContent-Length: 5000\r\n\r\n'),
      'LIMIT_EXCEEDED',
    );
    expect(refused).not.toContain('100 Continue');
  });

  it('nested a million deep get 413 and leave the server answering', async () => {
    const server = await serve({ maxBodyBytes: 20_000_000 });
    const deep = await post(server, `{"query":"{ hello }","variables":{"a":${'['.repeat(1_000_000)}`);
    expect(deep.status).toBe(413);
    expect(codeOf(deep)).toBe('LIMIT_EXCEEDED');
    expect((await post(server, hello)).status).toBe(200);
  });

  it.each([
    '',
    '{',
    '{"query": {hello}}',
    'null',
    '"text"',
    '[]',
    '{}',
    '{"query": 1}',
    '{"query":"{hello}","variables":[]}',
  ])('that are no operation get 400: %s', async (text) => {
    const answer = await post(await serve(), text);
    expect(answer.status).toBe(400);
    expect(codeOf(answer)).toBe('BAD_USER_INPUT');
  });

  it('that are not UTF-8 get 400', async () => {
    const server = await serve();
    const body = Buffer.concat([
      Buffer.from('{"query":"{ hello } #'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    const bytes = Buffer.concat([Buffer.from(head(`Content-Length: ${body.length}\r\n\r\n`)), body]);
    expect(await raw(server, bytes, 'UTF-8')).toContain('400');
  });

  it('may hold __proto__, which stays a key like any other', async () => {
    const server = await serve();
    const query = 'query ($value: JSON) { echo(value: $value) }';
    const answer = await post(server, `{"query":"${query}","variables":{"value":{"__proto__":{"a":1}}}}`);
    expect(JSON.stringify(answer.body.data.echo)).toBe('{"__proto__":{"a":1}}');
    expect((await post(server, '{"query":"{ hello }","__proto__":{"a":1}}')).status).toBe(400);
    expect('a' in {}).toBe(false);
  });

  it('bring numbers that a double would change to the resolver as they are', async () => {
    const server = await serve();
    const query = 'query ($value: JSON) { kindOf(value: $value) }';
    const body = `{"query":"${query}","variables":{"value":{"a":12345678901234567890,"b":[1,1e999]}}}`;
    expect((await post(server, body)).body.data.kindOf).toBe(
      '{a: unsafe 12345678901234567890, b: [number, unsafe 1e999]}',
    );
    const url = `/graphql?query=${encodeURIComponent(query)}&variables={"value":12345678901234567890}`;
    expect((await get(server, url)).body.data.kindOf).toBe('unsafe 12345678901234567890');
  });

  it('cut short by the client disturb nobody', async () => {
    const server = await serve();
    for (let n = 0; n < 5; n++) {
      const socket = connect(server.port, '127.0.0.1');
      socket.write(head('Content-Length: 100\r\n\r\n{'));
      await delay(20);
      socket.destroy();
    }
    expect((await post(server, hello)).status).toBe(200);
    expect(server.world.reported).toEqual([]);
  });
});

describe('GET', () => {
  it('answers queries, refuses mutations with 405, and malformed variables with 400', async () => {
    const server = await serve();
    expect((await get(server, '/graphql?query={hello}')).body).toEqual({ data: { hello: 'world' } });
    const mutation = await get(server, '/graphql?query=mutation{note(text:"x")}');
    expect(mutation.status).toBe(405);
    expect(codeOf(mutation)).toBe('BAD_USER_INPUT');
    expect(server.world.notes).toEqual([]);
    for (const variables of ['{', '[]', '1']) {
      const answer = await get(server, `/graphql?query={hello}&variables=${variables}`);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
    }
    expect((await get(server, '/graphql')).status).toBe(400);
  });

  it('is one of two methods', async () => {
    const { url } = await serve();
    const response = await fetch(`${url}/graphql`, { method: 'PUT', headers: json, body: '{}' });
    expect(response.status).toBe(405);
  });
});

describe('batches', () => {
  it('answer every operation in order, each with errors of its own', async () => {
    const answer = await post(await serve(), [hello, { query: '{ nope }' }, { query: '{ name }' }]);
    expect(answer.status).toBe(200);
    expect(answer.body[0]).toEqual({ data: { hello: 'world' } });
    expect(answer.body[1].errors[0].extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' });
    expect(answer.body[2]).toEqual({ data: { name: 'tester' } });
  });

  it('of more than ten get 413', async () => {
    const server = await serve();
    expect((await post(server, Array(10).fill(hello))).body).toHaveLength(10);
    const answer = await post(server, Array(11).fill(hello));
    expect([answer.status, codeOf(answer)]).toEqual([413, 'LIMIT_EXCEEDED']);
  });

  it('may not hold a subscription', async () => {
    const server = await serve();
    const answer = await post(server, [hello, { query: 'subscription { forever }' }]);
    expect(answer.body[1].errors[0].extensions).toEqual({ code: 'BAD_USER_INPUT' });
    expect(server.world.subscribers).toBe(0);
  });
});

describe('traces', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  it.each([
    [{ traceparent: `00-${trace}-00f067aa0ba902b7-01`, 'x-request-id': 'mine' }, trace],
    [{ traceparent: `cc-${trace}-00f067aa0ba902b7-01-later` }, trace],
    [{ traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, 'x-request-id': 'mine' }, 'mine'],
    [{ traceparent: `00-${trace}-${'0'.repeat(16)}-01` }, null],
    [{ traceparent: `ff-${trace}-00f067aa0ba902b7-01` }, null],
    [{ traceparent: `00-${trace}-00f067aa0ba902b7-01-more` }, null],
    [{ traceparent: trace.toUpperCase() }, null],
    [{ 'x-request-id': 'r'.repeat(200) }, 'r'.repeat(200)],
    [{ 'x-request-id': 'r'.repeat(201) }, null],
    [{}, null],
  ])('%j make the request id %s', async (headers, expected) => {
    const answer = await post(await serve(), { query: '{ requestId }' }, {
      ...json,
      ...headers,
    } as typeof json);
    expect(answer.body).toEqual({ data: { requestId: expected } });
  });
});

describe('a trace that lives long', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { ...json, traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  const askTwice = '{ one: requestId two: requestId }';

  it('names the request of one HTTP request, and a new one for each further one', async () => {
    const server = await serve();
    const ids = new Set<string>();
    for (let n = 0; n < 20; n++) {
      const { one, two } = (await post(server, { query: askTwice }, headers)).body.data;
      expect(one).toBe(two);
      expect(one.slice(0, 32)).toBe(trace);
      ids.add(one);
    }
    expect(ids.size).toBe(20);
    expect(ids.has(trace)).toBe(true);
  });

  it('keeps its name for the first HTTP request that sends something', async () => {
    const server = await serve();
    await post(server, { query: '{ hello }' }, headers);
    const { body } = await post(server, [{ query: '{ requestId }' }, { query: '{ requestId }' }], headers);
    expect(body).toEqual([{ data: { requestId: trace } }, { data: { requestId: trace } }]);
  });
});

describe('errors', () => {
  it('that were not intended are masked and reported once, with the id that the answer has', async () => {
    const server = await serve();
    const answer = await post(server, { query: '{ fail }' });
    expect(codeOf(answer)).toBe('INTERNAL_SERVER_ERROR');
    expect(answer.body.errors[0].extensions.errorId).toMatch(/^[\da-f-]{36}$/);
    expect(JSON.stringify(answer.body)).not.toContain('secret');
    expect(server.world.reported).toHaveLength(1);
  });

  it('that were intended are shown with their code and details', async () => {
    const server = await serve();
    const answer = await post(server, { query: '{ refuse }' });
    expect(answer.status).toBe(200);
    expect(answer.body.errors[0]).toMatchObject({
      message: 'No such thing.',
      extensions: { code: 'NOT_FOUND', id: '7' },
    });
    expect(server.world.reported).toEqual([]);
  });

  it('of the operation name and of variables get 400 and BAD_USER_INPUT', async () => {
    const server = await serve();
    const requests = [
      { query: 'query A { hello }', operationName: 'B' },
      { query: 'query ($n: Int!) { many(values: [$n]) }' },
      { query: 'query ($n: Int!) { many(values: [$n]) }', variables: { n: 'x' } },
    ];
    for (const request of requests) {
      const answer = await post(server, request, { ...json, accept: 'application/graphql-response+json' });
      expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_USER_INPUT']);
    }
  });

  it('made before anything ran answer 500', async () => {
    const server = await serve({
      createContext: () => {
        throw new Error('the secret inside');
      },
    });
    const answer = await post(server, hello);
    expect([answer.status, codeOf(answer)]).toEqual([500, 'INTERNAL_SERVER_ERROR']);
  });
});

describe('A document named by its hash alone', () => {
  const persisted = { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } };

  it('gets PERSISTED_QUERY_NOT_FOUND with 200, by POST and by GET, so that the client sends the document', async () => {
    const server = await serve();
    const extensions = encodeURIComponent(JSON.stringify(persisted));
    for (const answer of [
      await post(server, { extensions: persisted }),
      await post(server, { query: '', extensions: persisted }),
      await get(server, `/graphql?extensions=${extensions}`, { ...bearer, accept: 'application/json' }),
    ]) {
      expect([answer.status, codeOf(answer)]).toEqual([200, 'PERSISTED_QUERY_NOT_FOUND']);
      expect(answer.body.errors[0].message).toBe('PersistedQueryNotFound');
    }
  });

  it('is executed where the document is there, too', async () => {
    const server = await serve();
    const { body } = await post(server, { query: '{ hello }', extensions: persisted });
    expect(body).toEqual({ data: { hello: 'world' } });
  });
});

describe('An empty operationName', () => {
  it('counts as none, by POST and by GET', async () => {
    const server = await serve();
    expect((await post(server, { query: '{ hello }', operationName: '' })).body.data).toEqual({
      hello: 'world',
    });
    const path = '/graphql?query=%7Bhello%7D&operationName=';
    expect((await get(server, path, { ...bearer, accept: 'application/json' })).body.data).toEqual({
      hello: 'world',
    });
  });
});
