// Gateways for tests: a whole one on a free port, and one without its HTTP layer; both are asked and watched alike.
import { type ExecutionResult, execute, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { WebSocket } from 'ws';
import { createLogger } from '../../src/base/logger.ts';
import type { Database } from '../../src/database/database.ts';
import type { EventField, EventRecord, PartialEvent } from '../../src/domain/events/event.ts';
import type { SendInput } from '../../src/domain/events/send.ts';
import { type Core, startCore } from '../../src/composition/start-core.ts';
import { createGateway } from '../../src/gateway.ts';
import { createContext } from '../../src/graphql/context.ts';
import { schema } from '../../src/graphql/schema.ts';
import { SharedSubscriptions } from '../../src/graphql/live/shared-subscriptions.ts';
import type { HandlerSettings } from '../../src/handlers/handlers.ts';
import type { WatchFactory } from '../../src/live/watch.ts';
import type { CommitOptions } from '../../src/log/commits.ts';
import type { Operations } from '../../src/operations/operations.ts';
import type { Caller } from '../../src/operations/callers.ts';
import type { Backend, GatewayTarget } from './database.ts';
import { Reader } from './reader.ts';

export type Variables = Readonly<Record<string, unknown>>;

/** An answer whose data the test knows the shape of. */
export interface Answer<Data> {
  readonly data: Data | null;
  readonly errors: readonly {
    readonly message: string;
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

/** A gateway on its socket, asked as a service or a browser does. */
export interface TestGateway {
  readonly url: string;
  ask<Data>(query: string, variables?: Variables, headers?: Record<string, string>): Promise<Answer<Data>>;
  /** Its errors end the reader. When the gateway has taken it cannot be known: give `after` to miss nothing. */
  subscribe<Data>(query: string, variables?: Variables): Reader<Data>;
  stop(): Promise<void>;
}

/** The admin key of these gateways. */
export const key = 'test-key';

/** Starts one on what `backend.target()` gave. */
export async function startGateway({ url, folder }: GatewayTarget): Promise<TestGateway> {
  const settings = {
    port: 0,
    logLevel: 'silent',
    adminKey: key,
    databaseUrl: url ?? null,
    databasePool: 5,
    dataFolder: folder,
  } as const;
  const gateway = createGateway(settings);
  const started = await gateway.start();
  const client = createClient({
    url: `${started.url.replace('http', 'ws')}/graphql`,
    connectionParams: { authorization: `Bearer ${key}` },
    webSocketImpl: WebSocket,
    retryAttempts: 0,
  });
  return {
    url: started.url,
    ask: (query, variables = {}, headers = {}) => post(started.url, { query, variables }, headers),
    subscribe: <Data>(query: string, variables: Variables = {}) => {
      const reader = new Reader<Data>(() => stop());
      const stop = client.subscribe<Data>(
        { query, variables: { ...variables } },
        {
          next: (result) => (result.errors ? reader.end(result.errors) : reader.push(result.data as Data)),
          error: (failure) => reader.end(failure),
          complete: () => reader.end(),
        },
      );
      return reader;
    },
    stop: async () => {
      await client.dispose();
      await gateway.stop();
    },
  };
}

async function post<Data>(url: string, body: object, headers: Record<string, string>): Promise<Answer<Data>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, ...headers },
    body: JSON.stringify(body),
  });
  const { data = null, errors = [] } = (await response.json()) as Partial<Answer<Data>>;
  return { data, errors };
}

/** All of a gateway but its HTTP server. */
export interface Composed extends Core {
  readonly database: Database;
  readonly sharedSubscriptions: SharedSubscriptions;
  readonly caller: Caller;
  /** Sends one and answers its id. */
  send(input?: SendInput): Promise<string>;
  /** All of an event; fails where there is none. */
  read(id: string): Promise<EventRecord>;
  /** As the tester, who may do everything. */
  ask<Data>(query: string, variables?: Variables): Promise<Answer<Data>>;
  askAs<Data>(caller: Caller, query: string, variables?: Variables): Promise<Answer<Data>>;
  /** Resolves when nothing that happens from now on is missed; fails where the gateway refuses. */
  subscribe<Data>(query: string, variables?: Variables): Promise<Reader<Data>>;
  subscribeAs<Data>(caller: Caller, query: string, variables?: Variables): Promise<Reader<Data>>;
}

export const tester: Caller = { name: 'tester', keyId: null, scopes: ['admin'], rows: null, requestId: null };

export async function operationsOn(
  database: Database,
  options: Partial<CommitOptions> & { readonly handling?: HandlerSettings } = {},
): Promise<Composed> {
  const { handling, ...writing } = options;
  const core = await startCore({
    database,
    logger: createLogger('silent'),
    report: (error) => {
      throw error;
    },
    writing,
    // Tests do so themselves, at the moment that they are about.
    sweeps: false,
    ...(handling && { handling }),
  });
  const { operations, watching } = core;
  // So that no test counts the statements with which these begin.
  await Promise.all([core.scheduledSender.idle(), core.scheduler.idle(), core.outbox.idle()]);
  const sharedSubscriptions = new SharedSubscriptions({
    schema,
    operations,
    watching,
    report: () => 'reported',
  });
  return {
    ...core,
    database,
    sharedSubscriptions,
    caller: tester,
    send: async (input = {}) => (await operations.sendEvent(tester, { topic: 'test', ...input })).event.id,
    read: async (id) => readWhole(operations, id),
    ask: (query, variables = {}) => executeHere(operations, watching, { query, variables, caller: tester }),
    askAs: (caller, query, variables = {}) => executeHere(operations, watching, { query, variables, caller }),
    subscribe: (query, variables = {}) =>
      subscribeHere(sharedSubscriptions, { query, variables, caller: tester }),
    subscribeAs: (caller, query, variables = {}) =>
      subscribeHere(sharedSubscriptions, { query, variables, caller }),
  };
}

interface Asked {
  readonly query: string;
  readonly variables: Variables;
  readonly caller: Caller;
}

async function executeHere<Data>(
  operations: Operations,
  watching: WatchFactory,
  { query, variables, caller }: Asked,
): Promise<Answer<Data>> {
  const result = (await execute({
    schema,
    document: parse(query),
    variableValues: variables,
    contextValue: createContext({ caller, operations, watch: watching.live(caller) }),
  })) as ExecutionResult;
  const errors = (result.errors ?? []).map((error) => {
    const { message, originalError } = error;
    return {
      message,
      extensions: {
        ...error.extensions,
        ...(originalError && { ...detailsOf(originalError), code: codeOf(originalError) }),
      },
    };
  });
  return { data: (result.data ?? null) as Data | null, errors };
}

async function subscribeHere<Data>(
  subscriptions: SharedSubscriptions,
  { query, variables, caller }: Asked,
): Promise<Reader<Data>> {
  const results = await subscriptions.subscribe({ document: parse(query), variables, caller });
  if (!(Symbol.asyncIterator in results)) throw results.errors?.[0];
  const reader = new Reader<Data>(() => void results.return?.());
  const read = async () => {
    for await (const { data, errors } of results) {
      if (errors) return reader.end(errors);
      reader.push(data as Data);
    }
    reader.end();
  };
  read().catch((error: unknown) => reader.end(error));
  return reader;
}

export const allFields: readonly EventField[] = [
  'id',
  'position',
  'hash',
  'topic',
  'eventType',
  'sender',
  'senderType',
  'project',
  'user',
  'requestId',
  'nodeId',
  'dependsOnId',
  'status',
  'retries',
  'priority',
  'description',
  'summary',
  'payload',
  'result',
  'error',
  'createdAt',
  'updatedAt',
  'startedAt',
  'finishedAt',
];

async function readWhole(operations: Operations, id: string): Promise<EventRecord> {
  const event = (await operations.eventsByIds([id], allFields)).get(id);
  if (!event) throw new Error(`there is no event ${id}`);
  // Only reads know them: how many rows were found, and how much JSON was read.
  const { found: _found, jsonBytes: _bytes, ...record } = event as PartialEvent & { found?: number };
  return record as EventRecord;
}

/** One without HTTP for all tests of the suite, which must not mind what the others leave. */
export function composedOnce(backend: Backend): () => Composed {
  let composed: Composed;
  beforeAll(async () => {
    composed = await operationsOn(await backend.open());
  });
  afterAll(() => composed.stop());
  return () => composed;
}

/** One without HTTP for each test of the suite, on the suite's database, whose tables are empty then. */
export function composedForEach(backend: Backend): () => Composed {
  let composed: Composed;
  beforeEach(async () => {
    composed = await operationsOn(await backend.open());
  });
  afterEach(() => composed.stop());
  return () => composed;
}

let freshBefore = 0;

/** A name that no other test of the file has. */
export function fresh(name: string): string {
  freshBefore += 1;
  return `${name}-${freshBefore}`;
}

function detailsOf(error: unknown): object | undefined {
  return (error as { details?: object }).details;
}

export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

/** The `code` that a promise is refused with; fails where it is not refused. */
export async function refusalOf(
  refused: Promise<unknown>,
): Promise<{ code: string; message: string; details: unknown }> {
  const error = await refused.then(
    () => {
      throw new Error('it was not refused');
    },
    (error: unknown) => error,
  );
  return error as { code: string; message: string; details: unknown };
}
