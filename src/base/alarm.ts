// A timer that rings at the earliest of the times requested.

export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings after this many milliseconds, unless a ring is already due earlier. */
  ringIn(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#at) return;
    this.off();
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.off();
      this.#ring();
    }, ms);
  }

  off(): void {
    clearTimeout(this.#timer);
    this.#at = Infinity;
  }
}
