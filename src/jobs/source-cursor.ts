// A consumer's cursor over the log: finds the sources that come next, and knows up to where all are settled.
import type { Logger } from '../base/logger.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { readLanes } from '../database/expensive-reads.ts';
import { costlyConditions } from '../domain/conditions/costly-filter.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { Position } from '../domain/events/event.ts';
import { findSources, type FoundSources, type Source } from '../store/jobs/find-sources.ts';
import { filterItems } from './filter-sources.ts';
import { costlyBatch, firstBatch, type Prefetched } from './prefetched.ts';
import { ReadAhead } from './read-ahead.ts';
import type { StoredConsumer } from './consumers/stored-consumer.ts';

/** How often the position is stored, in milliseconds: what comes after it is read again, and skipped, after a restart. */
const saveEveryMs = 1_000;

export class SourceCursor implements Prefetched {
  /** Sources that the consumer selects and that have no job yet, in the order of the log. */
  readonly ahead = new ReadAhead();
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #definition: ConsumerDefinition;
  readonly #consumer: StoredConsumer;
  #saved: Position = 0n;
  /** The log has been read up to here: what is neither ahead nor taken is settled. */
  #readTo: Position = 0n;
  #saving: NodeJS.Timeout | undefined;

  /** Whether its conditions look at what may be large. */
  readonly #isCostly: boolean;

  constructor(database: Database, definition: ConsumerDefinition, consumer: StoredConsumer, logger: Logger) {
    this.#isCostly = costlyConditions(definition.conditions).tests > 0;
    this.#database = database;
    this.#definition = definition;
    this.#consumer = consumer;
    this.#logger = logger;
  }

  /**
   * Reads on until so many sources are ahead, or there are no more. Each statement reads a bounded number of entries, and
   * `wanted` is asked between them. Once at a time.
   */
  async readAhead(count: number, wanted: () => boolean): Promise<void> {
    if (this.#definition.topics.length === 0) return;
    if (!this.ahead.isFresh) this.forget();
    const most = this.#isCostly ? costlyBatch : limits.enrollScanRows;
    let batch = Math.min(Math.max(firstBatch, 2 * count), most);
    for (let more = true; more && this.ahead.items.length < count && wanted();) {
      const found = await this.#find(batch);
      const sources = await filterItems(this.#database, this.#definition, found.sources, ({ id }) => id);
      more = found.more;
      if (sources.length === 0) batch = Math.min(4 * batch, most);
      this.ahead.add(sources);
      this.#readTo = found.readTo;
    }
    this.#saveSoon();
  }

  /** What was forgotten since is read again anyway. */
  giveBack(sources: readonly Source[], settled: ReadonlySet<Source>): void {
    for (const source of sources) this.ahead.taken.delete(source);
    const left = sources.filter((source) => !settled.has(source) && source.position <= this.#readTo);
    this.ahead.putBack(left);
    this.#saveSoon();
  }

  forget(): void {
    this.#readTo = this.#settled();
    this.ahead.clear();
  }

  begin(position: Position): void {
    this.ahead.clear();
    this.ahead.taken.clear();
    this.#saved = position;
    this.#readTo = position;
  }

  async save(): Promise<void> {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    const position = this.#settled();
    if (position <= this.#saved) return;
    await this.#consumer.save(position);
    this.#saved = position;
  }

  #find(batch: number): Promise<FoundSources> {
    const find = () =>
      findSources(this.#database, this.#definition, this.#readTo, batch, this.#consumer.targets);
    return this.#isCostly ? readLanes(this.#database).run('jobs', find) : find();
  }

  #settled(): Position {
    const [next] = this.ahead.items;
    const readAhead = next ? next.position - 1n : this.#readTo;
    return [...this.ahead.taken].reduce(
      (least, { position }) => (position <= least ? position - 1n : least),
      readAhead,
    );
  }

  #saveSoon(): void {
    if (this.#saving !== undefined || this.#settled() <= this.#saved) return;
    const save = () =>
      this.save().catch((error: unknown) =>
        this.#logger.warn({ err: error }, 'could not store the position of a consumer'),
      );
    this.#saving = setTimeout(() => void save(), saveEveryMs).unref();
  }
}
