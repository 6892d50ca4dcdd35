// A limit per second with room for bursts: tokens come at a steady rate, up to a number, and are taken by what is done.

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

  /** Milliseconds until something may be done again; 0 if now. */
  waitMs(now: number): number {
    this.#fill(now);
    return this.#tokens > 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1_000) + 1;
  }

  /** What costs more than there is goes on credit, and is waited for afterwards. */
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
