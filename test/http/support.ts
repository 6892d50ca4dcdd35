// A small schema behind the real HTTP layer on a real socket, and clients that speak the bare protocols.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ExecutionResult, GraphQLScalarType, type GraphQLSchema, subscribe } from 'graphql';
import { createSchema } from 'graphql-yoga';
import { afterEach } from 'vitest';
import { WebSocket } from 'ws';
import { ThroughlineError } from '../../src/base/errors.ts';
import { createLogger } from '../../src/base/logger.ts';
import { UnsafeNumber } from '../../src/domain/values/json.ts';
import { toGraphQLError } from '../../src/graphql/errors.ts';
import type { MaskError } from '../../src/http/graphql/public-errors.ts';
import { createHttpServer, type HttpOptions, type HttpServer } from '../../src/http/server.ts';
import type {
  Direct,
  SubscriptionRequest,
  SubscriptionSource,
} from '../../src/http/graphql/subscription-source.ts';
import type { Caller } from '../../src/operations/callers.ts';

export const key = 'tl_test_key';
export const bearer = { authorization: `Bearer ${key}` };
export const json = { ...bearer, 'content-type': 'application/json' };

const typeDefs = /* GraphQL */ `
  scalar JSON
  type Node {
    id: ID!
    self: Node!
  }
  type Query {
    hello: String!
    name: String!
    requestId: String
    kindOf(value: JSON): String!
    echo(value: JSON): JSON
    many(values: [Int!]): Int!
    node: Node!
    big(bytes: Int!): String!
    wait(ms: Int!): String!
    fail: String!
    refuse: String!
  }
  type Mutation {
    note(text: String!): Int!
  }
  type Subscription {
    count(to: Int!): Int!
    forever: Int!
    flood(bytes: Int!): String!
    breaks: Int!
    tooSlow: Int!
    refused: Int!
    direct: Int!
    overflow: Int!
  }
`;

const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the resolvers have seen, for tests to look at. */
export class World {
  readonly notes: string[] = [];
  readonly reported: unknown[] = [];
  subscribers = 0;
  warm = 0;
  produced = 0;

  readonly schema: GraphQLSchema = createSchema({
    typeDefs,
    resolvers: {
      JSON: new GraphQLScalarType({ name: 'JSON' }),
      Node: { id: () => '1', self: () => ({}) },
      Query: {
        hello: () => 'world',
        name: (_root: unknown, _args: unknown, { caller }: { caller: Caller }) => caller.name,
        requestId: (_root: unknown, _args: unknown, { caller }: { caller: Caller }) => caller.requestId,
        kindOf: (_root: unknown, { value }: { value: unknown }) => kindOf(value),
        echo: (_root: unknown, { value }: { value: unknown }) => value,
        many: (_root: unknown, { values }: { values: unknown[] }) => values.length,
        node: () => ({}),
        big: (_root: unknown, { bytes }: { bytes: number }) => 'x'.repeat(bytes),
        wait: async (_root: unknown, { ms }: { ms: number }) => {
          await later(ms);
          return 'waited';
        },
        fail: () => {
          throw new Error('the secret inside');
        },
        refuse: () => {
          throw new ThroughlineError('NOT_FOUND', 'No such thing.', { id: '7' });
        },
      },
      Mutation: {
        note: (_root: unknown, { text }: { text: string }) => this.notes.push(text),
      },
      Subscription: {
        count: { subscribe: (_root: unknown, { to }: { to: number }) => this.#count(to), resolve: asIs },
        forever: { subscribe: () => this.#forever(), resolve: asIs },
        flood: {
          subscribe: (_root: unknown, { bytes }: { bytes: number }) => this.#flood(bytes),
          resolve: asIs,
        },
        breaks: { subscribe: () => this.#count(0), resolve: asIs },
        tooSlow: { subscribe: () => this.#count(0), resolve: asIs },
        refused: {
          subscribe: () => {
            throw new ThroughlineError('BAD_USER_INPUT', 'Not like this.');
          },
          resolve: asIs,
        },
        direct: { subscribe: () => this.#forever(), resolve: asIs },
        overflow: { subscribe: () => this.#count(0), resolve: asIs },
      },
    },
  });

  readonly subscriptions: SubscriptionSource = {
    subscribe: async (request, direct) => this.#subscribe(request, direct),
    warm: () => {
      this.warm++;
      return () => {
        this.warm--;
      };
    },
  };

  readonly maskError = (error: unknown) => toGraphQLError(error, (cause) => this.reported.push(cause));

  async #subscribe({ document, operationName, variables, caller }: SubscriptionRequest, direct?: Direct) {
    const text = document.loc?.source.body ?? '';
    const results = await subscribe({
      schema: this.schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables ?? {},
      contextValue: { caller },
    });
    if (!(Symbol.asyncIterator in results)) return masked(results, this.maskError);
    if (text.includes('breaks')) return thenThrow(results, new Error('the secret inside'));
    if (text.includes('tooSlow')) {
      return thenThrow(results, new ThroughlineError('SLOW_SUBSCRIBER', 'Too slow.', { position: '42' }));
    }
    if (text.includes('direct'))
      for (let n = 0; n < 3; n++) direct?.(JSON.stringify({ data: { direct: n } }));
    if (text.includes('overflow')) {
      while (direct?.(JSON.stringify({ data: { overflow: 'x'.repeat(1_000_000) } }))) this.produced++;
      return thenThrow(results, new ThroughlineError('SLOW_SUBSCRIBER', 'Too slow.', { position: null }));
    }
    return results as AsyncGenerator<ExecutionResult>;
  }

  async *#count(to: number): AsyncGenerator<number> {
    for (let n = 0; n <= to; n++) yield n;
  }

  #flood(bytes: number): AsyncIterableIterator<string> {
    const next = async () => {
      this.produced++;
      return { done: false as const, value: 'x'.repeat(bytes) };
    };
    return this.#counted(next);
  }

  #forever(): AsyncIterableIterator<number> {
    return this.#counted(() => new Promise(() => {}));
  }

  #counted<T>(produce: () => Promise<IteratorResult<T>>): AsyncIterableIterator<T> {
    this.subscribers++;
    let end: (result: IteratorResult<T>) => void = () => {};
    const ended = new Promise<IteratorResult<T>>((resolve) => {
      end = resolve;
    });
    let open = true;
    const iterator: AsyncIterableIterator<T> = {
      next: () => Promise.race([ended, produce()]),
      return: async () => {
        if (open) this.subscribers--;
        open = false;
        end({ done: true, value: undefined });
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }
}

const asIs = (value: unknown) => value;

function masked(result: ExecutionResult, mask: MaskError): ExecutionResult {
  return { ...result, errors: (result.errors ?? []).map(mask) };
}

async function* thenThrow<T>(items: AsyncIterable<T>, error: Error): AsyncGenerator<T> {
  yield* items;
  throw error;
}

function kindOf(value: unknown): string {
  if (value instanceof UnsafeNumber) return `unsafe ${value.text}`;
  if (Array.isArray(value)) return `[${value.map(kindOf).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return typeof value;
  return `{${Object.entries(value)
    .map(([name, item]) => `${name}: ${kindOf(item)}`)
    .join(', ')}}`;
}

const leftovers: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(leftovers.splice(0).map((server) => server.stop()));
});

export interface Running {
  readonly url: string;
  readonly port: number;
  readonly world: World;
  readonly server: HttpServer;
}

/** Serves the small schema on a free port; stopped after the test. */
export async function serve(options: Partial<HttpOptions> = {}): Promise<Running> {
  const world = new World();
  const server = createHttpServer({
    port: 0,
    host: '127.0.0.1',
    corsOrigins: null,
    allowedHosts: null,
    trustedDocuments: null,
    schema: world.schema,
    createContext: (caller) => ({ caller }),
    subscriptions: world.subscriptions,
    maskError: world.maskError,
    authenticator: {
      authenticate: (given) =>
        given === key ? { name: 'tester', keyId: null, scopes: ['admin'], rows: null } : null,
    },
    webhooks: {
      find: async () => null,
      checkHeaders: () => {},
      accept: async () => ({ eventId: null, challenge: null }),
    },
    maxBodyBytes: 100_000,
    maxConnections: 1_000,
    maxConnectionsPerAddress: 1_000,
    logger: createLogger('silent'),
    healthy: () => true,
    ready: async () => true,
    ...options,
  });
  leftovers.push(server);
  const url = await server.start();
  return { url, port: Number(new URL(url).port), world, server };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

/** POSTs a body, serialised unless it is a text already. */
export async function post(
  { url }: Running,
  body: unknown,
  headers: Record<string, string> = json,
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return answerOf(await fetch(`${url}/graphql`, { method: 'POST', headers, body: text }));
}

export async function get(
  { url }: Running,
  path: string,
  headers: Record<string, string> = bearer,
  options: RequestInit = {},
): Promise<Answer> {
  return answerOf(await fetch(`${url}${path}`, { headers, ...options }));
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** The code of the only error of an answer. */
export function codeOf({ body }: Answer): string {
  if (body?.errors?.length !== 1) throw new Error(`Expected one error: ${JSON.stringify(body)}`);
  return body.errors[0].extensions.code;
}

/** Sends bytes as they are; resolves with all that came back once the connection ends or `until` is in it. */
export async function raw({ port }: Running, bytes: string | Buffer, until?: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes);
  const text = await received(socket, until);
  socket.destroy();
  return text;
}

export async function received(socket: Socket, until?: string): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (until !== undefined && text.includes(until)) socket.emit('enough');
  });
  await Promise.race([once(socket, 'close'), once(socket, 'enough')]);
  return text;
}

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A WebSocket that keeps every message and the close until they are asked for. */
export class RawClient {
  readonly socket: WebSocket;
  readonly closed: Promise<Closed>;
  readonly #messages: any[] = [];
  #arrived = () => {};

  constructor({ port }: Running, protocol: string | string[] = 'graphql-transport-ws', headers = {}) {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, protocol, { headers });
    this.socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
    this.socket.on('message', (data) => {
      this.#messages.push(JSON.parse(String(data)));
      this.#arrived();
    });
  }

  async opened(): Promise<this> {
    if (this.socket.readyState === WebSocket.CONNECTING) await once(this.socket, 'open');
    return this;
  }

  /** Opened, and its key accepted. */
  async acknowledged(payload: object = bearer): Promise<this> {
    await this.opened();
    this.send({ type: 'connection_init', payload });
    if ((await this.next()).type !== 'connection_ack') throw new Error('no connection_ack');
    return this;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, more: object = {}): void {
    this.send({ id, type: 'subscribe', payload: { query, ...more } });
  }

  async next() {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve, reject) => {
        this.#arrived = resolve;
        this.closed.then(({ code }) => reject(new Error(`closed with ${code}`)));
      });
    }
    return this.#messages.shift();
  }

  end(): void {
    this.socket.terminate();
  }
}

/** Waits until something holds; fails by the test's own time limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await later(5);
}
