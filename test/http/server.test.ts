// The HTTP server itself: routes, starting, stopping, and clients that mean no good.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StartupError } from '../../src/database/database.ts';
import { codeOf, get, json, post, RawClient, raw, serve, until } from './support.ts';

describe('routes', () => {
  it('answer /health at once, and /ready while the database can be reached', async () => {
    let reachable = true;
    const server = await serve({ ready: async () => reachable });
    expect(await get(server, '/health', {})).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect((await get(server, '/ready', {})).status).toBe(200);
    reachable = false;
    expect((await get(server, '/ready', {})).status).toBe(503);
    expect((await get(server, '/health', {})).status).toBe(200);
  });

  it('say 503 where asking for readiness fails', async () => {
    const server = await serve({ ready: () => Promise.reject(new Error('no')) });
    expect((await get(server, '/ready', {})).status).toBe(503);
  });

  it.each(['/graphql/', '/graphqlx', '/health/x', '//graphql'])(
    'are no others: %s gets 404',
    async (path) => {
      const server = await serve();
      const answer = await get(server, path);
      expect([answer.status, codeOf(answer)]).toEqual([404, 'NOT_FOUND']);
    },
  );
});

describe('start', () => {
  it('says in one line that the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const starting = serve({ port });
    await expect(starting).rejects.toThrow(StartupError);
    await expect(starting).rejects.toThrow(`Cannot listen on 127.0.0.1:${port}: the port is taken`);
    other.close();
  });

  it.each(['203.0.113.1', 'no-such-host.invalid'])('says in one line that HOST=%s is wrong', async (host) => {
    await expect(serve({ host })).rejects.toThrow(/^Cannot listen on [^\n]*HOST\.$/);
  });
});

describe('stop', () => {
  it('answers what is in flight, and ends everything else at once', async () => {
    const server = await serve();
    const waiting = post(server, { query: '{ wait(ms: 300) }' });
    const idle = await fetch(`${server.url}/health`);
    await idle.text();
    const half = connect(server.port, '127.0.0.1', () => half.write('POST /graphql HTTP/1.1\r\nHost:'));
    const socket = await new RawClient(server).acknowledged();
    socket.subscribe('1', 'subscription { forever }');
    const stream = await fetch(`${server.url}/graphql?query=subscription{forever}`, {
      headers: { ...json, accept: 'text/event-stream' },
    });
    await until(() => server.world.subscribers === 2);
    const began = performance.now();
    const stopping = server.server.stop();
    expect(server.server.stop()).toBe(stopping);
    expect((await waiting).body).toEqual({ data: { wait: 'waited' } });
    expect(await socket.closed).toEqual({ code: 1001, reason: 'Going away' });
    expect(await stream.text()).toBe(':\n\n');
    await stopping;
    expect(performance.now() - began).toBeLessThan(4_000);
    expect(server.world).toMatchObject({ subscribers: 0, warm: 0 });
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });

  it('is bounded, also where a client never sends its body and another never answers the close', async () => {
    const server = await serve();
    const headers =
      'Authorization: Bearer tl_test_key\r\nContent-Type: application/json\r\nContent-Length: 90\r\n';
    const slow = connect(server.port, '127.0.0.1', () =>
      slow.write(`POST /graphql HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n{`),
    );
    slow.on('error', () => {});
    const deaf = await new RawClient(server).acknowledged();
    deaf.socket.pause();
    await delay(50);
    const began = performance.now();
    await server.server.stop();
    expect(performance.now() - began).toBeLessThan(30_000);
    deaf.end();
  });

  it('may come before the start', async () => {
    const server = await serve();
    await server.server.stop();
    await server.server.stop();
  });
});

describe('hostile clients', () => {
  it('do not disturb others by headers that are too long, wrong or never finished', async () => {
    const server = await serve();
    expect(
      await raw(server, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(50_000)}\r\n\r\n`),
    ).toContain('431');
    expect(await raw(server, 'nonsense\r\n\r\n')).toContain('400');
    const half = Array.from({ length: 200 }, () => connect(server.port, '127.0.0.1'));
    for (const socket of half) socket.on('error', () => {}).write('GET /health HTTP/1.1\r\nX');
    expect((await get(server, '/health', {})).status).toBe(200);
    for (const socket of half) socket.destroy();
  });

  it('learn nothing from hosts and paths that are no URL', async () => {
    const server = await serve({ allowedHosts: ['*'] });
    for (const [host, path] of [
      ['%%', '/graphql?query={hello}'],
      ['[', '/graphql'],
      ['x', '/graphql?%'],
      ['x', 'graphql'],
    ]) {
      const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: tl_test_key\r\nConnection: close\r\n\r\n`;
      const text = await raw(server, request);
      expect(text).not.toMatch(/node_modules|\.ts:|at .*\(/);
    }
    expect((await get(server, '/health', {})).status).toBe(200);
  });
});
