// Follows the gateway's feed: prints each change as it comes, and knows when a request is over.
import { setTimeout as pause } from 'node:timers/promises';
import { type GatewayClient, subscription } from '../../demo/client.ts';
import { paintStatus } from '../../demo/paint.ts';

interface Change {
  readonly position: string;
  readonly status: string;
  readonly event: { readonly id: string; readonly topic: string };
}

const feed = `subscription Feed($after: Position!) {
  eventFeed(after: $after) { position status event { id topic } }
}`;

const chainQuery = `query Chain($requestId: String!) {
  eventChain(requestId: $requestId) { finishedAt events { id } }
}`;

const patienceMs = 30_000;

export class Watching {
  readonly #gateway: GatewayClient;
  readonly #connection: ReturnType<GatewayClient['connect']>;
  /** The last status that was heard of each event. */
  readonly #statuses = new Map<string, string>();
  readonly #following: Promise<void>;
  #stopped = false;

  private constructor(gateway: GatewayClient, after: string, say: (line: string) => void) {
    this.#gateway = gateway;
    this.#connection = gateway.connect();
    this.#following = this.#follow(after, say);
    // Told to whoever waits for a request to end.
    this.#following.catch(() => {});
  }

  /** From now on. */
  static async begin(gateway: GatewayClient, say: (line: string) => void): Promise<Watching> {
    const { position } = await gateway.ask<{ position: string }>('{ position }');
    return new Watching(gateway, position, say);
  }

  /** When every event of the request is finished, those in the background too, and the feed has told so. */
  async ended(requestId: string): Promise<void> {
    await Promise.race([this.#heardOut(requestId), this.#following]);
  }

  async #heardOut(requestId: string): Promise<void> {
    for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await pause(20)) {
      const { eventChain } = await this.#gateway.ask<{
        eventChain: { finishedAt: string | null; events: { id: string }[] };
      }>(chainQuery, { requestId });
      const isHeard = ({ id }: { id: string }) =>
        ['FINISHED', 'FAILED'].includes(this.#statuses.get(id) ?? '');
      if (eventChain.finishedAt !== null && eventChain.events.every(isHeard)) return;
    }
    throw new Error(`The request ${requestId} was not over within ${patienceMs} ms.`);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#connection.dispose();
    await this.#following;
  }

  async #follow(after: string, say: (line: string) => void): Promise<void> {
    type Item = { eventFeed: Change };
    for await (const { eventFeed } of subscription<Item>(this.#connection, feed, { after })) {
      const { status, event } = eventFeed;
      // A run in the background is also told of when it is claimed, before it begins.
      if (this.#statuses.get(event.id) !== status) say(`  ${paintStatus(status)} ${event.topic}`);
      this.#statuses.set(event.id, status);
    }
    if (!this.#stopped) throw new Error('The feed ended before the approvals did.');
  }
}
