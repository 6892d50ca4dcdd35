// An adaptive batch size that keeps each answer's duration near a target.

/**
 * Batches faster than the first are followed by larger ones, and slower than the second by smaller ones, in
 * milliseconds.
 */
const wantedMs = [20, 80] as const;

export class Pace {
  readonly #least: number;
  readonly #most: number;
  #amount: number;

  /** Begins with `least`. */
  constructor(least: number, most: number) {
    this.#least = least;
    this.#most = most;
    this.#amount = least;
  }

  get amount(): number {
    return this.#amount;
  }

  /** Reports how long a batch of the current size took. */
  took(ms: number): void {
    const [short, long] = wantedMs;
    if (ms < short) this.#amount = Math.min(this.#most, this.#amount * 2);
    else if (ms > long) this.#amount = Math.max(this.#least, this.#amount / 2);
  }
}
