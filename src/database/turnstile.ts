// A lock that lets one pass at a time, in the order of arrival.

/** Whoever entered must leave, once; those behind wait for it. */
export class Turnstile {
  #last: Promise<void> = Promise.resolve();

  /** Resolves to `leave` when it is the caller's turn. */
  async enter(): Promise<() => void> {
    const before = this.#last;
    let leave = (): void => {};
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    await before;
    return leave;
  }
}
