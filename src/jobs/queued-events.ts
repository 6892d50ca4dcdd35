// The events of a plain queue that come next, read ahead of the calls that claim them.
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { readLanes } from '../database/expensive-reads.ts';
import { costlyConditions } from '../domain/conditions/costly-filter.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import { findQueued, type QueuePlace } from '../store/jobs/find-queued.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import { filterItems } from './filter-sources.ts';
import type { Prefetched } from './prefetched.ts';

/** The fewest events that one statement examines, where their payloads are not tested. */
const firstBatch = 100;
/** The most events that one statement examines, where their payloads are tested. */
const costlyBatch = 200;
/** How long events that were read ahead are handed out, in milliseconds. */
const freshMs = 1_000;

/** There is no position: what waits is in an index, in the order in which it is handed out. */
export class QueuedEvents implements Prefetched {
  readonly #database: Database;
  readonly #definition: ConsumerDefinition;
  readonly #isCostly: boolean;
  #prefetched: Source[] = [];
  /** Being claimed at this moment. */
  readonly #taken = new Set<string>();
  #readAt = 0;

  constructor(database: Database, definition: ConsumerDefinition) {
    this.#database = database;
    this.#definition = definition;
    this.#isCostly = costlyConditions(definition.conditions).tests > 0;
  }

  /** Reads from the front again, since an event of a higher priority may have come. */
  async readAhead(count: number, wanted: () => boolean): Promise<void> {
    this.forget();
    this.#readAt = performance.now();
    const most = this.#isCostly ? costlyBatch : limits.enrollScanRows;
    let batch = Math.min(Math.max(firstBatch, 2 * count), most);
    for (let after: QueuePlace | null = null; this.#prefetched.length < count && wanted();) {
      const { events, next } = await this.#find(after, batch);
      const found = await filterItems(this.#database, this.#definition, events, ({ id }) => id);
      this.#prefetched.push(...found.filter(({ id }) => !this.#taken.has(id)));
      if (next === null) return;
      if (found.length === 0) batch = Math.min(4 * batch, most);
      after = next;
    }
  }

  next(count: number, anywhere: boolean): readonly Source[] {
    const spare = anywhere ? this.#prefetched.length - count : 0;
    return this.#take(spare > 0 ? Math.floor(Math.random() * (spare + 1)) : 0, count);
  }

  get ahead(): readonly Source[] {
    return this.#prefetched;
  }

  take(items: readonly Source[]): readonly Source[] {
    const taken = new Set(items);
    this.#prefetched = this.#prefetched.filter((item) => !taken.has(item));
    for (const item of items) this.#taken.add(item.id);
    return items;
  }

  nextPrefetched(count: number): readonly Source[] {
    const isFresh = performance.now() - this.#readAt <= freshMs;
    return isFresh && this.#prefetched.length >= count ? this.#take(0, count) : [];
  }

  /** Those that were not claimed are read again. */
  giveBack(events: readonly Source[]): void {
    for (const { id } of events) this.#taken.delete(id);
  }

  begin(): void {
    this.forget();
  }

  forget(): void {
    this.#prefetched = [];
  }

  save(): Promise<void> {
    return Promise.resolve();
  }

  #find(after: QueuePlace | null, batch: number) {
    const find = () => findQueued(this.#database, this.#definition, after, batch);
    return this.#isCostly ? readLanes(this.#database).run('jobs', find) : find();
  }

  #take(start: number, count: number): readonly Source[] {
    const events = this.#prefetched.splice(start, count);
    for (const { id } of events) this.#taken.add(id);
    return events;
  }
}
