// GraphQL subscriptions: the feed of changes, status changes and progress.
import type { EventChange as Change, EventProgress as Progress } from '../../live/watch.ts';
import { builder } from '../builder.ts';
import { ChangeKind, EventStatus } from '../enums.ts';
import { Event } from '../event/event.ts';
import { EventFilter, filterWith, whereArgument } from '../event/event-filter.ts';
import { eachItemAfresh } from './item-stream.ts';
import { listLimit, nameLimit, patternText } from '../wording.ts';

const EventChange = builder.objectRef<Change>('EventChange').implement({
  description: 'A change of an event.',
  fields: (t) => ({
    position: t.expose('position', {
      type: 'Position',
      nullable: true,
      description: 'The position of the change, for use as `after`; null for TRANSIENT.',
    }),
    kind: t.expose('kind', { type: ChangeKind, description: 'The kind of change.' }),
    status: t.expose('status', { type: EventStatus, description: 'The event’s status after this change.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When the change was made.' }),
    event: t.expose('event', {
      type: Event,
      description: 'The event as of delivery, which may include later changes.',
    }),
  }),
});

const EventProgress = builder.objectRef<Progress>('EventProgress').implement({
  description: 'The progress of work on an event. Broadcast only; never stored or replayed.',
  fields: (t) => ({
    eventId: t.exposeID('eventId', { description: 'The event’s id.' }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description: 'The event’s request id.',
    }),
    topic: t.exposeString('topic', { description: 'The event’s topic.' }),
    progress: t.exposeFloat('progress', { description: 'The progress, from 0 to 100.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'The description reported with the progress.',
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When the progress was reported.' }),
  }),
});

const after =
  'Start after this position: replays the stored changes, then continues live, without gaps or repeats. Beyond the end of the log: BAD_USER_INPUT.';

builder.subscriptionField('eventFeed', (t) =>
  t.field({
    type: EventChange,
    description: 'All changes of the selected events, in log order.',
    args: {
      filter: t.arg({ type: EventFilter, description: 'Which events to follow. Default: all.' }),
      where: t.arg.string({ description: whereArgument }),
      kinds: t.arg({
        type: [ChangeKind],
        description: 'Only changes of these kinds. Default: all; an empty list: none.',
      }),
      after: t.arg({ type: 'Position', description: `${after} Default: live changes only.` }),
    },
    subscribe: (_root, { filter, where, ...args }, { watch, loaders }) =>
      eachItemAfresh(watch.feed({ ...args, filter: filterWith(filter, where) }), loaders),
    resolve: (change) => change,
  }),
);

builder.subscriptionField('eventStatus', (t) =>
  t.field({
    type: EventChange,
    description:
      'The current status of the given events, then all of their changes. Give either `ids` or `requestId`; otherwise BAD_USER_INPUT. Unknown id: NOT_FOUND.',
    args: {
      ids: t.arg.idList({ description: `The ids of the events (UUIDs). ${listLimit}` }),
      requestId: t.arg.string({
        description: `All events of this request, future ones included. ${nameLimit}`,
      }),
      after: t.arg({ type: 'Position', description: `${after} Default: begin with the current statuses.` }),
    },
    subscribe: (_root, args, { watch, loaders }) => eachItemAfresh(watch.status(args), loaders),
    resolve: (change) => change,
  }),
);

builder.subscriptionField('eventProgress', (t) =>
  t.field({
    type: EventProgress,
    description:
      'Progress reported through `updateEvent`. All arguments given must match. Default: all events.',
    args: {
      ids: t.arg.idList({ description: `Only these events (UUIDs). ${listLimit}` }),
      requestId: t.arg.string({ description: `Only events of this request. ${nameLimit}` }),
      topics: t.arg.stringList({
        description: `Only events with these topics: ${patternText}. ${listLimit}`,
      }),
    },
    subscribe: (_root, args, { watch, loaders }) => eachItemAfresh(watch.progress(args), loaders),
    resolve: (progress) => progress,
  }),
);
