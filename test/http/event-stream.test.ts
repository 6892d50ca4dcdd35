// Subscriptions over server-sent events.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { bearer, codeOf, get, json, key, post, type Running, serve, until } from './support.ts';

const events = { ...json, accept: 'text/event-stream' };

async function stream(server: Running, query: string): Promise<string> {
  const answer = await post(server, { query }, events);
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  return answer.body;
}

function payloads(text: string): unknown[] {
  return [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map(([, data]) => JSON.parse(data!));
}

describe('event streams', () => {
  it('carry each result and then say that it is complete, over POST and GET', async () => {
    const server = await serve();
    const expected = [':', '', 'event: next', 'data: {"data":{"count":0}}', '', 'event: next'];
    const text = await stream(server, 'subscription { count(to: 1) }');
    expect(text.split('\n').slice(0, 6)).toEqual(expected);
    expect(text.endsWith('event: complete\ndata: \n\n')).toBe(true);
    const got = await get(server, '/graphql?query=subscription{count(to:1)}', {
      ...bearer,
      accept: 'text/event-stream',
    });
    expect(got.body).toBe(text);
  });

  it('tell of an error that ends the subscription, with its code and position', async () => {
    const server = await serve();
    const text = await stream(server, 'subscription { tooSlow }');
    expect(payloads(text)).toMatchObject([
      { data: { tooSlow: 0 } },
      { errors: [{ extensions: { code: 'SLOW_SUBSCRIBER', position: '42' } }] },
    ]);
    expect(text).not.toContain('"http"');
    expect(text.endsWith('event: complete\ndata: \n\n')).toBe(true);
  });

  it('mask what was not intended, and report it once', async () => {
    const server = await serve();
    const text = await stream(server, 'subscription { breaks }');
    expect(payloads(text)[1]).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
    expect(text).not.toContain('secret');
    expect(server.world.reported).toHaveLength(1);
  });

  it('tell of a subscription that could not begin, or is not valid', async () => {
    const server = await serve();
    expect(
      payloads(await post(server, { query: 'subscription { refused }' }, events).then(({ body }) => body)),
    ).toMatchObject([{ errors: [{ message: 'Not like this.', extensions: { code: 'BAD_USER_INPUT' } }] }]);
    expect(
      payloads(await post(server, { query: 'subscription { nope }' }, events).then(({ body }) => body)),
    ).toMatchObject([{ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] }]);
  });

  it('end the subscription when the client goes', async () => {
    const server = await serve();
    const gone = new AbortController();
    const response = await fetch(`${server.url}/graphql?query=subscription{forever}`, {
      headers: events,
      signal: gone.signal,
    });
    expect(response.status).toBe(200);
    await until(() => server.world.subscribers === 1);
    gone.abort();
    await until(() => server.world.subscribers === 0);
  });

  it('end the subscription where the client accepts no stream', async () => {
    const server = await serve();
    const answer = await post(
      server,
      { query: 'subscription { forever }' },
      { ...json, accept: 'application/json' },
    );
    expect(answer.status).toBe(406);
    await until(() => server.world.subscribers === 0);
    expect(codeOf(answer)).toBe('BAD_USER_INPUT');
  });

  it('read no faster than the client does', async () => {
    const server = await serve();
    const socket = connect(server.port, '127.0.0.1');
    const path = '/graphql?query=subscription{flood(bytes:100000)}';
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: ${key}\r\nAccept: text/event-stream\r\n\r\n`,
    );
    await once(socket, 'readable');
    await delay(300);
    const produced = server.world.produced;
    await delay(300);
    expect(server.world.produced).toBe(produced);
    expect(produced).toBeLessThan(200);
    socket.destroy();
    await until(() => server.world.subscribers === 0);
  });
});
