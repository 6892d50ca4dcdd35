// The runner of handlers: calls a handler in its context, within its timeout and under its lease, and records the
// outcome.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { asError, ThroughlineError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { HandledEvent, Handler } from '../../domain/handlers/handler.ts';
import type { LogWriter } from '../../log/writer.ts';
import { changeOf } from '../../store/events/update-events.ts';
import type { AppApi } from '../app-api.ts';
import type { LeasedRun, LeasedRuns } from './leased-runs.ts';
import { failed, HandlerTimeout, type Outcome, succeeded } from './outcome.ts';
import { runLogger, withRun } from './run-context.ts';

export interface RunnerParts {
  readonly writer: LogWriter;
  readonly leasedRuns: LeasedRuns;
  readonly logger: Logger;
  /** Default timeout of a handler, in milliseconds. */
  readonly timeoutMs: number;
  /** The API that the handler's functions use. */
  readonly api: () => AppApi;
}

/** The event of a claimed run. */
export interface ClaimedRun extends LeasedRun {
  readonly requestId: string;
}

export class Runner {
  readonly #parts: RunnerParts;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Extends the lease from now on, until the run ends or `release` is called. */
  hold(run: LeasedRun): void {
    this.#parts.leasedRuns.keep(run);
  }

  release({ eventId }: LeasedRun): void {
    this.#parts.leasedRuns.drop(eventId);
  }

  /** Records the start of the run. Returns false if the lease is no longer ours. */
  async begin({ eventId, attempt }: ClaimedRun, by: string): Promise<boolean> {
    const row = await this.#write(eventId, attempt, by, { status: 'IN_PROGRESS' });
    return row.found && row.holds && row.allowed;
  }

  /** Records that the run was refused. */
  async refuse(run: ClaimedRun, by: string, error: Error): Promise<Outcome> {
    return this.#record(run, by, failed(error));
  }

  /** Whether the lease is still ours. If not, it is no longer extended. */
  async isOurs(run: LeasedRun): Promise<boolean> {
    const isOurs = await this.#parts.leasedRuns.confirm(run);
    if (!isOurs) this.release(run);
    return isOurs;
  }

  /** Waits for runs in progress, then releases the rest for another gateway or the next start. */
  async giveBackAfter(graceMs: number): Promise<void> {
    const { leasedRuns } = this.#parts;
    const deadline = Date.now() + graceMs;
    while (leasedRuns.all.length > 0 && Date.now() < deadline) await delay(10);
    await Promise.allSettled(leasedRuns.all.map((run) => this.#giveBack(run)));
    leasedRuns.abortAll(new Error('The gateway is stopping; the run is released.'));
  }

  /** Never rejects. Every run has an outcome, which is recorded before this resolves. */
  async run(handler: Handler, event: HandledEvent, run: ClaimedRun): Promise<Outcome> {
    const { leasedRuns, logger, api } = this.#parts;
    const abort = leasedRuns.keep(run);
    const self = { ...run, nodeId: run.eventId, signal: abort.signal };
    const log = runLogger(logger, handler, self);
    try {
      const call = () => withRun({ app: api(), event, run: self, log }, async () => handler.run(event, self));
      const outcome = await this.#inTime(handler, abort, call).then(succeeded, failed);
      if (outcome.error)
        log.warn({ code: outcome.error.code, err: outcome.error.message }, 'a handler failed');
      return await this.#record(run, handler.fullName, outcome);
    } catch (error) {
      log.error({ err: asError(error) }, 'could not record the outcome of a run; it will run again');
      return failed(error);
    } finally {
      this.release(run);
    }
  }

  /** A function may go on after its timeout; its result is ignored. */
  async #inTime(handler: Handler, abort: AbortController, call: () => Promise<unknown>): Promise<unknown> {
    // The lease was lost or released before the run began.
    abort.signal.throwIfAborted();
    const ms = handler.timeoutMs ?? this.#parts.timeoutMs;
    const timer = setTimeout(() => abort.abort(new HandlerTimeout(ms)), ms);
    const aborted = new Promise<never>((_, reject) => {
      abort.signal.addEventListener('abort', () => reject(asError(abort.signal.reason)), { once: true });
    });
    const called = call();
    called.catch(() => {});
    try {
      return await Promise.race([called, aborted]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Records the outcome. Returns it, or the failure that the lease was lost first. */
  async #record({ eventId, attempt }: ClaimedRun, by: string, outcome: Outcome): Promise<Outcome> {
    const { result, error } = outcome;
    const row = await this.#write(eventId, attempt, by, {
      status: error === null ? 'FINISHED' : 'FAILED',
      result: result === null ? null : JSON.stringify(result),
      error: error === null ? null : JSON.stringify(error),
    });
    return row.found && !row.holds && error === null ? takenAway() : outcome;
  }

  #giveBack({ eventId, attempt }: LeasedRun): Promise<unknown> {
    return this.#write(eventId, attempt, 'throughline', { status: 'PENDING', release: true });
  }

  #write(
    id: string,
    attempt: number,
    by: string,
    change: Partial<Parameters<LogWriter['update']>[0]>,
  ): ReturnType<LogWriter['update']> {
    return this.#parts.writer.update(changeOf({ ...change, id, attempt, by, writeId: randomUUID() }));
  }
}

/** The outcome of a run that was ended by another caller, or whose lease was lost. */
export function takenAway(): Outcome {
  return failed(
    new ThroughlineError(
      'LEASE_LOST',
      'The run was ended by another caller, or its lease was lost, before it finished.',
    ),
  );
}
