// Assignment of jobs and sources to waiting calls, as far as their answers have room.
import type { Database } from '../database/database.ts';
import { readJsonBytes } from '../store/events/answer-bytes.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import type { ReadyJob } from '../store/jobs/reclaim-jobs.ts';
import type { WaitingEnroll } from './waiting-enroll.ts';

/** A call, what it is assigned, and the bytes of JSON that this adds to its answer. */
export type Assigned<Item> = readonly [call: WaitingEnroll, item: Item, bytes: number];

/** Jobs that these calls still need, in total. */
export function total(calls: readonly WaitingEnroll[]): number {
  return calls.reduce((sum, { missing }) => sum + missing, 0);
}

/** What of an item is answered. */
interface Measure<Item> {
  /** The ids of the events. */
  readonly eventsOf: (item: Item) => readonly string[];
  /** Their JSON in bytes; null if that has to be looked up. */
  readonly known: (item: Item) => number | null;
}

/** The job that a source will have is nearly empty. */
export const measureOfSource: Measure<Source> = {
  eventsOf: ({ id }) => [id],
  known: ({ jsonBytes }) => jsonBytes,
};

export const measureOfJob: Measure<ReadyJob> = {
  eventsOf: ({ eventId, sourceId }) => (sourceId === null ? [eventId] : [eventId, sourceId]),
  known: () => null,
};

/**
 * Assigns items in order: each call gets as many as it still needs and its answer has room for, and one at least. The
 * items after the last one assigned are left.
 */
export async function assign<Item>(
  database: Database,
  items: readonly Item[],
  calls: readonly WaitingEnroll[],
  measure: Measure<Item>,
): Promise<readonly Assigned<Item>[]> {
  const sizes = calls.some(isBounded) ? await sizesOf(database, items, measure) : null;
  const assigned: Assigned<Item>[] = [];
  for (const call of calls) {
    const { got, missing, request } = call;
    let bytes = got.reduce((sum, claim) => sum + claim.bytes, 0);
    for (let count = 0; count < missing && assigned.length < items.length; count += 1) {
      const item = items[assigned.length]!;
      const more = sizes?.get(item) ?? 0;
      if (bytes + more > request.room && got.length + count > 0) break;
      bytes += more;
      assigned.push([call, item, more]);
    }
  }
  return assigned;
}

function isBounded({ request }: WaitingEnroll): boolean {
  return request.count > 1 && request.room < Infinity;
}

/** Only those whose sizes are not known are looked up. */
async function sizesOf<Item>(
  database: Database,
  items: readonly Item[],
  { eventsOf, known }: Measure<Item>,
): Promise<ReadonlyMap<Item, number>> {
  const unknown = items.filter((item) => known(item) === null).flatMap(eventsOf);
  const measured = unknown.length === 0 ? null : await readJsonBytes(database, unknown);
  const lookUp = (item: Item) => eventsOf(item).reduce((sum, id) => sum + (measured?.get(id) ?? 0), 0);
  return new Map(items.map((item) => [item, known(item) ?? lookUp(item)]));
}
