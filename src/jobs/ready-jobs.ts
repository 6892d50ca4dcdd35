// Jobs of a target that are ready for their next run and match one consumer, and the time until the next one.
import type { Database } from '../database/database.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import { findReadyJobs, type FoundJob, nextReadyMs } from '../store/jobs/find-jobs.ts';
import { ForeignJobsScan } from './foreign-jobs-scan.ts';
import { filterItems } from './filter-sources.ts';

/** Smallest and largest number of ready jobs read by one statement. */
export const readyBatch = { least: 20, most: 1_000 };

/** Tolerated difference between two clocks, in milliseconds. */
const clockMarginMs = 5;

export class ReadyJobs {
  readonly #database: Database;
  readonly #definition: ConsumerDefinition;
  readonly #others = new ForeignJobsScan();
  #lookedAt = 0;

  constructor(database: Database, definition: ConsumerDefinition) {
    this.#database = database;
    this.#definition = definition;
  }

  /** Sets the start of the period that `nextInMs` covers. */
  look(): void {
    this.#lookedAt = performance.now();
  }

  /**
   * Milliseconds until the next job becomes ready, counting those that did since the last look; null if none will.
   */
  nextInMs(): Promise<number | null> {
    const sinceMs = performance.now() - this.#lookedAt + clockMarginMs;
    this.look();
    return nextReadyMs(this.#database, this.#definition.target, sinceMs);
  }

  /** Finds up to `count` claimable jobs, plus any jobs met on the way that must be marked FAILED. */
  async find(count: number, wanted: () => boolean): Promise<readonly FoundJob[]> {
    const found: FoundJob[] = [];
    const missing = () => count - found.filter(({ expires }) => !expires).length;
    let own = Math.max(count, readyBatch.least);
    let batch: number = readyBatch.least;
    let place = this.#others.start();
    while (missing() > 0 && found.length < 2 * readyBatch.most && wanted()) {
      const ready = await findReadyJobs(this.#database, this.#definition, own, place, batch);
      found.push(...(await this.onlyWanted(ready.jobs)));
      if (found.every(({ isOwn }) => isOwn)) this.#others.lookedTo(ready.next, ready.at);
      if (ready.next === null) break;
      place = ready.next;
      own = 0;
      batch = readyBatch.most;
    }
    return found;
  }

  /** Drops those jobs of other consumers whose sources this consumer does not match. */
  async onlyWanted(jobs: readonly FoundJob[]): Promise<readonly FoundJob[]> {
    const others = jobs.filter(({ isOwn }) => !isOwn);
    const wanted = new Set(
      await filterItems(this.#database, this.#definition, others, ({ eventId, sourceId }) =>
        this.#definition.isQueue ? eventId : (sourceId ?? eventId),
      ),
    );
    return jobs.filter((job) => job.isOwn || wanted.has(job));
  }
}
