// One alarm: it rings at the earliest of the times that it was set to.

export class Alarm {
  readonly #ring: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings after so many milliseconds, unless it does so earlier. */
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
