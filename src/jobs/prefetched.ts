// The port between a consumer's queue of calls and what it hands out: sources, or events of a plain queue.
import type { Position } from '../domain/events/event.ts';
import type { Source } from '../store/jobs/find-sources.ts';

/** What comes next for a consumer, read ahead of the calls: sources, or events of a plain queue. */
export interface Prefetched {
  /** Reads until `count` items are ahead, or there are no more; `wanted` is asked between statements. Once at a time. */
  readAhead(count: number, wanted: () => boolean): Promise<void>;
  /**
   * Up to `count` items, which belong to the caller until it gives them back. `anywhere` takes them from further on,
   * since other gateways claim the first ones at this moment.
   */
  next(count: number, anywhere: boolean): readonly Source[];
  /** What was read ahead, in order. */
  readonly ahead: readonly Source[];
  /** Takes these of what was read ahead. */
  take(items: readonly Source[]): readonly Source[];
  /** `count` items, if so many were read ahead shortly before; otherwise none. */
  nextPrefetched(count: number): readonly Source[];
  /** Those that are jobs now are `settled`; the others are handed out again. */
  giveBack(items: readonly Source[], settled: ReadonlySet<Source>): void;
  /** Continues at a position, if it has one: the stored one, or the one that the consumer was moved to. */
  begin(position: Position): void;
  /** What was read ahead is out of date. */
  forget(): void;
  /** Stores the position, if there is one. */
  save(): Promise<void>;
}
