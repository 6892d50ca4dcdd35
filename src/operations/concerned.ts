// How many durable subscriptions an event is for.
import type { Database } from '../database/database.ts';
import { celFields } from '../domain/cel/sift.ts';
import type { CelSubject } from '../domain/cel/subject.ts';
import { questionOf } from '../domain/subscription.ts';
import { topicMatches } from '../domain/topic.ts';
import { readByIds } from '../store/read-events.ts';
import { readSubscriptionsFrom } from '../store/subscriptions.ts';

/** Those that would yield it, were they asked from before it was sent; 0 where it is not stored. */
export async function countConcerned(database: Database, eventId: string): Promise<number> {
  const [event] = await readByIds(
    database,
    [eventId],
    [...new Set([...celFields, 'topic', 'sender'] as const)],
  );
  if (!event) return 0;
  const subject = event as typeof event & CelSubject;
  const subscriptions = await readSubscriptionsFrom(database, subject.sender);
  return subscriptions.filter((subscription) => {
    try {
      const { topics, filter } = questionOf(subscription);
      if (topics !== null && !topics.some((pattern) => topicMatches(pattern, subject.topic))) return false;
      return filter === null || filter.test(subject).matches;
    } catch {
      // Its filter is one that is refused by now: it yields nothing.
      return false;
    }
  }).length;
}
