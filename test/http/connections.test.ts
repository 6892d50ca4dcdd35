// Connections: what ends them, how many there may be, and what may wait to be read.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Running, serve, until } from './support.ts';

const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** A client that never closes its own side; `text` is what it was sent. */
class Client {
  readonly socket: Socket;
  text = '';
  ended = false;
  closed = false;

  constructor({ port }: Running) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    sockets.push(this.socket);
    this.socket.on('data', (chunk: Buffer) => (this.text += chunk.toString('latin1')));
    this.socket.on('end', () => (this.ended = true));
    this.socket.on('close', () => (this.closed = true));
    this.socket.on('error', () => {});
  }

  static async open(server: Running): Promise<Client> {
    const client = new Client(server);
    await once(client.socket, 'connect');
    return client;
  }

  get(path: string, ...headers: string[]): void {
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
    );
  }

  /** A socket that is not read only notices its end when it writes. */
  async isCutOff(): Promise<void> {
    await until(() => {
      if (!this.closed) this.socket.write('x');
      return this.closed;
    });
  }
}

describe('An upgrade that is refused', () => {
  it.each([
    ['/nothing', 'websocket', '404'],
    ['/health', 'websocket', '404'],
    ['/graphql', 'h2c', '400'],
  ])('ends the connection: %s to %s', async (path, protocol, status) => {
    const client = await Client.open(await serve());
    client.get(path, 'Connection: Upgrade', `Upgrade: ${protocol}`);
    await client.isCutOff();
    expect(client.text).toContain(`HTTP/1.1 ${status}`);
    expect(client.text.toLowerCase()).toContain('connection: close');
  });
});

describe('Beyond the cap on connections', () => {
  it.each([
    ['in all', { maxConnections: 2 }],
    ['from one address', { maxConnectionsPerAddress: 2 }],
  ])('%s, health checks are answered and nothing else', async (_of, most) => {
    const server = await serve(most);
    const held = [await Client.open(server), await Client.open(server)];
    const health = await Client.open(server);
    health.get('/health');
    await until(() => health.ended);
    expect(health.text).toMatch(/^HTTP\/1.1 200 .*connection: close.*"ok"/is);
    const ready = await Client.open(server);
    ready.get('/ready');
    await until(() => ready.text.includes('"ready"'));
    const other = await Client.open(server);
    other.get('/graphql');
    await until(() => other.ended);
    expect(other.text).toMatch(/^HTTP\/1.1 503 .*OVERLOADED/s);
    const upgrade = await Client.open(server);
    upgrade.get('/graphql', 'Connection: Upgrade', 'Upgrade: websocket');
    await until(() => upgrade.ended);
    expect(upgrade.text).toContain('HTTP/1.1 503');
    held[0]!.socket.destroy();
    await until(() => held[0]!.closed);
    let next = '';
    while (!next.startsWith('HTTP/1.1 404')) {
      const client = await Client.open(server);
      client.get('/nothing');
      await until(() => client.text !== '');
      next = client.text;
    }
  });

  it('the oldest makes room, so that whoever holds those open keeps no health check out', async () => {
    const server = await serve({ maxConnections: 1 });
    await Client.open(server);
    const silent: Client[] = [];
    for (let n = 0; n < 100; n += 1) silent.push(await Client.open(server));
    const health = await Client.open(server);
    health.get('/health');
    await until(() => health.text.includes('"ok"') && silent[0]!.ended);
    expect(silent.filter(({ ended }) => ended)).toHaveLength(1);
  });
});

describe('Pipelined requests', () => {
  it('are answered one after another, in order', async () => {
    const server = await serve();
    const client = await Client.open(server);
    const ask = (query: string) =>
      client.get(`/graphql?query=${encodeURIComponent(query)}`, 'X-Api-Key: key');
    ask('{ wait(ms: 50) }');
    client.get('/nothing');
    client.get('/health');
    await until(() => client.text.includes('"ok"'));
    expect([...client.text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => status)).toHaveLength(3);
    expect(client.text.indexOf('NOT_FOUND')).toBeGreaterThan(-1);
    expect(client.text.indexOf('NOT_FOUND')).toBeLessThan(client.text.indexOf('"ok"'));
  });
});

describe('A client that does not read', () => {
  /** More than the buffers of the operating system hold. */
  async function unread(server: Running): Promise<Client> {
    const client = await Client.open(server);
    client.socket.pause();
    for (let n = 0; n < 500; n += 1) client.get('/graphql', 'Accept: text/html');
    return client;
  }

  it('is cut off in time, also of static pages', async () => {
    const server = await serve({ unread: { unreadMs: 200, unreadBytes: 100_000_000 } });
    const client = await unread(server);
    await client.isCutOff();
  });

  it('is cut off before others once all together have too much unread', async () => {
    const server = await serve({ unread: { unreadMs: 1_000_000, unreadBytes: 10_000 } });
    const client = await unread(server);
    const reader = await Client.open(server);
    reader.get('/graphql', 'Accept: text/html');
    await client.isCutOff();
    await until(() => reader.text.includes('</html>'));
    expect(reader.closed).toBe(false);
  });
});
