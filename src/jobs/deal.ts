// Who of those that wait gets what.
import type { EnrollWaiter } from './waiter.ts';

/** What they miss together. */
export function total(waiters: readonly EnrollWaiter[]): number {
  return waiters.reduce((sum, { missing }) => sum + missing, 0);
}

/** To each as many as it misses, in order. */
export function deal<Item>(
  items: readonly Item[],
  waiters: readonly EnrollWaiter[],
): (readonly [EnrollWaiter, Item])[] {
  const hands = waiters.flatMap((waiter) => Array<EnrollWaiter>(waiter.missing).fill(waiter));
  return items.slice(0, hands.length).map((item, n) => [hands[n]!, item] as const);
}
