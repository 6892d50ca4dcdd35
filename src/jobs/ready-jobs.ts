// The jobs of a target that are ready for their next run, as one way of asking wants them, and when there will be more.
import type { Database } from '../database/database.ts';
import type { Way } from '../domain/enroll.ts';
import { findReadyJobs, type FoundJob, nextReadyMs } from '../store/find-jobs.ts';
import { OtherWays } from './other-ways.ts';
import { siftSources } from './sift-sources.ts';

/** Ready jobs that are looked at in one statement, at least and at most. */
export const readyBatch = { least: 20, most: 1_000 };

/** By how much two clocks that measure the same time may differ, in milliseconds. */
const clockMarginMs = 5;

export class ReadyJobs {
  readonly #database: Database;
  readonly #way: Way;
  readonly #others = new OtherWays();
  #lookedAt = 0;

  constructor(database: Database, way: Way) {
    this.#database = database;
    this.#way = way;
  }

  /** What becomes ready from now on is for `nextInMs` to tell. */
  look(): void {
    this.#lookedAt = performance.now();
  }

  /** Milliseconds until the next one is, of those that were not since it was last looked; null where none will be. */
  nextInMs(): Promise<number | null> {
    const sinceMs = performance.now() - this.#lookedAt + clockMarginMs;
    this.look();
    return nextReadyMs(this.#database, this.#way.target, sinceMs);
  }

  /** `count` that can be claimed, at most, and those come upon that are only to be put down as FAILED. */
  async find(count: number, wanted: () => boolean): Promise<readonly FoundJob[]> {
    const found: FoundJob[] = [];
    const missing = () => count - found.filter(({ expires }) => !expires).length;
    let own = Math.max(count, readyBatch.least);
    let batch: number = readyBatch.least;
    let place = this.#others.start();
    while (missing() > 0 && found.length < 2 * readyBatch.most && wanted()) {
      const ready = await findReadyJobs(this.#database, this.#way, own, place, batch);
      found.push(...(await this.onlyWanted(ready.jobs)));
      if (found.every(({ isOwn }) => isOwn)) this.#others.lookedTo(ready.next, ready.at);
      if (ready.next === null) break;
      place = ready.next;
      own = 0;
      batch = readyBatch.most;
    }
    return found;
  }

  /** Of jobs of other ways, those whose source this one wants. */
  async onlyWanted(jobs: readonly FoundJob[]): Promise<readonly FoundJob[]> {
    const others = jobs.filter(({ isOwn }) => !isOwn);
    const wanted = new Set(await siftSources(this.#database, this.#way, others, ({ sourceId }) => sourceId));
    return jobs.filter((job) => job.isOwn || wanted.has(job));
  }
}
