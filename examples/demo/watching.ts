// Watches a run through two subscriptions: its changes, which are in the log, and its progress, which is not.
import type { Client } from 'graphql-ws';
import type { Board } from './board.ts';
import { type GatewayClient, subscription } from './client.ts';

export interface Change {
  readonly position: string;
  readonly kind: string;
  /** After this change. The event itself may have gone further by the time that it is delivered. */
  readonly status: string;
  readonly event: { readonly id: string; readonly topic: string };
}

export interface Progress {
  readonly eventId: string;
  readonly topic: string;
  readonly requestId: string;
  readonly progress: number;
}

const feed = `subscription Feed($project: String!, $after: Position!) {
  eventFeed(filter: { projects: [$project] }, after: $after) { position kind status event { id topic } }
}`;

const progress = `subscription Progress {
  eventProgress(topics: ["demo.*"]) { eventId topic requestId progress }
}`;

/** After how many changes the feed is cut on purpose, to show that nothing is lost by it. */
const cutAfter = 1_000;

export class Watching {
  /** How often the feed was taken up again. */
  resumed = 0;
  readonly #gateway: GatewayClient;
  readonly #project: string;
  readonly #board: Board;
  readonly #open = new Set<Client>();
  #stopped = false;

  constructor(gateway: GatewayClient, project: string, board: Board) {
    this.#gateway = gateway;
    this.#project = project;
    this.#board = board;
  }

  /**
   * Every change after `position`, in the order of the log. Who remembers the position seen last can be cut off at any
   * time and goes on from there: the gateway first tells what was missed, then what happens.
   */
  async followChanges(position: string): Promise<void> {
    let after = position;
    while (!this.#stopped) {
      const connection = this.#connect();
      try {
        const variables = { project: this.#project, after };
        for await (const { eventFeed } of subscription<{ eventFeed: Change }>(connection, feed, variables)) {
          after = eventFeed.position;
          this.#board.change(eventFeed);
          if (this.#board.changes === cutAfter) connection.terminate();
        }
      } catch (error) {
        if (this.#board.changes < cutAfter || this.resumed > 0) throw error;
        this.resumed += 1;
      }
    }
  }

  /** Progress is told to those who listen, and kept nowhere: what comes before the subscription is missed. */
  async followProgress(): Promise<void> {
    for await (const { eventProgress } of subscription<{ eventProgress: Progress }>(this.#connect(), progress, {})) {
      if (eventProgress.requestId.startsWith(`${this.#project}/`)) this.#board.progress(eventProgress);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#open].map((connection) => connection.dispose()));
  }

  #connect(): Client {
    const connection = this.#gateway.connect();
    this.#open.add(connection);
    return connection;
  }
}
