// EventFilter and EventOrder: which events of a list or a feed, and in which order.
import { limits } from '../base/limits.ts';
import type { EventFilter as EventFilterInput } from '../domain/event-filter.ts';
import { builder } from './builder.ts';
import { Conditions } from './conditions.ts';
import { Direction, EventOrderBy, EventStatus } from './enums.ts';
import { amount, nameLimit, patternText } from './wording.ts';

/** For `events` and `eventFeed`. */
export const EventFilter = builder.inputType('EventFilter', {
  description: `Selects events. All conditions given must hold; of the items of a list one is enough. A list that is left out or null does not filter, an empty one matches nothing. No list may have more than ${amount(limits.batchItems)} items, otherwise LIMIT_EXCEEDED.`,
  fields: (t) => ({
    ids: t.idList({ description: 'Their ids, UUIDs.' }),
    topics: t.stringList({
      description: `Their topics: ${patternText}. "order.*" matches "order.paid" and "order.line.added".`,
    }),
    projects: t.stringList({ description: `Their projects. ${nameLimit}` }),
    users: t.stringList({ description: `Their users. ${nameLimit}` }),
    senders: t.stringList({ description: `Their senders. ${nameLimit}` }),
    statuses: t.field({
      type: [EventStatus],
      description: 'Their statuses. In a feed: the status after the change.',
    }),
    requestIds: t.stringList({ description: `The requests that they belong to. ${nameLimit}` }),
    hasDependents: t.boolean({
      description:
        'True: only those that other events depend on. False: only those that none depends on. Refused with BAD_USER_INPUT in a feed.',
    }),
    createdAfter: t.field({ type: 'DateTime', description: 'Only those sent later than this moment.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Only those sent earlier than this moment.' }),
    text: t.string({
      description: `Words, each of which must occur in the topic, project, user, sender or description, in any case of letters. ${nameLimit}`,
    }),
    conditions: t.field({
      type: Conditions,
      description:
        'Conditions on any of their fields, and on what is in `summary` and `payload`. In a feed: `topic`, `project`, `user`, `sender`, `requestId` and `status` as they were after the change, all else as it is at delivery; of a deleted event all else is null or empty, and its times are that of the deletion.',
    }),
    exhausted: t.boolean({
      description:
        'True: only jobs that failed and have used up their retries. False: only events that are not such. Refused with BAD_USER_INPUT in a feed.',
    }),
    scheduled: t.boolean({
      description:
        'True: only events that are held back (`sendAt`). False: only those that were sent. Refused with BAD_USER_INPUT in a feed.',
    }),
  }),
});

export const EventOrder = builder.inputType('EventOrder', {
  description: 'The order of a list of events.',
  fields: (t) => ({
    by: t.field({
      type: EventOrderBy,
      required: true,
      defaultValue: 'CREATED',
      description: 'The time to order by.',
    }),
    direction: t.field({
      type: Direction,
      required: true,
      defaultValue: 'DESC',
      description: 'Which end comes first.',
    }),
  }),
});

/** What the argument `where` says of itself. */
export const whereText =
  'A filter in CEL, over event_type, data (the payload), topic, project, user, sender, summary, status, request_id and created_at. What `filter` says must hold as well. INVALID_FILTER, with `line` and `column`, if it is wrong; an event on which it fails is not selected.';

/** Both ways of filtering as one; null where there is neither. */
export function filterWith(
  filter: EventFilterInput | null | undefined,
  where: string | null | undefined,
): EventFilterInput | null {
  return filter == null && where == null ? null : { ...filter, where };
}
