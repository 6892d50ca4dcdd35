// Watches a run through two subscriptions: its changes, which are in the log, and its progress, which is not.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'graphql-ws';
import type { Board } from './board.ts';
import { type GatewayClient, subscription } from './client.ts';
import type { Acknowledged } from './ledger.ts';
import type { Run } from './run.ts';

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

const knock = `mutation Knock($id: ID!) {
  updateEvent(input: { id: $id, progress: 0 }) { id }
}`;

/** After how many changes the feed is cut on purpose, to show that nothing is lost by it. */
const cutAfter = 1_000;
const patienceMs = 10_000;

export class Watching {
  /** How often the feed was taken up again. */
  resumed = 0;
  /** Rejects if a subscription ends that should not. */
  readonly broken: Promise<void>;
  readonly #gateway: GatewayClient;
  readonly #run: Run;
  readonly #board: Board;
  readonly #open = new Set<Client>();
  #listening = false;
  #stopped = false;

  /** Watches everything from this event on, the first one of the run: its sending, too, comes out of the log. */
  constructor(run: Run, first: Acknowledged, board: Board) {
    this.#gateway = run.gateway;
    this.#run = run;
    this.#board = board;
    this.broken = Promise.all([
      this.#followChanges(`${BigInt(first.position) - 1n}`),
      this.#followProgress(first.id),
    ]).then(() => {});
  }

  /**
   * A subscription is not acknowledged when it begins. The feed needs no acknowledgement, since it begins at a position;
   * progress is broadcast and never stored. So it is reported repeatedly until it arrives.
   */
  async listening({ id }: Acknowledged): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!this.#listening) {
      if (Date.now() > deadline) throw new Error(`No progress was heard within ${patienceMs} ms.`);
      await this.#gateway.ask(knock, { id });
      await pause(20);
    }
  }

  /** Waits until everything that was made has come, but not for ever: what is missing then, the checks tell. */
  async caughtUp(): Promise<void> {
    const { ledger } = this.#run;
    const board = this.#board;
    const isBehind = () =>
      board.changes < ledger.positions.size || board.progressReports < ledger.progressReports;
    for (const deadline = Date.now() + patienceMs; isBehind() && Date.now() < deadline;) await pause(20);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#open].map((connection) => connection.dispose()));
    await this.broken;
  }

  /**
   * Every change after `position`, in the order of the log. Who remembers the position seen last can be cut off at any
   * time and goes on from there: the gateway first tells what was missed, then what happens.
   */
  async #followChanges(position: string): Promise<void> {
    let after = position;
    while (!this.#stopped) {
      const connection = this.#connect();
      const variables = { project: this.#run.project, after };
      try {
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

  async #followProgress(knockedId: string): Promise<void> {
    for await (const { eventProgress } of subscription<{ eventProgress: Progress }>(
      this.#connect(),
      progress,
      {},
    )) {
      const { eventId, requestId } = eventProgress;
      if (eventId === knockedId) this.#listening = true;
      else if (requestId.startsWith(`${this.#run.project}/`)) this.#board.progress(eventProgress);
    }
  }

  #connect(): Client {
    const connection = this.#gateway.connect();
    this.#open.add(connection);
    return connection;
  }
}
