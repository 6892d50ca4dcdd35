// A gateway per suite for tests of the client, with a proxy before it, and the clients of each test.
import { afterAll, afterEach, beforeAll } from 'vitest';
import { WebSocket } from 'ws';
import { type Client, type ConnectionOptions, createClient } from '../../src/client/client.ts';
import type { Backend } from '../support/database.ts';
import { key, startGateway, type TestGateway } from '../support/gateway.ts';
import { Proxy } from './proxy.ts';

export interface ClientTests {
  readonly gateway: TestGateway;
  /** To the gateway. */
  readonly proxy: Proxy;
  /** Of the gateway's admin key, through the proxy; closed after the test. */
  client(options?: Partial<ConnectionOptions>): Client;
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function endOfLog(client: Client): Promise<string> {
  return (await client.query<{ position: string }, object>('{ position }')).position;
}

export const transports = [
  { name: 'a WebSocket', options: { webSocket: WebSocket } },
  { name: 'server-sent events', options: { subscriptions: 'sse' } },
] as const;

export function clientTests(backend: Backend): ClientTests {
  let gateway: TestGateway;
  let proxy: Proxy;
  const clients: Client[] = [];
  beforeAll(async () => {
    gateway = await startGateway(await backend.target());
    proxy = await Proxy.to(gateway.url);
  });
  afterEach(() => Promise.all(clients.splice(0).map((client) => client.close())));
  afterAll(async () => {
    await proxy?.close();
    await gateway?.stop();
  });
  return {
    get gateway() {
      return gateway;
    },
    get proxy() {
      return proxy;
    },
    client: (options = {}) => {
      const client = createClient({ url: proxy.url, key, ...options });
      clients.push(client);
      return client;
    },
  };
}
