// Queries for events: by id, by hash, and as a list.
import type { GraphQLResolveInfo } from 'graphql';
import { once } from '../../base/lifecycle.ts';
import { isJsonField, type PartialEvent } from '../../domain/events/event.ts';
import { hasScope, type Scope } from '../../domain/access/scopes.ts';
import { checkId } from '../../domain/events/send.ts';
import type { EventOrder as Order } from '../../operations/operations.ts';
import { builder } from '../builder.ts';
import { EventConnection } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { Event } from './event.ts';
import { EventFilter, EventOrder, filterWith, whereArgument } from './event-filter.ts';
import { Node } from '../node.ts';
import { selectedEventFields } from '../selection/selected-fields.ts';
import { canGoOn, refuseUnseenEnd } from '../selection/selects-cursor.ts';
import { nameLimit, pageArgument } from '../wording.ts';

const newestFirst: Order = { by: 'CREATED', direction: 'DESC' };

builder.queryFields((t) => ({
  position: t.field({
    type: 'Position',
    description: 'The current end of the log, for use as `after`. "0" if the log is empty.',
    resolve: (_root, _args, { operations }) => operations.position(),
  }),
  node: t.field({
    type: Node,
    nullable: true,
    description: 'The object with this id, or null.',
    args: {
      id: t.arg.id({ required: true, description: 'The id, a UUID; otherwise BAD_USER_INPUT.' }),
    },
    resolve: async (_root, args, context, info) => readNode(checkId(args.id), context, info),
  }),
  event: t.field({
    type: Event,
    nullable: true,
    description: 'The event with this id, or null.',
    args: {
      id: t.arg.id({ required: true, description: 'The id, a UUID; otherwise BAD_USER_INPUT.' }),
    },
    resolve: (_root, args, context, info) => readEvent(args.id, context, info),
  }),
  eventByHash: t.field({
    type: Event,
    nullable: true,
    description: 'The event with this deduplication key, or null.',
    args: { hash: t.arg.string({ required: true, description: `The deduplication key. ${nameLimit}` }) },
    resolve: (_root, { hash }, { operations }, info) =>
      operations.eventByHash(hash, selectedEventFields(info)),
  }),
  events: t.field({
    type: EventConnection,
    description:
      'A list of events. Page forwards with `first` and `after`, backwards with `last` and `before`.',
    args: {
      filter: t.arg({ type: EventFilter, description: 'Which events to return. Default: all.' }),
      where: t.arg.string({ description: whereArgument }),
      first: t.arg.int({ description: pageArgument.first }),
      after: t.arg.string({ description: pageArgument.after }),
      last: t.arg.int({ description: pageArgument.last }),
      before: t.arg.string({ description: pageArgument.before }),
      orderBy: t.arg({
        type: EventOrder,
        description: 'The order. Default: newest first, by `createdAt`.',
      }),
    },
    resolve: async (
      _root,
      { filter: given, where, orderBy, ...page },
      { operations, loaders, caller },
      info,
    ) => {
      const filter = filterWith(given, where);
      const fields = selectedEventFields(info);
      const asked = fields.some(isJsonField) && !canGoOn(info) ? { ...page, isWhole: true } : page;
      const listed = await loaders.budget.read(
        fields,
        () => operations.listEvents(filter, orderBy ?? newestFirst, asked, fields, caller),
        ({ rows }) => rows.map(({ row }) => row),
      );
      return {
        page: refuseUnseenEnd(listed, info),
        count: once(() => operations.countEvents(filter, caller)),
      };
    },
  }),
}));

/** Of the kinds that the caller may read, which is one at least. */
async function readNode(id: string, context: GraphQLContext, info: GraphQLResolveInfo) {
  const { operations, caller } = context;
  const may = (scope: Scope) => hasScope(caller.scopes, scope);
  const isOther =
    may('subscriptions') || may('triggers') || may('consumers') || may('keys') || may('metrics:read');
  return (
    (may('events:read') || !isOther ? await readEvent(id, context, info) : null) ??
    (may('subscriptions') ? await operations.subscription(id) : null) ??
    (may('triggers') ? await operations.trigger(id) : null) ??
    (may('consumers') ? await operations.consumer(id) : null) ??
    (may('keys') ? await operations.key(caller, id) : null) ??
    (may('metrics:read') ? operations.retentionRule(id) : null)
  );
}

async function readEvent(
  id: string,
  { loaders }: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<PartialEvent | null> {
  return loaders.event(checkId(id), selectedEventFields(info));
}
