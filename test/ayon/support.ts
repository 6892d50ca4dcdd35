// A gateway that speaks AYON's protocol, and a client of its REST API.
import { afterAll, beforeAll } from 'vitest';
import { createGateway } from '../../src/gateway.ts';
import type { Backend } from '../support/database.ts';
import { WebSocket } from 'ws';

export const adminKey = 'test-key-of-the-ayon-suite';

export interface RestAnswer {
  readonly status: number;

  readonly body: any;
  readonly headers: Headers;
}

export interface Asked {
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export class AyonClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** `body`: a text is sent as it is. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    { key = adminKey, headers = {} }: Asked = {},
  ): Promise<RestAnswer> {
    const response = await fetch(`${this.url}/ayon${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(key !== null && { 'x-api-key': key }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      headers: response.headers,
    };
  }

  get(path: string, asked?: Asked) {
    return this.ask('GET', path, undefined, asked);
  }

  /** Sends an event and answers its id. */
  async send(body: object, asked?: Asked): Promise<string> {
    const { status, body: answer } = await this.ask('POST', '/api/events', body, asked);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(answer)}`);
    return answer.id as string;
  }

  async read(id: string) {
    const { status, body } = await this.get(`/api/events/${id}`);
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  }

  patch(id: string, body: object, asked?: Asked) {
    return this.ask('PATCH', `/api/events/${id}`, body, asked);
  }

  enroll(body: object, asked?: Asked) {
    return this.ask('POST', '/api/enroll', body, asked);
  }

  async graphql(query: string, variables: object = {}) {
    const { status, body } = await this.ask('POST', '/graphql', { query, variables });
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Our own GraphQL, at the same gateway. */
  async ours(query: string, variables: object = {}) {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
      body: JSON.stringify({ query, variables }),
    });

    return (await response.json()) as any;
  }

  /** Of a key with these scopes. */
  async newKey(input: object): Promise<string> {
    const { data, errors } = await this.ours(
      'mutation ($input: CreateKeyInput!) { createKey(input: $input) { secret } }',
      { input },
    );
    if (errors) throw new Error(JSON.stringify(errors));
    return data.createKey.secret as string;
  }

  listen(): Listener {
    return new Listener(this.url);
  }
}

/** A raw client of /ws. */
export class Listener {
  readonly socket: WebSocket;

  readonly heard: any[] = [];
  readonly closed: Promise<number>;
  readonly #opened: Promise<void>;
  #wake = () => {};

  constructor(url: string) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/ayon/ws`);
    this.#opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve).once('error', reject);
    });
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('message', (data: Buffer) => {
      this.heard.push(JSON.parse(data.toString()));
      this.#wake();
    });
  }

  async say(message: unknown): Promise<void> {
    await this.#opened;
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(topics: readonly string[], more: object = {}): Promise<void> {
    return this.say({ topic: 'auth', token: adminKey, subscribe: topics, ...more });
  }

  /** The events among what was heard. */
  get events() {
    return this.heard.filter(({ topic }) => topic !== 'heartbeat');
  }

  /** Resolves when something heard passes the test. */

  async until(test: (message: any) => boolean): Promise<any> {
    for (;;) {
      const found = this.heard.find(test);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  close(): void {
    this.socket.terminate();
  }
}

/** Sends transient events of the topic until the listener hears one: it then misses nothing. */
export async function untilHeard(client: AyonClient, listener: Listener, topic: string): Promise<void> {
  const heard = listener.until((message) => message.topic === topic);
  let isHeard = false;
  void heard.then(() => (isHeard = true));
  while (!isHeard) await client.send({ topic, store: false });
  await heard;
}

export function ayonGateway(backend: Backend): () => AyonClient {
  let client: AyonClient;
  let stop = async () => {};
  beforeAll(async () => {
    const { url, folder } = await backend.target();
    const gateway = createGateway({
      port: 0,
      logLevel: 'silent',
      adminKey,
      databaseUrl: url ?? null,
      databasePool: 5,
      dataFolder: folder,
      ayonPath: '/ayon',
    });
    const started = await gateway.start();
    stop = () => gateway.stop();
    client = new AyonClient(started.url);
  });
  afterAll(() => stop());
  return () => client;
}

let before = 0;

/** A topic that no other test of the file has. */
export function newTopic(name = 'topic'): string {
  before += 1;
  return `${name}.n${before}`;
}
