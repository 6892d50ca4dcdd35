// The worker of one handler: claims its waiting runs under a lease, like any worker, and runs them.
import { setTimeout as delay } from 'node:timers/promises';
import { asError, ThroughlineError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../../database/database.ts';
import type { HandledEvent, Handler } from '../../domain/handlers/handler.ts';
import type { JobDispatcher } from '../../jobs/job-dispatcher.ts';
import type { Claim } from '../../jobs/waiting-enroll.ts';
import { logStart } from '../../domain/jobs/enroll.ts';
import { filterFields } from '../../store/events/event-columns.ts';
import { readByIds } from '../../store/events/read-events.ts';
import type { LeasedRun } from './leased-runs.ts';
import { termsOf, definitionOf } from './new-run.ts';
import type { Runner } from './runner.ts';

export interface WorkerParts {
  readonly database: Database;
  readonly jobs: JobDispatcher;
  readonly runner: Runner;
  readonly logger: Logger;
  /** Identifies this gateway as the holder of leases. */
  readonly name: string;
}

/** Most concurrent runs of one handler per gateway. */
const concurrency = 10;
const waitMs = 60_000;
/** Retry interval after a failure, in milliseconds. */
const pauseMs = 1_000;

export class Worker {
  readonly #parts: WorkerParts;
  readonly #handler: Handler;
  readonly #ending = new AbortController();
  #free = concurrency;
  #freed: (() => void) | undefined;
  readonly #working: Promise<void>;

  constructor(parts: WorkerParts, handler: Handler) {
    this.#parts = parts;
    this.#handler = handler;
    this.#working = this.#work();
  }

  /** Stops claiming; runs in progress continue. */
  async stop(): Promise<void> {
    this.#ending.abort();
    this.#freed?.();
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      try {
        if (this.#free === 0) await new Promise<void>((resolve) => (this.#freed = resolve));
        if (signal.aborted) return;
        for (const claim of await this.#claim(signal)) this.#start(claim);
      } catch (error) {
        if (error instanceof ThroughlineError && error.code === 'SHUTTING_DOWN') return;
        this.#parts.logger.warn(
          { err: asError(error), handler: this.#handler.fullName },
          'could not claim runs',
        );
        await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
      }
    }
  }

  #claim(signal: AbortSignal): Promise<readonly Claim[]> {
    const { jobs, name } = this.#parts;
    const definition = definitionOf(this.#handler);
    const asked = { definition, start: logStart, flow: null, terms: termsOf(this.#handler, name), waitMs };
    return jobs.enroll(asked, this.#free, { name, signal });
  }

  #start({ event, source, attempt }: Claim): void {
    const held = { eventId: event.id, attempt };
    this.#free -= 1;
    this.#parts.runner.hold(held);
    // A run always has a source.
    void this.#run(held, source!.id)
      .catch((error: unknown) =>
        this.#parts.logger.warn(
          { err: asError(error), eventId: event.id },
          'could not start a run; it is claimed again when its lease ends',
        ),
      )
      .finally(() => {
        this.#parts.runner.release(held);
        this.#free += 1;
        this.#freed?.();
      });
  }

  async #run(held: LeasedRun, sourceId: string): Promise<void> {
    const { database, runner } = this.#parts;
    const [source] = await readByIds(database, [sourceId], filterFields);
    if (!source) return;
    const handled = source as HandledEvent;
    const run = { ...held, requestId: handled.requestId };
    if (await runner.begin(run, this.#handler.fullName)) await runner.run(this.#handler, handled, run);
  }
}
