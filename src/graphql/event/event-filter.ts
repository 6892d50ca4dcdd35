// The inputs EventFilter and EventOrder, and the `where` argument.
import { limits } from '../../base/limits.ts';
import type { EventFilter as EventFilterInput } from '../../domain/conditions/event-filter.ts';
import { builder } from '../builder.ts';
import { Conditions } from './conditions.ts';
import { Direction, EventOrderBy, EventStatus } from '../enums.ts';
import { amount, nameLimit, patternText } from '../wording.ts';

export const EventFilter = builder.inputType('EventFilter', {
  description: `Selects events. All fields given must match; a list matches if one of its items does. Omitted or null: no restriction. An empty list matches nothing. At most ${amount(limits.batchItems)} items per list; otherwise LIMIT_EXCEEDED.`,
  fields: (t) => ({
    ids: t.idList({ description: 'Event ids (UUIDs).' }),
    topics: t.stringList({
      description: `Topics: ${patternText}. "order.*" matches "order.paid" and "order.line.added".`,
    }),
    projects: t.stringList({ description: `Projects. ${nameLimit}` }),
    users: t.stringList({ description: `Users. ${nameLimit}` }),
    senders: t.stringList({ description: `Senders. ${nameLimit}` }),
    statuses: t.field({
      type: [EventStatus],
      description: 'Statuses. In a feed: the status after the change.',
    }),
    requestIds: t.stringList({ description: `Request ids. ${nameLimit}` }),
    hasDependents: t.boolean({
      description:
        'True: only events with dependents. False: only events without. Not allowed in a feed (BAD_USER_INPUT).',
    }),
    createdAfter: t.field({ type: 'DateTime', description: 'Only events created after this time.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Only events created before this time.' }),
    text: t.string({
      description: `Search words. Each must occur in the topic, project, user, sender or description; case-insensitive. ${nameLimit}`,
    }),
    conditions: t.field({
      type: Conditions,
      description:
        'Conditions on any field and on values inside `summary` and `payload`. In a feed, `topic`, `project`, `user`, `sender`, `requestId` and `status` are as of the change and all other fields as of delivery; of a deleted event those are null or empty and the timestamps are the time of deletion.',
    }),
    exhausted: t.boolean({
      description:
        'True: only jobs that failed and have no retries left. False: all other events. Not allowed in a feed (BAD_USER_INPUT).',
    }),
    scheduled: t.boolean({
      description:
        'True: only scheduled events, whose `sendAt` is in the future. False: only sent events. Not allowed in a feed (BAD_USER_INPUT).',
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
      description: 'The timestamp to order by.',
    }),
    direction: t.field({
      type: Direction,
      required: true,
      defaultValue: 'DESC',
      description: 'The sort direction.',
    }),
  }),
});

/** Describes an argument `where`; `onFailure` says what happens to an event on which the expression fails. */
export function whereText(onFailure: string): string {
  return `A CEL expression over event_type, data (the payload), topic, project, user, sender, summary, status, request_id and created_at; see docs/guides/filters.md. Invalid: INVALID_FILTER with \`line\` and \`column\`. ${onFailure}`;
}

/** The argument `where` beside a `filter`. */
export const whereArgument = whereText(
  'Combined with `filter` by AND. An event on which the expression fails is not selected.',
);

/** Combines both arguments; null if neither is given. */
export function filterWith(
  filter: EventFilterInput | null | undefined,
  where: string | null | undefined,
): EventFilterInput | null {
  return filter == null && where == null ? null : { ...filter, where };
}
