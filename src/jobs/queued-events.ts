// The events of a plain queue that come next, read ahead of the calls that claim them.
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { readLanes } from '../database/expensive-reads.ts';
import { costlyConditions } from '../domain/conditions/costly-filter.ts';
import type { Position } from '../domain/events/event.ts';
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import { findQueued, type QueuedEvent, type QueuePlace } from '../store/jobs/find-queued.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import { filterItems, hasTests } from './filter-sources.ts';
import { costlyBatch, firstBatch, type Prefetched } from './prefetched.ts';
import { ReadAhead } from './read-ahead.ts';

/** There is no position: waiting events are in an index, in the order in which they are assigned. */
export class QueuedEvents implements Prefetched {
  readonly ahead = new ReadAhead();
  readonly #database: Database;
  readonly #definition: ConsumerDefinition;
  readonly #isCostly: boolean;
  /** Events that did not pass the tests, with their versions: they are not tested again until they change. */
  readonly #rejected = new Map<string, Position>();

  constructor(database: Database, definition: ConsumerDefinition) {
    this.#database = database;
    this.#definition = definition;
    this.#isCostly = costlyConditions(definition.conditions).tests > 0;
  }

  /** Reads from the front again, since an event of a higher priority may have come. */
  async readAhead(count: number, wanted: () => boolean): Promise<void> {
    this.forget();
    const most = this.#isCostly ? costlyBatch : limits.enrollScanRows;
    let batch = Math.min(Math.max(firstBatch, 2 * count), most);
    for (let after: QueuePlace | null = null; this.ahead.items.length < count && wanted();) {
      const { events, next } = await this.#find(after, batch);
      const found = await this.#test(events);
      this.ahead.add(found);
      if (next === null) return;
      if (found.length === 0) batch = Math.min(4 * batch, most);
      after = next;
    }
  }

  /** Those that were not claimed are read again. */
  giveBack(events: readonly Source[]): void {
    for (const event of events) this.ahead.taken.delete(event);
  }

  begin(): void {
    this.forget();
  }

  forget(): void {
    this.ahead.clear();
  }

  save(): Promise<void> {
    return Promise.resolve();
  }

  #find(after: QueuePlace | null, batch: number) {
    const find = () => findQueued(this.#database, this.#definition, after, batch);
    return this.#isCostly ? readLanes(this.#database).run('jobs', find) : find();
  }

  async #test(events: readonly QueuedEvent[]): Promise<readonly QueuedEvent[]> {
    if (!hasTests(this.#definition)) return events;
    const untested = events.filter(({ id, version }) => this.#rejected.get(id) !== version);
    const kept = new Set(await filterItems(this.#database, this.#definition, untested, ({ id }) => id));
    if (this.#rejected.size > limits.queueRejections) this.#rejected.clear();
    for (const event of untested) if (!kept.has(event)) this.#rejected.set(event.id, event.version);
    return untested.filter((event) => kept.has(event));
  }
}
