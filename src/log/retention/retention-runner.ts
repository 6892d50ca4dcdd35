// Runs the retention rules in the background, at whichever gateway comes first.
import { asError } from '../../base/errors.ts';
import type { Stoppable } from '../../base/lifecycle.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import { WorkLoop } from '../../base/work-loop.ts';
import type { Database } from '../../database/database.ts';
import { claimDueRules } from '../../store/retention/rules.ts';
import type { Purger } from './purger.ts';

/** Interval between two looks whether a run is due, in milliseconds. */
const lookMs = 60_000;

export class RetentionRunner implements Stoppable {
  readonly #database: Database;
  readonly #purger: Purger;
  readonly #logger: Logger;
  readonly #workLoop = new WorkLoop(() => this.#pass());

  constructor(database: Database, purger: Purger, logger: Logger) {
    this.#database = database;
    this.#purger = purger;
    this.#logger = logger;
  }

  start(): void {
    this.#workLoop.wake();
  }

  /** Runs the rules if one is due that no other gateway has begun to run. */
  async runDue(): Promise<void> {
    if (!(await claimDueRules(this.#database, limits.retentionMinutes))) return;
    const { count } = await this.#purger.run(false, () => this.#workLoop.isStopped);
    if (count > 0) this.#logger.info({ count }, 'purged events by the retention rules');
  }

  stop(): Promise<void> {
    return this.#workLoop.stop();
  }

  async #pass(): Promise<number> {
    await this.runDue().catch((error: unknown) => {
      this.#logger.warn(
        { err: asError(error) },
        'could not run the retention rules; will retry at the next run',
      );
    });
    return lookMs;
  }
}
