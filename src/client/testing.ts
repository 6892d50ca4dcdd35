// Gateways for tests: in this process, empty, with a client, advanced time, and waits for facts. Needs the package throughline.
import { startTestGateway, type TestGatewaySettings } from 'throughline/testing';
import { type Client, createClient, type EventChange, type WatchOptions } from './client.ts';
import type { AnyTopics } from './topics.ts';

export type { TestGatewaySettings } from 'throughline/testing';

/** Which event is waited for. */
export interface Wanted extends Pick<WatchOptions, 'where'> {
  /** A topic, or a pattern such as `order.*`. */
  readonly topic?: string;
  readonly status?: EventChange['status'];
  readonly requestId?: string;
}

export interface WaitOptions {
  /** Default: 5,000. Then it fails, and says what there was instead. */
  readonly timeoutMs?: number;
}

export interface TestGateway<Topics = AnyTopics> {
  readonly url: string;
  /** Has the scope admin. */
  readonly key: string;
  readonly client: Client<Topics>;
  /** Makes due what becomes due within so many milliseconds. The guide to the client says what that is. */
  advance(ms: number): Promise<void>;
  /** The first event, sent already or later, that is wanted. */
  waitFor(wanted: Wanted, options?: WaitOptions): Promise<EventChange['event']>;
  /** Resolves when no event is unfinished and no consumer has work, but for what waits for its time. */
  settled(options?: WaitOptions): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a gateway for a test. The first one in a process takes some seconds, others much less. */
export async function createTestGateway<Topics = AnyTopics>(
  settings: TestGatewaySettings = {},
): Promise<TestGateway<Topics>> {
  const gateway = await startTestGateway(settings);
  const { url, key } = gateway;
  const client = createClient<Topics>({ url, key });
  const stop = async () => {
    await client.close();
    await gateway.stop();
  };
  return {
    url,
    key,
    client,
    advance: (ms) => gateway.advance(ms),
    waitFor: (wanted, options) => waitFor(client, wanted, options),
    settled: (options) => settled(client, options),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type Watching = Pick<Client, 'watch' | 'query'>;

const waitMs = 5_000;
/** How often it is looked whether work is left, in milliseconds. */
const lookMs = 10;

async function waitFor(
  client: Watching,
  { topic, status, requestId, where }: Wanted,
  { timeoutMs = waitMs }: WaitOptions = {},
): Promise<EventChange['event']> {
  const ending = new AbortController();
  const timer = setTimeout(() => ending.abort(), timeoutMs);
  const filter = {
    ...(topic !== undefined && { topics: [topic] }),
    ...(status !== undefined && { statuses: [status] }),
    ...(requestId !== undefined && { requestIds: [requestId] }),
  };
  try {
    const options = { filter, after: '0', signal: ending.signal, ...(where !== undefined && { where }) };
    for await (const { event } of client.watch(options)) return event;
  } finally {
    clearTimeout(timer);
  }
  throw new Error(
    `No event ${JSON.stringify({ topic, status, requestId, where })} within ${timeoutMs} ms. Events: ${await listed(client)}`,
  );
}

const unfinished = `{
  events(first: 20, filter: {statuses: [PENDING, IN_PROGRESS, RESTARTED], scheduled: false}) { nodes { topic status } }
  consumers(first: 200) { nodes { targetTopic paused backlog { waiting ready held } } }
}`;

interface Unfinished {
  readonly events: { readonly nodes: readonly { readonly topic: string; readonly status: string }[] };
  readonly consumers: {
    readonly nodes: readonly {
      readonly targetTopic: string;
      readonly paused: boolean;
      readonly backlog: { readonly waiting: number; readonly ready: number; readonly held: number };
    }[];
  };
}

async function settled(client: Watching, { timeoutMs = waitMs }: WaitOptions = {}): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const left = await workLeft(client);
    if (left.length === 0) return;
    if (Date.now() > until) throw new Error(`Work is left after ${timeoutMs} ms: ${left.join(', ')}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

async function workLeft(client: Watching): Promise<string[]> {
  const { events, consumers } = await client.query<Unfinished, object>(unfinished);
  const waiting = consumers.nodes
    .filter(({ paused, backlog: { waiting, ready, held } }) => !paused && waiting + ready + held > 0)
    .map(({ targetTopic, backlog }) => `jobs of ${targetTopic} ${JSON.stringify(backlog)}`);
  return [...events.nodes.map(({ topic, status }) => `${topic} ${status}`), ...waiting];
}

async function listed(client: Watching): Promise<string> {
  const query = '{ events(first: 20) { nodes { topic status } } }';
  const { events } = await client.query<Pick<Unfinished, 'events'>, object>(query);
  return events.nodes.map(({ topic, status }) => `${topic} ${status}`).join(', ') || 'none';
}
