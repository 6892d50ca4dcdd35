// Durable subscriptions: consumers whose position is stored in the database.
import { limits } from '../../base/limits.ts';
import type { AckMode as Mode } from '../../domain/subscriptions/subscription.ts';
import type { NextEvent as NextEventRecord } from '../../operations/subscriptions.ts';
import { builder } from '../builder.ts';
import { documented } from '../documented.ts';
import { connectionOf } from '../connection.ts';
import { valuesOf } from '../enums.ts';
import { Event } from '../event/event.ts';
import { afresh } from '../event/event-mutations.ts';
import { whereText } from '../event/event-filter.ts';
import { eachItemAfresh } from '../live/item-stream.ts';
import { Node } from '../node.ts';
import { unshared } from '../live/shared-operation.ts';
import { checkRoomForEvent } from '../selection/selected-json.ts';
import { amount, nameLimit, pageArgument, patternText } from '../wording.ts';

const AckMode = builder.enumType('AckMode', {
  description: 'When a delivered event counts as processed.',
  values: valuesOf<Mode>({
    AUTO: 'On delivery (at most once).',
    MANUAL:
      'When `acknowledge` is called (at least once). Otherwise the event is delivered again after `visibilityMs`, before newer ones.',
  }),
});

const visibility = `The visibility timeout: how long a delivered, unacknowledged event stays hidden before it is delivered again. In milliseconds, ${amount(limits.minVisibilityMs)} to ${amount(limits.maxVisibilityMs)}. Only with \`ack: MANUAL\`.`;

const SubscribeInput = builder.inputType('SubscribeInput', {
  description:
    'A durable subscription to create. `source` or `topics` is required; an event must match all that is given. Invalid values: BAD_USER_INPUT.',
  fields: (t) => ({
    source: t.string({
      description: `Only events with this \`sender\`, such as the name of a trigger. ${nameLimit}`,
    }),
    topics: t.stringList({
      description: `Only events with these topics, 1 to ${amount(limits.subscriptionTopics)}: ${patternText}.`,
    }),
    where: t.string({
      description: whereText(
        'An event on which the expression fails is skipped and counted in `filterErrors`. topic, project, user, sender, request_id and status are as of sending, all else as of delivery.',
      ),
    }),
    after: t.field({
      type: 'Position',
      description:
        'Start after this position; "0" is the beginning of the log. Default: only events sent from now on. Beyond the end of the log: BAD_USER_INPUT.',
    }),
    ack: t.field({
      type: AckMode,
      defaultValue: 'AUTO',
      description: 'When a delivered event counts as processed.',
    }),
    visibilityMs: t.int({ defaultValue: limits.defaultVisibilityMs, description: visibility }),
    name: t.string({ description: `A name for people; it need not be unique. ${nameLimit}` }),
    expiresAfterDays: t.int({
      defaultValue: limits.defaultExpiresAfterDays,
      description: `Days without use after which the subscription expires, 1 to ${amount(limits.expiresAfterDays)}.`,
    }),
  }),
});

const DurableSubscription = builder.prismaObject('Subscription', {
  name: 'DurableSubscription',
  findUnique: null,
  description:
    'A stored filter with a position in the log. It delivers every matching event, in the order in which they were sent.',
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
    ack: t.field({
      type: AckMode,
      description: 'When a delivered event counts as processed.',
      resolve: ({ ack }) => ack,
    }),
    visibilityMs: t.exposeInt('visibilityMs', { description: visibility }),
    position: t.expose('position', {
      type: 'Position',
    }),
    lag: t.int({
      description: `The number of pending events: not delivered, or not acknowledged. Counting stops at ${amount(limits.countCap)} or at the scan limit, so it is a lower bound.`,
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
  description: 'An event delivered by a durable subscription.',
  fields: (t) => ({
    subscriptionId: t.exposeID('subscriptionId', {
      description: 'The subscription that delivers the event.',
    }),
    position: t.expose('position', {
      type: 'Position',
      description: 'The position at which the event was sent; pass it to acknowledge.',
    }),
    event: t.expose('event', { type: Event, description: 'The event as of delivery.' }),
  }),
});

const DurableSubscriptionConnection = connectionOf(DurableSubscription, 'subscription', 'subscriptions');

builder.queryField('subscriptions', (t) =>
  t.field({
    type: DurableSubscriptionConnection,
    description: 'All durable subscriptions, oldest first.',
    args: {
      first: t.arg.int({ description: pageArgument.firstOnly }),
      after: t.arg.string({ description: pageArgument.after }),
    },
    resolve: (_root, args, { operations }) => operations.subscriptions(args),
  }),
);

const known = 'Unknown, deleted or expired: NO_SUCH_SUBSCRIPTION.';

builder.mutationFields((t) => ({
  subscribe: t.field({
    type: DurableSubscription,
    description:
      'Creates a durable subscription. From then on no matching event is missed, even while the client is offline.',
    args: {
      input: t.arg({ type: SubscribeInput, required: true, description: 'The subscription to create.' }),
    },
    resolve: (_root, { input }, context) =>
      afresh(context, () => context.operations.subscribe(context.caller, input)),
  }),
  nextEvent: t.field({
    type: NextEvent,
    nullable: true,
    description:
      'Delivers the oldest pending event of the given subscriptions, to this caller only. Null if none arrives within `timeoutMs`. A call whose client disconnects while waiting takes no event.',
    args: {
      subscriptionIds: t.arg.idList({
        required: true,
        description: `The subscriptions, 1 to ${amount(limits.nextEventIds)}; otherwise LIMIT_EXCEEDED. ${known}`,
      }),
      timeoutMs: t.arg.int({
        description: `How long to wait for an event, in milliseconds, 0 to ${amount(limits.timeoutMs)}. Default: ${amount(limits.timeoutMs)}. 0: return at once. Events that are pending at the start are always delivered.`,
      }),
    },
    resolve: (_root, { subscriptionIds, timeoutMs }, context, info) => {
      checkRoomForEvent(info);
      return afresh(context, () =>
        context.operations.nextEvent(context.caller, subscriptionIds, timeoutMs ?? null),
      );
    },
  }),
  acknowledge: t.field({
    type: DurableSubscription,
    description: 'Acknowledges an event of a subscription with `ack: MANUAL`. Idempotent.',
    args: {
      subscriptionId: t.arg.id({ required: true, description: `The subscription. ${known}` }),
      position: t.arg({
        type: 'Position',
        required: true,
        description: 'The `position` of the delivered event. Beyond all delivered events: BAD_USER_INPUT.',
      }),
    },
    resolve: (_root, { subscriptionId, position }, context) =>
      afresh(context, () => context.operations.acknowledge(subscriptionId, position)),
  }),
  moveSubscription: t.field({
    type: DurableSubscription,
    description:
      'Moves a subscription in the log, back or forward. Deliveries that were not acknowledged are dropped: what comes after the position is delivered.',
    args: {
      id: t.arg.id({ required: true, description: `The subscription. ${known}` }),
      after: t.arg({
        type: 'Position',
        required: true,
        description:
          'Continue after this position; "0" is the beginning of the log. Beyond its end: BAD_USER_INPUT.',
      }),
    },
    resolve: (_root, { id, after }, context) =>
      afresh(context, () => context.operations.moveSubscription(id, after)),
  }),
  unsubscribe: t.id({
    description: 'Deletes a subscription and returns its id. Waiting calls fail with NO_SUCH_SUBSCRIPTION.',
    args: { id: t.arg.id({ required: true, description: `The subscription. ${known}` }) },
    resolve: (_root, { id }, context) => afresh(context, () => context.operations.unsubscribe(id)),
  }),
}));

builder.subscriptionField('subscriptionEvents', (t) =>
  t.field({
    type: NextEvent,
    extensions: unshared,
    description:
      'Streams the events of durable subscriptions, oldest first: a push variant of nextEvent. Each event goes to only one of all streams and nextEvent callers. An event is taken only when the connection can accept it, so slow readers never get SLOW_SUBSCRIBER and leave the remaining events to others.',
    args: {
      ids: t.arg.idList({
        required: true,
        description: `The subscriptions, 1 to ${amount(limits.nextEventIds)}; otherwise LIMIT_EXCEEDED. ${known} The stream also ends with that code when one of them is deleted or expires, and with OVERLOADED when too many calls wait.`,
      }),
    },
    subscribe: (_root, { ids }, { operations, loaders }, info) => {
      checkRoomForEvent(info);
      return eachItemAfresh(operations.subscriptionEvents(ids), loaders);
    },
    resolve: (next) => next,
  }),
);
