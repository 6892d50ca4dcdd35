// Which workers enroll for which consumer, written down in batches.
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../../database/database.ts';
import { saveSightings, type Sighting } from '../../store/jobs/consumers.ts';

/** How long a sighting counts as recent: it is not written again before, in milliseconds. */
const recentMs = 10_000;
/** The most workers of which this gateway remembers when they were written down. */
const mostKnown = 10_000;
/** The most workers that are written down at once: further ones are at their next call. */
const mostWritten = 1_000;

export class WorkerSightings {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #written = new Map<string, number>();
  #unwritten = new Map<string, Sighting>();

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
  }

  note(consumerId: string, worker: string): void {
    const key = `${consumerId} ${worker}`;
    if (this.#unwritten.has(key)) return;
    if (performance.now() - (this.#written.get(key) ?? -Infinity) < recentMs) return;
    if (this.#unwritten.size < mostWritten) this.#unwritten.set(key, { consumerId, worker });
  }

  /** A consumer that is not stored yet has no workers yet. */
  async flush(): Promise<void> {
    if (this.#unwritten.size === 0) return;
    const seen = this.#unwritten;
    this.#unwritten = new Map();
    if (this.#written.size > mostKnown) this.#written.clear();
    const now = performance.now();
    for (const key of seen.keys()) this.#written.set(key, now);
    try {
      await saveSightings(this.#database, [...seen.values()]);
    } catch (error) {
      this.#logger.debug({ err: error }, 'could not record which workers enrolled');
    }
  }
}
