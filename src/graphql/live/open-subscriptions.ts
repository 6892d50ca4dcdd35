// Counts the open GraphQL subscriptions of this gateway, over all sockets and streams, and enforces their limits.
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

/** The limits per API key and in total. */
interface Most {
  readonly perKey: number;
  readonly inAll: number;
}

export class OpenSubscriptions {
  readonly #most: Most;
  readonly #byKey = new Map<string, number>();
  #count = 0;

  constructor(most: Most = { perKey: limits.openSubscriptionsPerKey, inAll: limits.openSubscriptions }) {
    this.#most = most;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts a subscription of the key with this name. Call the returned function when it ends. */
  enter(key: string): () => void {
    const { perKey, inAll } = this.#most;
    const own = this.#byKey.get(key) ?? 0;
    if (own >= perKey)
      throw new ThroughlineError(
        'LIMIT_EXCEEDED',
        `This key has ${perKey} open subscriptions at this gateway, which is the limit; end some of them.`,
      );
    if (this.#count >= inAll)
      throw new ThroughlineError(
        'OVERLOADED',
        `${inAll} subscriptions are open at this gateway, which is the limit; try again later, or at another gateway.`,
      );
    this.#byKey.set(key, own + 1);
    this.#count += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.#leave(key);
      isOpen = false;
    };
  }

  #leave(key: string): void {
    const left = this.#byKey.get(key)! - 1;
    if (left > 0) this.#byKey.set(key, left);
    else this.#byKey.delete(key);
    this.#count -= 1;
  }
}

/** The same results; calls `onEnd` when they end, fail or are returned. */
export function endingWith<Result>(
  results: AsyncIterableIterator<Result>,
  onEnd: () => void,
): AsyncIterableIterator<Result> {
  const ending: AsyncIterableIterator<Result> = {
    next: () =>
      results.next().then(
        (step) => {
          if (step.done) onEnd();
          return step;
        },
        (error: unknown) => {
          onEnd();
          throw error;
        },
      ),
    return: async () => {
      onEnd();
      return (await results.return?.()) ?? { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => ending,
  };
  return ending;
}
