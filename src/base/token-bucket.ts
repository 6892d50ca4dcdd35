// A rate limit with bursts: tokens arrive at a steady rate up to a capacity, and each action takes some.

export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, most: number, now: number) {
    this.#perSecond = perSecond;
    this.#most = most;
    this.#tokens = most;
    this.#at = now;
  }

  /** Milliseconds until the next action is allowed; 0 if it is allowed now. */
  waitMs(now: number): number {
    this.#fill(now);
    return this.#tokens > 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1_000) + 1;
  }

  /** What is available now; negative in debt. */
  left(now: number): number {
    this.#fill(now);
    return this.#tokens;
  }

  /** An action may cost more than is available. The debt is paid by waiting afterwards. */
  take(count: number, now: number): void {
    this.#fill(now);
    this.#tokens -= count;
  }

  #fill(now: number): void {
    const earned = (Math.max(0, now - this.#at) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#most, this.#tokens + earned);
    this.#at = Math.max(this.#at, now);
  }
}
