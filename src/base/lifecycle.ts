// The start/stop contract that every long-lived part keeps, and the list that stops them in reverse.

/** Stopping is idempotent, may be called while starting, and resolves when nothing is left running. */
export interface Stoppable {
  stop(): Promise<void>;
}

/** Runs `work` at the first call; every call gets that one promise. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work();
    return running;
  };
}

/** Clean-ups to be run last-in first-out; all run, then the first failure is thrown. */
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
