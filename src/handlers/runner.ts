// One run of a handler: called in its context, within its time and under its lease, and what came of it written down.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { asError, ThroughlineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { HandledEvent, Handler } from '../domain/handler.ts';
import type { LogWriter } from '../log/writer.ts';
import { changeOf } from '../store/update-events.ts';
import type { AppApi } from './app-api.ts';
import type { HeldRun, HeldRuns } from './held-runs.ts';
import { failed, HandlerTimeout, type Outcome, succeeded } from './outcome.ts';
import { runLogger, withRun } from './run-context.ts';

export interface RunnerParts {
  readonly writer: LogWriter;
  readonly heldRuns: HeldRuns;
  readonly logger: Logger;
  /** Of a handler that says nothing else, in milliseconds. */
  readonly timeoutMs: number;
  /** What functions of the handler speak to. */
  readonly api: () => AppApi;
}

/** The event of a run that has been claimed. */
export interface ClaimedRun extends HeldRun {
  readonly requestId: string;
}

export class Runner {
  readonly #parts: RunnerParts;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Its lease is kept from now on, until it has run or `letGo`. */
  hold(run: HeldRun): void {
    this.#parts.heldRuns.keep(run);
  }

  letGo({ eventId }: HeldRun): void {
    this.#parts.heldRuns.drop(eventId);
  }

  /** That it begins; false where it is not ours any more. */
  async begin({ eventId, attempt }: ClaimedRun, by: string): Promise<boolean> {
    const row = await this.#write(eventId, attempt, by, { status: 'IN_PROGRESS' });
    return row.found && row.holds && row.allowed;
  }

  /** Records that the run can not be made. */
  async refuse(run: ClaimedRun, by: string, error: Error): Promise<Outcome> {
    return this.#record(run, by, failed(error));
  }

  /** Whether nobody has ended it or taken it away since it was claimed; if so, it is no longer held. */
  async isOurs(run: HeldRun): Promise<boolean> {
    const isOurs = await this.#parts.heldRuns.confirm(run);
    if (!isOurs) this.letGo(run);
    return isOurs;
  }

  /** Waits a while for what is under way, then gives back what is not done, for another gateway or the next start. */
  async giveBackAfter(graceMs: number): Promise<void> {
    const { heldRuns } = this.#parts;
    const deadline = Date.now() + graceMs;
    while (heldRuns.all.length > 0 && Date.now() < deadline) await delay(10);
    await Promise.allSettled(heldRuns.all.map((run) => this.#giveBack(run)));
    heldRuns.abortAll(new Error('The gateway is stopping; the run is given back.'));
  }

  /** Never rejects: whatever the function does comes to an outcome, and that is written before this resolves. */
  async run(handler: Handler, event: HandledEvent, run: ClaimedRun): Promise<Outcome> {
    const { heldRuns, logger, api } = this.#parts;
    const abort = heldRuns.keep(run);
    const self = { ...run, nodeId: run.eventId, signal: abort.signal };
    const log = runLogger(logger, handler, self);
    try {
      const call = () => withRun({ app: api(), event, run: self, log }, async () => handler.run(event, self));
      const outcome = await this.#inTime(handler, abort, call).then(succeeded, failed);
      if (outcome.error)
        log.warn({ code: outcome.error.code, err: outcome.error.message }, 'a handler failed');
      return await this.#record(run, handler.fullName, outcome);
    } catch (error) {
      log.error({ err: asError(error) }, 'what came of a run could not be written; it comes again');
      return failed(error);
    } finally {
      this.letGo(run);
    }
  }

  /** A function that goes on after its time harms nobody: what it comes to is not looked at. */
  async #inTime(handler: Handler, abort: AbortController, call: () => Promise<unknown>): Promise<unknown> {
    // Lost, or given back, before it began.
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

  /** What it came to, or that it was taken away before that could be written. */
  async #record({ eventId, attempt }: ClaimedRun, by: string, outcome: Outcome): Promise<Outcome> {
    const { result, error } = outcome;
    const row = await this.#write(eventId, attempt, by, {
      status: error === null ? 'FINISHED' : 'FAILED',
      result: result === null ? null : JSON.stringify(result),
      error: error === null ? null : JSON.stringify(error),
    });
    return row.found && !row.holds && error === null ? takenAway() : outcome;
  }

  #giveBack({ eventId, attempt }: HeldRun): Promise<unknown> {
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

/** Somebody else's word counts: it was ended, or its lease was lost. */
export function takenAway(): Outcome {
  return failed(
    new ThroughlineError('LEASE_LOST', 'Somebody ended the run, or its lease was lost, before it was over.'),
  );
}
