// A way of asking's cursor over the log: hands out the sources that come next, and remembers what is settled.
import type { Logger } from '../base/logger.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { type Way, wayText } from '../domain/enroll.ts';
import type { Position } from '../domain/event.ts';
import { openCursor, saveCursor } from '../store/cursors.ts';
import { findSources, type Source } from '../store/find-sources.ts';
import { siftSources } from './sift-sources.ts';

/** Entries that a search which expects to find something begins with. */
const firstBatch = 100;
/** How long sources that were read ahead are taken for what they were, in milliseconds. */
const freshMs = 1_000;
/** How often the place is written down, in milliseconds: what a restart reads again, and passes over. */
const saveEveryMs = 1_000;

export class SourceCursor {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #way: Way;
  #opened = false;
  #saved: Position = 0n;
  /** Up to here the log has been read: what is not in `#ahead` is settled. */
  #readTo: Position = 0n;
  /** Sources that are wanted and have no job yet, in the order of the log. */
  #ahead: Source[] = [];
  #readAt = 0;
  #saving: NodeJS.Timeout | undefined;

  constructor(database: Database, way: Way, logger: Logger) {
    this.#database = database;
    this.#way = way;
    this.#logger = logger;
  }

  /**
   * The next sources, `count` at most; fewer where there are no more. They stay next until they are settled. `anywhere`
   * takes them from further on, where other gateways do not take theirs at this moment. Each statement reads a bounded
   * number of entries, and `wanted` is asked between them.
   */
  async next(count: number, anywhere: boolean, wanted: () => boolean): Promise<readonly Source[]> {
    if (this.#way.topics.length === 0) return [];
    if (!this.#opened) await this.#open();
    if (performance.now() - this.#readAt > freshMs) this.forget();
    let batch = Math.min(Math.max(firstBatch, 2 * count), limits.enrollScanRows);
    for (let more = true; more && this.#ahead.length < count && wanted();) {
      const found = await findSources(this.#database, this.#way, this.#readTo, batch);
      const sources = await siftSources(this.#database, this.#way, found.sources, ({ id }) => id);
      more = found.more;
      if (sources.length === 0) batch = Math.min(4 * batch, limits.enrollScanRows);
      if (this.#ahead.length === 0) this.#readAt = performance.now();
      this.#ahead.push(...sources);
      this.#readTo = found.readTo;
    }
    this.#saveSoon();
    const spare = anywhere ? this.#ahead.length - count : 0;
    const start = spare > 0 ? Math.floor(Math.random() * (spare + 1)) : 0;
    return this.#ahead.slice(start, start + count);
  }

  /** They have their jobs now. */
  settle(sources: ReadonlySet<Source>): void {
    this.#ahead = this.#ahead.filter((source) => !sources.has(source));
  }

  /** What was read ahead is no longer as it was: it is read again. */
  forget(): void {
    this.#readTo = this.#settled();
    this.#ahead = [];
  }

  /** Writes the place down. */
  async save(): Promise<void> {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    const position = this.#settled();
    if (position <= this.#saved) return;
    await saveCursor(this.#database, this.#way.id, position);
    this.#saved = position;
  }

  async #open(): Promise<void> {
    this.#saved = await openCursor(this.#database, this.#way.id, wayText(this.#way));
    this.#readTo = this.#saved;
    this.#opened = true;
  }

  #settled(): Position {
    const [next] = this.#ahead;
    return next ? next.position - 1n : this.#readTo;
  }

  #saveSoon(): void {
    if (this.#saving !== undefined || this.#settled() <= this.#saved) return;
    const save = () =>
      this.save().catch((error: unknown) => this.#logger.warn({ err: error }, 'a cursor was not saved'));
    this.#saving = setTimeout(() => void save(), saveEveryMs).unref();
  }
}
