// Request targets in absolute form, and clients that end their side of the connection after their request.
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { key, raw, received, type Running, serve, until } from './support.ts';

function postOf(target: string, body: object, more = ''): string {
  const text = JSON.stringify(body);
  return `POST ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n${more}\r\n${text}`;
}

/** Sends a whole request and ends the sending side at once, as `nc -N` does. */
async function halfClosing({ port }: Running, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  socket.end(bytes);
  return received(socket);
}

describe('A request target in absolute form', () => {
  const closing = 'Connection: close\r\n';

  it.each([
    ['http://gateway.example:4000/health', '200'],
    ['HTTP://GATEWAY.EXAMPLE/health', '200'],
    ['https://gateway.example/health?probe=1', '200'],
    ['http://gateway.example/nothing', '404'],
    ['http://gateway.example', '308'],
    ['http://gateway.example?path=/health', '308'],
  ])('GET %s is answered with %s, like its path alone', async (target, status) => {
    const server = await serve({ allowedHosts: ['gateway.example'] });
    const answer = await raw(server, `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${closing}\r\n`);
    expect(answer.split('\r\n')[0]).toContain(` ${status} `);
  });

  it('reaches GraphQL', async () => {
    const server = await serve({ allowedHosts: ['gateway.example'] });
    const answer = await raw(
      server,
      postOf('http://gateway.example/graphql', { query: '{ hello }' }, closing),
    );
    expect(answer).toContain('{"data":{"hello":"world"}}');
  });

  it('may be upgraded to a WebSocket', async () => {
    const server = await serve();
    const upgrade = `GET ${server.url}/graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`;
    expect(await raw(server, upgrade, '\r\n\r\n')).toContain('101 Switching Protocols');
  });
});

describe('A client that ends its side of the connection after its request', () => {
  it('is answered', async () => {
    const server = await serve();
    const answer = await halfClosing(server, postOf('/graphql', { query: '{ wait(ms: 50) }' }));
    expect(answer).toContain('{"data":{"wait":"waited"}}');
  });

  it('is answered for every request that it sent before', async () => {
    const server = await serve();
    const requests = [1, 2, 3].map((n) => postOf('/graphql', { query: `{ many(values: [${n}]) }` }));
    const answer = await halfClosing(server, requests.join(''));
    expect(answer.match(/"many":1/g)).toHaveLength(3);
  });

  it('has its subscription ended, since nobody could tell that it reads no more', async () => {
    const server = await serve();
    const query = 'subscription { forever }';
    const answer = await halfClosing(server, postOf('/graphql', { query }, 'Accept: text/event-stream\r\n'));
    expect(answer).toContain('200 OK');
    await until(() => server.world.subscribers === 0);
  });

  it('is refused where the body is not complete', async () => {
    const server = await serve();
    const cut = postOf('/graphql', { query: '{ hello }' }).slice(0, -3);
    expect((await halfClosing(server, cut)).split('\r\n')[0]).toMatch(/ 400 |^$/);
    expect(await halfClosing(server, postOf('/graphql', { query: '{ hello }' }))).toContain('world');
  });

  it('does not keep its connection', async () => {
    const server = await serve();
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(postOf('/graphql', { query: '{ hello }' }));
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
  });
});
