// The contract of components that start and stop, and the list that stops them in reverse order.

/** Stopping is idempotent, allowed during the start, and resolves when nothing is left running. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Runs `work` at the first call. Every call returns the same promise. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}

/** Clean-ups, run in reverse order. All of them run; then the first failure is thrown. */
export class Releasers {
  readonly #releasers: (() => Promise<void>)[] = [];

  add(release: () => Promise<void>): void {
    this.#releasers.push(release);
  }

  async releaseAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let release = this.#releasers.pop(); release; release = this.#releasers.pop()) {
      try {
        await release();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
