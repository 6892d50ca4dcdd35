// The runs in progress at this gateway: heartbeats extend all their leases in one statement.
import { asError } from '../../base/errors.ts';
import { once, type Stoppable } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { JobWriter } from '../../log/job-writer.ts';

/** Length of a lease, in milliseconds: the longest time until another gateway takes over the runs of one that died. */
export const runLeaseMs = 30_000;
const beatMs = 10_000;

/** The event of a run, and the attempt that holds its lease. */
export interface LeasedRun {
  readonly eventId: string;
  readonly attempt: number;
}

export class LeasedRuns implements Stoppable {
  readonly #writer: JobWriter;
  readonly #logger: Logger;
  readonly #held = new Map<string, { readonly run: LeasedRun; readonly abort: AbortController }>();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(writer: JobWriter, logger: Logger) {
    this.#writer = writer;
    this.#logger = logger;
  }

  /**
   * Extends the lease until `drop`, if it is not being extended already. The returned controller aborts when the lease
   * is lost.
   */
  keep(run: LeasedRun): AbortController {
    const held = this.#held.get(run.eventId) ?? { run, abort: new AbortController() };
    this.#held.set(run.eventId, held);
    this.#timer ??= setInterval(() => {
      this.#beating = this.#beat();
    }, beatMs).unref();
    return held.abort;
  }

  get all(): readonly LeasedRun[] {
    return [...this.#held.values()].map(({ run }) => run);
  }

  drop(eventId: string): void {
    this.#held.delete(eventId);
    if (this.#held.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Extends the lease now. Returns false if it is lost. */
  async confirm({ eventId, attempt }: LeasedRun): Promise<boolean> {
    return (await this.#writer.extend({ eventId, attempt, leaseMs: runLeaseMs })) !== null;
  }

  /** Aborts all runs. */
  abortAll(reason: Error): void {
    for (const { abort } of this.#held.values()) abort.abort(reason);
  }

  readonly stop = once(async () => {
    clearInterval(this.#timer);
    await this.#beating;
  });

  async #beat(): Promise<void> {
    const beats = [...this.#held].map(async ([eventId, { run, abort }]) => {
      const { attempt } = run;
      const lease = await this.#writer.extend({ eventId, attempt, leaseMs: runLeaseMs });
      if (lease === null && this.#held.has(eventId))
        abort.abort(new Error('The run was ended by another caller, or its lease was lost.'));
    });
    for (const outcome of await Promise.allSettled(beats)) {
      if (outcome.status === 'rejected')
        this.#logger.warn({ err: asError(outcome.reason) }, 'could not extend the lease of a run');
    }
  }
}
