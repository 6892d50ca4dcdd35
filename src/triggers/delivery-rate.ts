// Rate limits of webhook deliveries, in number and in bytes, since anyone who knows a URL can deliver to it.
import { LRUCache } from 'lru-cache';
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { TokenBucket } from '../base/token-bucket.ts';

interface Buckets {
  readonly deliveries: TokenBucket;
  readonly bytes: TokenBucket;
}

export class DeliveryRate {
  readonly #now: () => number;
  readonly #byTrigger = new LRUCache<string, Buckets>({ max: limits.triggers });

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Throws RATE_LIMITED if the trigger accepts no delivery now. */
  check(triggerId: string): void {
    const { deliveries, bytes } = this.#bucketsOf(triggerId);
    const waitMs = Math.max(deliveries.waitMs(this.#now()), bytes.waitMs(this.#now()));
    if (waitMs === 0) return;
    const retryAfterSeconds = Math.ceil(waitMs / 1_000);
    throw new ThroughlineError(
      'RATE_LIMITED',
      `This webhook takes ${limits.webhookRate} deliveries and ${limits.webhookRateBytes} bytes per second; deliver again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    );
  }

  /** Like `check`, and counts a delivery with a body of this many bytes. */
  take(triggerId: string, size: number): void {
    this.check(triggerId);
    const { deliveries, bytes } = this.#bucketsOf(triggerId);
    deliveries.take(1, this.#now());
    bytes.take(size, this.#now());
  }

  #bucketsOf(triggerId: string): Buckets {
    const known = this.#byTrigger.get(triggerId);
    if (known !== undefined) return known;
    const buckets = {
      deliveries: new TokenBucket(limits.webhookRate, limits.webhookBurst, this.#now()),
      bytes: new TokenBucket(limits.webhookRateBytes, limits.webhookBurstBytes, this.#now()),
    };
    this.#byTrigger.set(triggerId, buckets);
    return buckets;
  }
}
