// A hostile client: GraphQL calls whose answers are dropped as they come, sockets that never read, feeds, deliveries.
import { once } from 'node:events';
import http from 'node:http';
import { connect, type Socket } from 'node:net';
import WebSocket from 'ws';
import { requestOf } from '../connections.ts';
import { key } from '../processes.ts';

export class HostileClient {
  readonly #url: string;
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  readonly #sockets: (Socket | WebSocket)[] = [];

  constructor(url: string) {
    this.#url = url;
  }

  /** The first bytes of the answer; the rest is read and dropped. Never rejects: a refusal is an answer too. */
  ask(query: string, variables: object = {}): Promise<string> {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    return this.#post('/graphql', headers, JSON.stringify({ query, variables }));
  }

  /** As `ask`, where a refusal would be a mistake of the bench. */
  async need(query: string, variables: object = {}): Promise<string> {
    const answer = await this.ask(query, variables);
    if (!answer.startsWith('{"data":{') || answer.includes('"errors":[{')) throw new Error(answer);
    return answer;
  }

  deliver(path: string, type: string, body: string): Promise<string> {
    return this.#post(path, { 'content-type': type }, body);
  }

  /** Asks over a connection of its own and reads nothing. */
  async askUnread(query: string): Promise<void> {
    const { hostname, port } = new URL(this.#url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    this.#sockets.push(socket);
    await once(socket, 'connect');
    socket.pause().write(requestOf(this.#url, query));
  }

  /** Opens one WebSocket with these subscriptions, and drops what they deliver. */
  async subscribe(subscriptions: readonly { query: string; variables?: object }[]): Promise<void> {
    const socket = new WebSocket(`${this.#url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    this.#sockets.push(socket);
    socket.on('error', () => {});
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } }));
    await once(socket, 'message');
    socket.on('message', (data: Buffer) => {
      if (data.includes('"BAD_USER_INPUT"') || data.includes('"INVALID_FILTER"'))
        throw new Error(String(data));
    });
    for (const [id, payload] of subscriptions.entries())
      socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload }));
  }

  close(): void {
    this.#agent.destroy();
    for (const socket of this.#sockets) {
      if (socket instanceof WebSocket) socket.terminate();
      else socket.destroy();
    }
  }

  #post(path: string, headers: http.OutgoingHttpHeaders, body: string): Promise<string> {
    return new Promise((resolve) => {
      const options = {
        method: 'POST',
        agent: this.#agent,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      };
      const request = http.request(this.#url + path, options, (answer) => {
        let start = '';
        answer.on('data', (chunk: Buffer) => {
          if (start.length < 2_000) start += chunk.toString('latin1', 0, 2_000);
        });
        answer.once('close', () => resolve(start));
      });
      request.once('error', (error) => resolve(error.message));
      request.end(body);
    });
  }
}

/** So many lanes, each doing `step` again and again until `ms` have passed. */
export async function keepDoing(ms: number, lanes: number, step: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + ms;
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      while (performance.now() < end) await step();
    }),
  );
}
