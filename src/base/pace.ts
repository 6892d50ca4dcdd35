// How much to ask for at once, so that each answer takes about as long as wanted whatever is asked for.

/** An answer that took less than the first is followed by a larger one, and one that took more than the second by a smaller one, in milliseconds. */
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

  /** An answer to the present amount took so long. */
  took(ms: number): void {
    const [short, long] = wantedMs;
    if (ms < short) this.#amount = Math.min(this.#most, this.#amount * 2);
    else if (ms > long) this.#amount = Math.max(this.#least, this.#amount / 2);
  }
}
