// Assignment of jobs to waiting calls.
import type { EnrollWaiter } from './waiting-enroll.ts';

/** Jobs that these calls still need, in total. */
export function total(waiters: readonly EnrollWaiter[]): number {
  return waiters.reduce((sum, { missing }) => sum + missing, 0);
}

/** Assigns items in order: each call gets as many as it still needs. */
export function deal<Item>(
  items: readonly Item[],
  waiters: readonly EnrollWaiter[],
): (readonly [EnrollWaiter, Item])[] {
  const hands = waiters.flatMap((waiter) => Array<EnrollWaiter>(waiter.missing).fill(waiter));
  return items.slice(0, hands.length).map((item, n) => [hands[n]!, item] as const);
}
