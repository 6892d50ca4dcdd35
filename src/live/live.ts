// The live state of this process: the hub of changes, the hub of progress, and the latest progress of each event.
import { LRUCache } from 'lru-cache';
import { limits } from '../base/limits.ts';
import type { EventRecord, Position } from '../domain/events/event.ts';
import type { LogRow } from '../store/events/read-log.ts';
import { changeOfEntry, changeOfTransient, type LiveChange } from './change.ts';
import { FilterBacklog } from './filter-backlog.ts';
import { Hub, type Watcher } from './hub.ts';
import type { EventProgress } from './watch.ts';

export class Live {
  readonly changes = new Hub<LiveChange>(({ filterable }) => filterable);
  readonly progress = new Hub<EventProgress>((item) => ({
    id: item.eventId,
    requestId: item.requestId ?? '',
    topic: item.topic,
    project: item.project ?? null,
  }));
  /** What the filters of feeds share. */
  readonly filters = new FilterBacklog();
  readonly #lastProgress = new LRUCache<string, EventProgress>({ max: limits.progressEntries });

  readonly #noted = new LRUCache<bigint, number>({ max: 10_000 });
  readonly #jsonWatchers = new Set<Watcher<LiveChange>>();

  /** Whether somebody watches who looks into summaries and payloads: rows that are published must have them then. */
  get isJsonWanted(): boolean {
    return this.#jsonWatchers.size > 0;
  }

  /** As `changes.watch`, for one who looks into summaries and payloads. */
  watchWithJson(watcher: Watcher<LiveChange>): () => void {
    this.#jsonWatchers.add(watcher);
    const end = this.changes.watch(watcher);
    return () => {
      this.#jsonWatchers.delete(watcher);
      end();
    };
  }

  publishRow({ entry, event }: LogRow): void {
    this.changes.publish(changeOfEntry(entry, event));
  }

  publishTransient(event: EventRecord): void {
    this.changes.publish(changeOfTransient(event));
  }

  publishProgress(item: EventProgress): void {
    this.#lastProgress.set(item.eventId, item);
    this.progress.publish(item);
  }

  /** This change was committed together with progress. */
  noteProgress(position: Position, progress: number): void {
    this.#noted.set(position, progress);
  }

  /** The progress that came with a change, where this gateway has written both. */
  progressAt(position: Position): number | null {
    return this.#noted.get(position) ?? null;
  }

  /** The last one broadcast, where this gateway has seen it. */
  lastProgress(eventId: string): EventProgress | null {
    return this.#lastProgress.get(eventId) ?? null;
  }
}
