// A subscriber that goes on `after` its last position, wherever the gateway is next, and keeps what it has seen.
import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { adminKey } from '../support/process.ts';
import type { Address } from './address.ts';
import { type Change, type Status, topics } from './ledger.ts';

const fields = '{ position status event { id } }';
const feed = `subscription($topics: [String!], $after: Position) {
  change: eventFeed(filter: { topics: $topics }, after: $after) ${fields}
}`;
const statusOf = `subscription($requestId: String, $after: Position) {
  change: eventStatus(requestId: $requestId, after: $after) ${fields}
}`;

interface Message {
  readonly change: {
    readonly position: string;
    readonly status: Status;
    readonly event: { readonly id: string };
  };
}

export class Follower {
  readonly #address: Address;
  readonly #query: string;
  readonly #variables: Record<string, unknown>;
  readonly #running: Promise<void>;
  #stopped = false;
  #end: () => void = () => {};
  readonly changes: Change[] = [];

  private constructor(address: Address, query: string, variables: Record<string, unknown>) {
    this.#address = address;
    this.#query = query;
    this.#variables = variables;
    this.#running = this.#run();
  }

  /** Sees every change of the senders' events. */
  static ofFeed(address: Address): Follower {
    return new Follower(address, feed, { topics });
  }

  /** Sees every change of status in one request. */
  static ofRequest(address: Address, requestId: string): Follower {
    return new Follower(address, statusOf, { requestId });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#end();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const url = await this.#address.current;
      if (this.#stopped) return;
      await this.#follow(url).catch(() => {});
      if (this.#stopped) return;
      await delay(10);
    }
  }

  async #follow(url: string): Promise<void> {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      connectionParams: { authorization: `Bearer ${adminKey}` },
      webSocketImpl: WebSocket,
      retryAttempts: 0,
    });
    const variables = {
      ...this.#variables,
      after: this.changes.at(-1)?.position ?? '0',
    };
    const messages = client.iterate<Message>({ query: this.#query, variables });
    this.#end = () => void messages.return?.();
    try {
      for await (const { data, errors } of messages) {
        if (errors || !data) return;
        const { position, status, event } = data.change;
        this.changes.push({ position, status, id: event.id });
      }
    } finally {
      await client.dispose();
    }
  }
}
