// Follows the gateway's feed: prints each change as it comes, and knows when a request is over.
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from 'throughline-client';
import { paintStatus } from '../../demo/paint.ts';

const chainQuery = `query Chain($requestId: String!) {
  eventChain(requestId: $requestId) { finishedAt events { id } }
}`;

const patienceMs = 30_000;

export class Watching {
  readonly #gateway: Client;
  readonly #stopping = new AbortController();
  /** The last status that was heard of each event. */
  readonly #statuses = new Map<string, string>();
  readonly #following: Promise<void>;

  private constructor(gateway: Client, after: string, say: (line: string) => void) {
    this.#gateway = gateway;
    this.#following = this.#follow(after, say);
    // Told to whoever waits for a request to end.
    this.#following.catch(() => {});
  }

  /** From now on. */
  static async begin(gateway: Client, say: (line: string) => void): Promise<Watching> {
    const { position } = await gateway.query<{ position: string }, object>('{ position }');
    return new Watching(gateway, position, say);
  }

  /** When every event of the request is finished, those in the background too, and the feed has told so. */
  async ended(requestId: string): Promise<void> {
    await Promise.race([this.#heardOut(requestId), this.#following]);
  }

  async #heardOut(requestId: string): Promise<void> {
    for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await pause(20)) {
      const { eventChain } = await this.#gateway.query<
        { eventChain: { finishedAt: string | null; events: { id: string }[] } },
        object
      >(chainQuery, { requestId });
      const isHeard = ({ id }: { id: string }) =>
        ['FINISHED', 'FAILED'].includes(this.#statuses.get(id) ?? '');
      if (eventChain.finishedAt !== null && eventChain.events.every(isHeard)) return;
    }
    throw new Error(`The request ${requestId} was not over within ${patienceMs} ms.`);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(after: string, say: (line: string) => void): Promise<void> {
    const { signal } = this.#stopping;
    for await (const { status, event } of this.#gateway.watch({ after, payload: false, signal })) {
      // A run in the background is also told of when it is claimed, before it begins.
      if (this.#statuses.get(event.id) !== status) say(`  ${paintStatus(status)} ${event.topic}`);
      this.#statuses.set(event.id, status);
    }
  }
}
