// Gateways with several keys, and clients that show how their sockets and streams end.
import { createClient } from 'graphql-ws';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import type { Database } from '../../src/database/database.ts';
import { createGateway, type GatewaySettings } from '../../src/gateway.ts';

export const adminKey = 'the-admin-key-of-these-tests';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly data: any;
  readonly errors: readonly { message: string; extensions: { code: string; [name: string]: unknown } }[];
  readonly code: string | undefined;
}

export interface KeyedGateway {
  readonly url: string;
  ask(query: string, variables?: object, key?: string): Promise<Answer>;
  /** Fails unless it is answered without errors. */
  get(query: string, variables?: object, key?: string): Promise<any>;
}

/** A gateway on a database of its own object, stopped after the test. */
export async function startKeyed(
  database: Database,
  settings: Partial<GatewaySettings> = {},
): Promise<KeyedGateway> {
  const gateway = createGateway(
    { port: 0, logLevel: 'silent', adminKey, ...settings },
    { database: withoutClose(database) },
  );
  const { url } = await gateway.start();
  endings.push(() => gateway.stop());
  const askHere = (query: string, variables: object = {}, key = adminKey) => ask(url, query, variables, key);
  return {
    url,
    ask: askHere,
    get: async (query, variables, key) => {
      const { data, errors } = await askHere(query, variables, key);
      if (errors.length > 0) throw new Error(JSON.stringify(errors));
      return data;
    },
  };
}

/** The suite's database outlives the gateway. */
function withoutClose(database: Database): Database {
  return new Proxy(database, {
    get: (target, name) => {
      if (name === 'close') return async () => {};
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export async function ask(url: string, query: string, variables: object, key: string): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data = null, errors = [] } = (await response.json()) as Partial<Answer>;
  const { status, headers } = response;
  return { status, headers, data, errors, code: errors[0]?.extensions.code };
}

export const createKey = `mutation ($input: CreateKeyInput!) {
  createKey(input: $input) { secret key { id name prefix scopes projects topics createdBy expiresAt rateLimit } }
}`;
export const whoAmI = '{ viewer { name scopes projects topics expiresAt } }';
export const feed = 'subscription { eventFeed { position } }';

/** A socket that watches; `closed` is the code with which it is closed. */
export async function openSocket(url: string, key: string): Promise<{ closed: Promise<number> }> {
  let close: (code: number) => void = () => {};
  const closed = new Promise<number>((resolve) => (close = resolve));
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    connectionParams: { authorization: `Bearer ${key}` },
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: false,
    onNonLazyError: () => {},
    on: { closed: (event) => close((event as { code: number }).code) },
  });
  const connected = new Promise<void>((resolve) => void client.on('connected', () => resolve()));
  client.subscribe({ query: feed }, { next: () => {}, error: () => {}, complete: () => {} });
  endings.push(() => client.dispose());
  await Promise.race([connected, closed]);
  return { closed };
}

/** A stream that watches; `ended` is all that it says from the beginning to the end. */
export async function openStream(url: string, key: string): Promise<{ ended: Promise<string> }> {
  const stop = new AbortController();
  endings.push(() => stop.abort());
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${key}`,
      accept: 'text/event-stream',
    },
    body: JSON.stringify({ query: feed }),
    signal: stop.signal,
  });
  const ended = response.text();
  ended.catch(() => {});
  return { ended };
}

/** Resolves with the first value that is not undefined. */
export async function eventually<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
