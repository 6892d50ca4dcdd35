// Something that runs until it is stopped: a worker, a consumer. It stops on the process's signals and has time to finish.

export interface StopOptions {
  /** Stops it. */
  readonly signal?: AbortSignal;
  /** How long it may go on with what it has begun once it is stopped, in milliseconds. Default: 10,000. */
  readonly graceMs?: number;
  /** Signals of the process that stop it. Default: SIGTERM and SIGINT. A second one ends the process. */
  readonly stopOn?: readonly string[];
}

interface Process {
  once(signal: string, listener: () => void): void;
  off(signal: string, listener: () => void): void;
}

export interface Ends {
  /** Aborted when it is to begin nothing new. */
  readonly stopping: AbortSignal;
  /** Aborted when its time to finish is over. */
  readonly ending: AbortSignal;
}

export class Running {
  readonly #stopping = new AbortController();
  readonly #ending = new AbortController();
  readonly #graceMs: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Resolves when it has stopped; rejects if it could not go on, such as with a key that is not valid. */
  readonly done: Promise<void>;

  constructor(options: StopOptions, run: (ends: Ends) => Promise<void>) {
    const { signal, graceMs = 10_000, stopOn = ['SIGTERM', 'SIGINT'] } = options;
    this.#graceMs = graceMs;
    const stop = () => void this.stop().catch(() => {});
    const { process } = globalThis as { process?: Partial<Process> };
    for (const name of stopOn) process?.once?.(name, stop);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) this.#stopping.abort();
    const ends = { stopping: this.#stopping.signal, ending: this.#ending.signal };
    const running = run(ends).catch((error: unknown) => {
      const isOfStop = Object.values(ends).some(({ aborted, reason }) => aborted && error === reason);
      if (!isOfStop) throw error;
    });
    this.done = running.finally(() => {
      clearTimeout(this.#timer);
      this.#stopping.abort();
      this.#ending.abort();
      for (const name of stopOn) process?.off?.(name, stop);
      signal?.removeEventListener('abort', stop);
    });
  }

  /** Begins nothing new, finishes what it has begun or gives it back, and resolves like `done`. */
  stop(): Promise<void> {
    if (!this.#stopping.signal.aborted) {
      this.#stopping.abort();
      this.#timer = setTimeout(() => this.#ending.abort(), this.#graceMs);
    }
    return this.done;
  }
}
