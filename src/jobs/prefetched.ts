// The port between a consumer's queue of calls and the items it assigns: sources, or events of a plain queue.
import type { Position } from '../domain/events/event.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import type { ReadAhead } from './read-ahead.ts';

/** Entries that a search begins with if it expects to find something. */
export const firstBatch = 100;
/** The most entries of one search whose payloads have to be tested in the database. */
export const costlyBatch = 200;

export interface Prefetched {
  /** The items that calls take. A taken item belongs to the call until it is given back. */
  readonly ahead: ReadAhead;
  /** Reads until `count` items are ahead, or there are no more; `wanted` is checked between statements. Not concurrently. */
  readAhead(count: number, wanted: () => boolean): Promise<void>;
  /** Those that are jobs now are `settled`; the others are assigned again. */
  giveBack(items: readonly Source[], settled: ReadonlySet<Source>): void;
  /** Continues at a position, if it has one: the stored one, or the one that the consumer was moved to. */
  begin(position: Position): void;
  /** Discards the items that were read ahead, because they are out of date. */
  forget(): void;
  /** Stores the position, if there is one. */
  save(): Promise<void>;
}
