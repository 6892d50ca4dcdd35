// Assignment of jobs to waiting calls.
import type { WaitingEnroll } from './waiting-enroll.ts';

/** Jobs that these calls still need, in total. */
export function total(calls: readonly WaitingEnroll[]): number {
  return calls.reduce((sum, { missing }) => sum + missing, 0);
}

/** Assigns items in order: each call gets as many as it still needs. */
export function assign<Item>(
  items: readonly Item[],
  calls: readonly WaitingEnroll[],
): (readonly [WaitingEnroll, Item])[] {
  const deliveries = calls.flatMap((call) => Array<WaitingEnroll>(call.missing).fill(call));
  return items.slice(0, deliveries.length).map((item, n) => [deliveries[n]!, item] as const);
}
