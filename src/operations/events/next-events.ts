// The push form of nextEvent: a stream that takes an event only when its consumer requests one.
import { once } from 'node:events';
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { SubscriptionDispatcher } from '../../subscriptions/subscription-dispatcher.ts';
import type { NextEvent } from '../../subscriptions/assign-events.ts';

export class NextEvents implements AsyncIterableIterator<NextEvent> {
  readonly #subscriptions: SubscriptionDispatcher;
  readonly #ids: readonly string[];
  readonly #going = new AbortController();

  constructor(subscriptions: SubscriptionDispatcher, ids: readonly string[]) {
    this.#subscriptions = subscriptions;
    this.#ids = ids;
  }

  /** Waits as long as it takes; fails as nextEvent does, once. */
  async next(): Promise<IteratorResult<NextEvent>> {
    const { signal } = this.#going;
    while (!signal.aborted) {
      const event = await this.#subscriptions
        .next({ ids: this.#ids, waitMs: limits.timeoutMs, signal })
        .catch((error: unknown) => this.#failed(error));
      if (event) return { value: event, done: false };
    }
    return { value: undefined, done: true };
  }

  /** Ends the stream at once, also while it waits; then it takes no event. */
  return(): Promise<IteratorResult<NextEvent>> {
    this.#going.abort();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * A failure ends the stream. A stopping gateway ends only the connection, so that the client reconnects; it would take
   * the end of the stream for completion.
   */
  async #failed(error: unknown): Promise<null> {
    const { signal } = this.#going;
    const isStopping = error instanceof ThroughlineError && error.code === 'SHUTTING_DOWN';
    if (isStopping && !signal.aborted) await once(signal, 'abort');
    if (isStopping) return null;
    this.#going.abort();
    throw error;
  }
}
