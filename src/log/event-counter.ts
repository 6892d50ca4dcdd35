// Keeps the counts of events up to date with the log, in the background, at whichever gateway comes first.
import { asError } from '../base/errors.ts';
import type { Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { WorkLoop } from '../base/work-loop.ts';
import type { Database } from '../database/database.ts';
import { countEntries, removeOldCounts } from '../store/figures/event-counts.ts';

/** Entries counted by one statement. */
const batch = 2_000;
/** How long after a commit its entries are counted, in milliseconds. Until then a query counts them in the log. */
const delayMs = 2_000;
/** Interval between two looks without a commit here: another gateway may have left entries, in milliseconds. */
const pollMs = 60_000;
/** Interval between two removals of old counts, in milliseconds. */
const removalMs = 3_600_000;
const removalBatch = 5_000;

export class EventCounter implements Stoppable {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #workLoop = new WorkLoop(() => this.#pass());
  #isStarted = false;
  #timer: NodeJS.Timeout | undefined;
  #removedAt = -Infinity;

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
  }

  start(): void {
    this.#isStarted = true;
    this.#workLoop.wake();
  }

  /** The log has grown. */
  committed(): void {
    if (!this.#isStarted || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#workLoop.wake();
    }, delayMs).unref();
  }

  /** Counts what the log has now. Ends early while another gateway counts. */
  async catchUp(): Promise<void> {
    let counted = batch;
    while (counted === batch && !this.#workLoop.isStopped)
      counted = await countEntries(this.#database, batch);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isStarted = false;
    await this.#workLoop.stop();
  }

  async #pass(): Promise<number> {
    try {
      await this.catchUp();
      if (performance.now() - this.#removedAt > removalMs) {
        while (
          (await removeOldCounts(this.#database, removalBatch)) >= removalBatch &&
          !this.#workLoop.isStopped
        );
        this.#removedAt = performance.now();
      }
    } catch (error) {
      this.#logger.warn({ err: asError(error) }, 'could not count the log; will retry');
    }
    return pollMs;
  }
}
