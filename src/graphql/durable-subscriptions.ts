// Durable subscriptions: what waits in the database for a program that asks for its next event.
import { limits } from '../base/limits.ts';
import type { Page } from '../domain/page.ts';
import type { AckMode as Mode, DurableSubscription as Subscription } from '../domain/subscription.ts';
import type { NextEvent as NextEventRecord } from '../operations/subscriptions.ts';
import { builder } from './builder.ts';
import { documented } from './documented.ts';
import { PageInfo } from './connection.ts';
import { valuesOf } from './enums.ts';
import { Event } from './event.ts';
import { afresh } from './event-mutations.ts';
import { whereText } from './event-filter.ts';
import { eachItemAfresh } from './item-stream.ts';
import { Node } from './node.ts';
import { unshared } from './shared-operation.ts';
import { amount, nameLimit, pageArgument, patternText } from './wording.ts';

const AckMode = builder.enumType('AckMode', {
  description: 'When an event that nextEvent has answered is done with.',
  values: valuesOf<Mode>({
    AUTO: 'With the answer: it does not come again.',
    MANUAL: 'With acknowledge: otherwise it comes again after `visibilityMs`, before all that is newer.',
  }),
});

const visibility = `How long an event that was answered and is not acknowledged stays away before it comes again, in milliseconds: ${amount(limits.minVisibilityMs)} to ${amount(limits.maxVisibilityMs)}. Only with ack: MANUAL.`;

const SubscribeInput = builder.inputType('SubscribeInput', {
  description:
    'Which events a subscription is for, and from where on. Give a source, topics, or both: an event must fit all that is given. What does not fit is refused with BAD_USER_INPUT.',
  fields: (t) => ({
    source: t.string({
      description: `Only events of this sender: a trigger’s name, or a program’s. ${nameLimit}`,
    }),
    topics: t.stringList({
      description: `Only events of these topics: ${patternText}. At most ${amount(limits.subscriptionTopics)}; at least one, where it is given.`,
    }),
    where: t.string({
      description: `${whereText.replace('an event on which it fails is not selected', 'an event on which it fails does not come, and is counted in `filterErrors`')} Topic, project, user, sender, request_id and status are as the event had them when it was sent; the rest is as it stands when it is tested.`,
    }),
    after: t.field({
      type: 'Position',
      description:
        'Events that were sent after this position; "0" for all there are. One after the end of the log is refused with BAD_USER_INPUT, which names that end. From now on unless given: all that is sent after the answer comes.',
    }),
    ack: t.field({
      type: AckMode,
      defaultValue: 'AUTO',
      description: 'When an event is done with.',
    }),
    visibilityMs: t.int({ defaultValue: limits.defaultVisibilityMs, description: visibility }),
    name: t.string({ description: `For people; several may have the same. ${nameLimit}` }),
    expiresAfterDays: t.int({
      defaultValue: limits.defaultExpiresAfterDays,
      description: `The subscription goes when nobody has asked it for events for so many days: 1 to ${amount(limits.expiresAfterDays)}.`,
    }),
  }),
});

const DurableSubscription = builder.prismaObject('Subscription', {
  name: 'DurableSubscription',
  findUnique: null,
  description:
    'A filter, and a place in the log, kept in the database: it yields each event that fits once, in the order in which they were sent.',
  interfaces: [Node],
  fields: (t) => ({
    name: t.exposeString('name', { nullable: true }),
    source: t.exposeString('source', {
      nullable: true,
    }),
    topics: t.field({
      type: ['String'],
      nullable: true,
      description: documented('Subscription', 'topics'),
      resolve: ({ topics }) => topics,
    }),
    where: t.exposeString('where', { nullable: true }),
    ack: t.field({ type: AckMode, description: 'When an event is done with.', resolve: ({ ack }) => ack }),
    visibilityMs: t.exposeInt('visibilityMs', { description: visibility }),
    position: t.expose('position', {
      type: 'Position',
    }),
    lag: t.int({
      description: `How many events wait: those that come next, and those answered that are not acknowledged. Counting stops at ${amount(limits.countCeiling)}, and where too much would have to be read: there are at least so many.`,
      resolve: (subscription, _args, { loaders }) => loaders.lag(subscription),
    }),
  }),
});

builder.prismaObjectFields(DurableSubscription, (t) => ({
  filterErrors: t.exposeInt('filterErrors'),
  lastFilterError: t.exposeString('lastFilterError', {
    nullable: true,
  }),
  createdAt: t.expose('createdAt', { type: 'DateTime' }),
  expiresAfterDays: t.exposeInt('expiresAfterDays'),
  expiresAt: t.expose('expiresAt', {
    type: 'DateTime',
  }),
}));

const NextEvent = builder.objectRef<NextEventRecord>('NextEvent').implement({
  description: 'An event that a subscription yields.',
  fields: (t) => ({
    subscriptionId: t.exposeID('subscriptionId', {
      description: 'Which of the subscriptions asked it is for.',
    }),
    position: t.expose('position', {
      type: 'Position',
      description: 'The place in the log at which the event was sent: what acknowledge takes.',
    }),
    event: t.expose('event', { type: Event, description: 'The event as it stands now.' }),
  }),
});

const Edge = builder
  .objectRef<{ readonly cursor: string; readonly row: Subscription }>('DurableSubscriptionEdge')
  .implement({
    description: 'A subscription and its place in the list.',
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'Its place, for `after`. Opaque.' }),
      node: t.field({
        type: DurableSubscription,
        description: 'The subscription.',
        resolve: ({ row }) => row,
      }),
    }),
  });

const Connection = builder.objectRef<Page<Subscription>>('DurableSubscriptionConnection').implement({
  description: 'A page of a list of subscriptions.',
  fields: (t) => ({
    edges: t.field({
      type: [Edge],
      description: 'The subscriptions, each with its cursor.',
      resolve: ({ rows }) => rows,
    }),
    nodes: t.field({
      type: [DurableSubscription],
      description: 'The subscriptions without their cursors.',
      resolve: ({ rows }) => rows.map(({ row }) => row),
    }),
    pageInfo: t.field({ type: PageInfo, description: 'Where the page lies.', resolve: (page) => page }),
  }),
});

builder.queryField('subscriptions', (t) =>
  t.field({
    type: Connection,
    description: 'The durable subscriptions there are, oldest first.',
    args: {
      first: t.arg.int({ description: pageArgument.first.replace('`first` or `last` is given', 'given') }),
      after: t.arg.string({ description: pageArgument.after }),
    },
    resolve: (_root, args, { operations }) => operations.subscriptions(args),
  }),
);

const known = 'NO_SUCH_SUBSCRIPTION if it is unknown, was unsubscribed, or has expired.';

builder.mutationFields((t) => ({
  subscribe: t.field({
    type: DurableSubscription,
    description:
      'Makes a durable subscription: from its answer on no event is missed, whether the program runs or not.',
    args: { input: t.arg({ type: SubscribeInput, required: true, description: 'Which events it is for.' }) },
    resolve: (_root, { input }, context) =>
      afresh(context, context.operations.subscribe(context.caller, input)),
  }),
  nextEvent: t.field({
    type: NextEvent,
    nullable: true,
    description:
      'The oldest event that waits for any of the subscriptions; it is nobody else’s then. Null if none came in time. A connection that closes while the call waits takes none.',
    args: {
      subscriptionIds: t.arg.idList({
        required: true,
        description: `Which subscriptions, 1 to ${amount(limits.nextEventIds)}; more is refused with LIMIT_EXCEEDED. ${known}`,
      }),
      timeoutMs: t.arg.int({
        description: `How long to wait if there is none, in milliseconds: 0 only looks, up to ${amount(limits.timeoutMs)}; as long unless given. The call looks once before its time can end it, so that it never answers less than 0 would.`,
      }),
    },
    resolve: (_root, { subscriptionIds, timeoutMs }, context) =>
      afresh(context, context.operations.nextEvent(context.caller, subscriptionIds, timeoutMs ?? null)),
  }),
  acknowledge: t.field({
    type: DurableSubscription,
    description:
      'Says that an event of a subscription with ack: MANUAL is done with. Doing so again changes nothing.',
    args: {
      subscriptionId: t.arg.id({ required: true, description: `Which subscription. ${known}` }),
      position: t.arg({
        type: 'Position',
        required: true,
        description:
          'Of the event, as nextEvent answered it; BAD_USER_INPUT for one past all it has answered.',
      }),
    },
    resolve: (_root, { subscriptionId, position }, context) =>
      afresh(context, context.operations.acknowledge(subscriptionId, position)),
  }),
  unsubscribe: t.id({
    description: 'Ends a subscription and returns its id. Those who wait for its next event are told.',
    args: { id: t.arg.id({ required: true, description: `Which subscription. ${known}` }) },
    resolve: (_root, { id }, context) => afresh(context, context.operations.unsubscribe(id)),
  }),
}));

builder.subscriptionField('subscriptionEvents', (t) =>
  t.field({
    type: NextEvent,
    extensions: unshared,
    description:
      'What nextEvent would give, one event after another, oldest first over all the subscriptions, without an end. Each subscriber is a consumer of its own: an event goes to one of those who subscribe or call nextEvent. It is taken when the connection has room for it, so that one who reads slowly gets no SLOW_SUBSCRIBER and leaves the rest to others; with ack: AUTO it is done with then, with ack: MANUAL it comes again unless it is acknowledged.',
    args: {
      ids: t.arg.idList({
        required: true,
        description: `Which subscriptions, 1 to ${amount(limits.nextEventIds)}; more is refused with LIMIT_EXCEEDED. ${known} That ends it at any time, and so does OVERLOADED, where too many wait: see nextEvent.`,
      }),
    },
    subscribe: (_root, { ids }, { operations, loaders }) =>
      eachItemAfresh(operations.subscriptionEvents(ids), loaders),
    resolve: (next) => next,
  }),
);
