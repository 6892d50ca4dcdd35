// A timer that rings at the earliest of the times requested.

export class Alarm {
  readonly #fire: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;

  constructor(fire: () => void) {
    this.#fire = fire;
  }

  /** Rings after this many milliseconds, unless a ring is already due earlier. */
  wakeIn(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#at) return;
    this.off();
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.off();
      this.#fire();
    }, ms);
  }

  off(): void {
    clearTimeout(this.#timer);
    this.#at = Infinity;
  }
}
