// Rounds of work, one after the other: at once when woken, else after the sleep that the last one asked for.
import { once, type Stoppable } from './lifecycle.ts';

export class Rounds implements Stoppable {
  readonly #round: () => Promise<number>;
  #last: Promise<void> = Promise.resolve();
  #isQueued = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  /** `round` answers after how many milliseconds the next one is due; it never rejects. */
  constructor(round: () => Promise<number>) {
    this.#round = round;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** The next round begins at once, or when the present one is over. */
  wake(): void {
    if (this.#isStopped || this.#isQueued) return;
    this.#isQueued = true;
    clearTimeout(this.#timer);
    this.#last = this.#last.then(() => this.#run());
  }

  /** Resolves when there is no round under way, or about to be. */
  idle(): Promise<void> {
    return this.#last;
  }

  readonly stop = once(async () => {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#last;
  });

  async #run(): Promise<void> {
    this.#isQueued = false;
    if (this.#isStopped) return;
    const sleepMs = await this.#round();
    if (this.#isStopped || this.#isQueued) return;
    this.#timer = setTimeout(() => this.wake(), sleepMs).unref();
  }
}
