// A loop of passes, one at a time: the next begins when woken, or after the delay that the last one returned.
import { once, type Stoppable } from './lifecycle.ts';

export class WorkLoop implements Stoppable {
  readonly #pass: () => Promise<number>;
  #last: Promise<void> = Promise.resolve();
  #isQueued = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  /** `pass` returns the delay until the next pass, in milliseconds. It must not reject. */
  constructor(pass: () => Promise<number>) {
    this.#pass = pass;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Starts the next pass now, or after the current one. */
  wake(): void {
    if (this.#isStopped || this.#isQueued) return;
    this.#isQueued = true;
    clearTimeout(this.#timer);
    this.#last = this.#last.then(() => this.#run());
  }

  /** Resolves when no pass is running or about to run. */
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
    const sleepMs = await this.#pass();
    if (this.#isStopped || this.#isQueued) return;
    this.#timer = setTimeout(() => this.wake(), sleepMs).unref();
  }
}
