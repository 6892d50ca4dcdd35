// A way of asking's cursor over the log: hands out the sources that come next, and remembers what is settled.
import type { Logger } from '../base/logger.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { readLanes } from '../database/expensive-reads.ts';
import { costlyConditions } from '../domain/conditions/costly-filter.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { Position } from '../domain/events/event.ts';
import { findSources, type FoundSources, type Source } from '../store/jobs/find-sources.ts';
import { filterItems } from './filter-sources.ts';
import type { Prefetched } from './prefetched.ts';
import type { StoredConsumer } from './consumers/stored-consumer.ts';

/** Entries that a search which expects to find something begins with. */
const firstBatch = 100;
/** Entries at most, where the payloads of their events have to be read. */
const costlyBatch = 200;
/** How long sources that were read ahead are taken for what they were, in milliseconds. */
const freshMs = 1_000;
/** How often the place is written down, in milliseconds: what a restart reads again, and passes over. */
const saveEveryMs = 1_000;

export class SourceCursor implements Prefetched {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #definition: ConsumerDefinition;
  readonly #consumer: StoredConsumer;
  #saved: Position = 0n;
  /** Up to here the log has been read: what is not in `#ahead` is settled. */
  #readTo: Position = 0n;
  /** Sources that are wanted and have no job yet, in the order of the log. */
  #prefetched: Source[] = [];
  /** Those that were taken, and may get their jobs at this moment. */
  readonly #taken = new Set<Source>();
  #readAt = 0;
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
    if (performance.now() - this.#readAt > freshMs) this.forget();
    const most = this.#isCostly ? costlyBatch : limits.enrollScanRows;
    let batch = Math.min(Math.max(firstBatch, 2 * count), most);
    for (let more = true; more && this.#prefetched.length < count && wanted();) {
      const found = await this.#find(batch);
      const sources = await filterItems(this.#database, this.#definition, found.sources, ({ id }) => id);
      more = found.more;
      if (sources.length === 0) batch = Math.min(4 * batch, most);
      if (this.#prefetched.length === 0) this.#readAt = performance.now();
      const taken = new Set([...this.#taken].map(({ id }) => id));
      this.#prefetched.push(...sources.filter(({ id }) => !taken.has(id)));
      this.#readTo = found.readTo;
    }
    this.#saveSoon();
  }

  /**
   * The next of those that were read ahead, `count` at most. They are the caller's until they are given back. `anywhere`
   * takes them from further on, where other gateways do not take theirs at this moment.
   */
  next(count: number, anywhere: boolean): readonly Source[] {
    const spare = anywhere ? this.#prefetched.length - count : 0;
    const start = spare > 0 ? Math.floor(Math.random() * (spare + 1)) : 0;
    return this.#take(start, count);
  }

  get ahead(): readonly Source[] {
    return this.#prefetched;
  }

  take(items: readonly Source[]): readonly Source[] {
    const taken = new Set(items);
    this.#prefetched = this.#prefetched.filter((item) => !taken.has(item));
    for (const item of items) this.#taken.add(item);
    return items;
  }

  /** `count` of them, where so many were read ahead not long ago; else none. */
  nextPrefetched(count: number): readonly Source[] {
    const isFresh = performance.now() - this.#readAt <= freshMs;
    return isFresh && this.#prefetched.length >= count ? this.#take(0, count) : [];
  }

  /** Those that have their jobs now are `settled`; the others are next again. What was forgotten is read again anyway. */
  giveBack(sources: readonly Source[], settled: ReadonlySet<Source>): void {
    for (const source of sources) this.#taken.delete(source);
    const left = sources.filter((source) => !settled.has(source) && source.position <= this.#readTo);
    if (left.length > 0)
      this.#prefetched = [...left, ...this.#prefetched].sort((a, b) => (a.position < b.position ? -1 : 1));
    this.#saveSoon();
  }

  /** What was read ahead is no longer as it was: it is read again. */
  forget(): void {
    this.#readTo = this.#settled();
    this.#prefetched = [];
  }

  /** Continues at a stored position: the first one, or the one that the consumer was moved to. */
  begin(position: Position): void {
    this.#prefetched = [];
    this.#taken.clear();
    this.#saved = position;
    this.#readTo = position;
  }

  /** Writes the place down. */
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

  #take(start: number, count: number): readonly Source[] {
    const sources = this.#prefetched.splice(start, count);
    for (const source of sources) this.#taken.add(source);
    return sources;
  }

  #settled(): Position {
    const [next] = this.#prefetched;
    const readAhead = next ? next.position - 1n : this.#readTo;
    return [...this.#taken].reduce(
      (least, { position }) => (position <= least ? position - 1n : least),
      readAhead,
    );
  }

  #saveSoon(): void {
    if (this.#saving !== undefined || this.#settled() <= this.#saved) return;
    const save = () =>
      this.save().catch((error: unknown) => this.#logger.warn({ err: error }, 'a cursor was not saved'));
    this.#saving = setTimeout(() => void save(), saveEveryMs).unref();
  }
}
