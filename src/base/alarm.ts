// A timer that fires at the earliest of the requested times.

export class Alarm {
  readonly #fire: () => void;
  #timer: NodeJS.Timeout | undefined;
  #at = Infinity;

  constructor(fire: () => void) {
    this.#fire = fire;
  }

  /** Fires after this many milliseconds, or earlier if an earlier time was requested. */
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
