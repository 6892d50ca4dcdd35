// Counts the durable subscriptions that match an event.
import { type Steps, fairSlices } from '../../base/fair-slices.ts';
import type { Database } from '../../database/database.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { celFields } from '../../domain/cel/filter-rows.ts';
import type { CelSubject } from '../../domain/cel/subject.ts';
import { type DurableSubscription, definitionOf } from '../../domain/subscriptions/subscription.ts';
import { readByIds } from '../../store/events/read-events.ts';
import { readSubscriptionsFor } from '../../store/subscriptions/subscriptions.ts';

/** Those that would yield it, were they asked from before it was sent; 0 where it is not stored. */
export async function countSubscribers(
  database: Database,
  eventId: string,
  rows: RowScope | null,
): Promise<number> {
  const fields = [...new Set([...celFields, 'topic', 'sender', 'project', 'requestId'] as const)];
  const [event] = await readByIds(database, [eventId], fields, rows);
  if (!event) return 0;
  const subject = event as typeof event & CelSubject;
  const { unfiltered, filtered } = await readSubscriptionsFor(database, subject);
  return unfiltered + (await fairSlices.run('subscriptions', countYielding(filtered, subject)));
}

function* countYielding(filtered: readonly DurableSubscription[], subject: CelSubject): Steps<number> {
  let count = 0;
  for (const subscription of filtered) {
    if (yields(subscription, subject)) count += 1;
    yield;
  }
  return count;
}

function yields(subscription: DurableSubscription, subject: CelSubject): boolean {
  try {
    const { filter } = definitionOf(subscription);
    return filter === null || filter.test(subject).matches;
  } catch {
    // Its filter is one that is refused by now: it yields nothing.
    return false;
  }
}
