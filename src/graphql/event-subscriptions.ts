// Subscriptions: the feed of changes, the statuses of some events, and progress.
import type { EventChange as Change, EventProgress as Progress } from '../live/watch.ts';
import { builder } from './builder.ts';
import { ChangeKind, EventStatus } from './enums.ts';
import { Event } from './event.ts';
import { EventFilter, filterWith, whereText } from './event-filter.ts';
import { eachItemAfresh } from './item-stream.ts';
import { listLimit, nameLimit, patternText } from './wording.ts';

const EventChange = builder.objectRef<Change>('EventChange').implement({
  description: 'One change of an event.',
  fields: (t) => ({
    position: t.expose('position', {
      type: 'Position',
      nullable: true,
      description: 'Its place in the log, from which `after` goes on; null for TRANSIENT.',
    }),
    kind: t.expose('kind', { type: ChangeKind, description: 'What happened.' }),
    status: t.expose('status', { type: EventStatus, description: 'The event’s status after this change.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it happened.' }),
    event: t.expose('event', {
      type: Event,
      description: 'The event as it stands at delivery: it may have changed further since this change.',
    }),
  }),
});

const EventProgress = builder.objectRef<Progress>('EventProgress').implement({
  description:
    'How far the work on an event has come. Broadcast as it is reported, never stored or replayed.',
  fields: (t) => ({
    eventId: t.exposeID('eventId', { description: 'The event.' }),
    requestId: t.exposeString('requestId', {
      nullable: true,
      description: 'The request that the event belongs to.',
    }),
    topic: t.exposeString('topic', { description: 'The event’s topic.' }),
    progress: t.exposeFloat('progress', { description: 'From 0 to 100.' }),
    description: t.exposeString('description', {
      nullable: true,
      description: 'What is going on, where that was told with the progress.',
    }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was reported.' }),
  }),
});

const after =
  'A position: what came later is replayed out of the database first, then what happens goes on live, without a gap or a repeat. One after the end of the log is refused with BAD_USER_INPUT, which names that end.';

builder.subscriptionField('eventFeed', (t) =>
  t.field({
    type: EventChange,
    description: 'Every change of the events that a filter selects, in the order of the log.',
    args: {
      filter: t.arg({ type: EventFilter, description: 'Which events; all unless given.' }),
      where: t.arg.string({ description: whereText }),
      kinds: t.arg({
        type: [ChangeKind],
        description: 'Only changes of these kinds; all unless given, none if empty.',
      }),
      after: t.arg({ type: 'Position', description: `${after} Unless given: from now on.` }),
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
      'The present status of some events at once, then each of their changes. Give `ids` or `requestId`, one of them, otherwise BAD_USER_INPUT; an unknown id is NOT_FOUND.',
    args: {
      ids: t.arg.idList({ description: `These events, by their UUIDs. ${listLimit}` }),
      requestId: t.arg.string({
        description: `The events of this request, those to come included. ${nameLimit}`,
      }),
      after: t.arg({ type: 'Position', description: `${after} Unless given: the present statuses first.` }),
    },
    subscribe: (_root, args, { watch, loaders }) => eachItemAfresh(watch.status(args), loaders),
    resolve: (change) => change,
  }),
);

builder.subscriptionField('eventProgress', (t) =>
  t.field({
    type: EventProgress,
    description:
      'Progress as it is reported through `updateEvent`. All conditions given must hold; without any, the progress of all events.',
    args: {
      ids: t.arg.idList({ description: `Of these events, by their UUIDs. ${listLimit}` }),
      requestId: t.arg.string({ description: `Of the events of this request. ${nameLimit}` }),
      topics: t.arg.stringList({
        description: `Of the events with these topics: ${patternText}. ${listLimit}`,
      }),
    },
    subscribe: (_root, args, { watch, loaders }) => eachItemAfresh(watch.progress(args), loaders),
    resolve: (progress) => progress,
  }),
);
