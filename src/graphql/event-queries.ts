// Queries for events: one by id or hash, and the list.

import type { GraphQLResolveInfo } from 'graphql';
import { once } from '../base/lifecycle.ts';
import type { PartialEvent } from '../domain/event.ts';
import { checkId } from '../domain/send.ts';
import type { EventOrder as Order } from '../operations/operations.ts';
import { builder } from './builder.ts';
import { EventConnection } from './connection.ts';
import type { GraphQLContext } from './context.ts';
import { Event } from './event.ts';
import { EventFilter, EventOrder, filterWith, whereText } from './event-filter.ts';
import { Node } from './node.ts';
import { selectedEventFields } from './selected-fields.ts';
import { refuseUnseenEnd } from './selects-cursor.ts';
import { nameLimit, pageArgument } from './wording.ts';

const newestFirst: Order = { by: 'CREATED', direction: 'DESC' };

builder.queryFields((t) => ({
  position: t.field({
    type: 'Position',
    description: 'Where the log ends now: an `after` for what comes from here on; "0" while it is empty.',
    resolve: (_root, _args, { operations }) => operations.position(),
  }),
  node: t.field({
    type: Node,
    nullable: true,
    description: 'Whatever has this id, or null.',
    args: {
      id: t.arg.id({ required: true, description: 'A UUID; other text is refused with BAD_USER_INPUT.' }),
    },
    resolve: async (_root, args, context, info) =>
      (await readEvent(args.id, context, info)) ??
      (await context.operations.subscription(args.id)) ??
      context.operations.trigger(checkId(args.id)),
  }),
  event: t.field({
    type: Event,
    nullable: true,
    description: 'The event with this id, or null.',
    args: {
      id: t.arg.id({ required: true, description: 'A UUID; other text is refused with BAD_USER_INPUT.' }),
    },
    resolve: (_root, args, context, info) => readEvent(args.id, context, info),
  }),
  eventByHash: t.field({
    type: Event,
    nullable: true,
    description: 'The event that was sent with this hash, or null.',
    args: { hash: t.arg.string({ required: true, description: `The hash. ${nameLimit}` }) },
    resolve: (_root, { hash }, { operations }, info) =>
      operations.eventByHash(hash, selectedEventFields(info)),
  }),
  events: t.field({
    type: EventConnection,
    description:
      'The events that a filter selects, page by page. Page forwards with `first` and `after`, backwards with `last` and `before`.',
    args: {
      filter: t.arg({ type: EventFilter, description: 'Which events; all unless given.' }),
      where: t.arg.string({ description: whereText }),
      first: t.arg.int({ description: pageArgument.first }),
      after: t.arg.string({ description: pageArgument.after }),
      last: t.arg.int({ description: pageArgument.last }),
      before: t.arg.string({ description: pageArgument.before }),
      orderBy: t.arg({
        type: EventOrder,
        description: 'Their order; newest first by creation unless given.',
      }),
    },
    resolve: async (_root, { filter: given, where, orderBy, ...page }, { operations, loaders }, info) => {
      const filter = filterWith(given, where);
      const fields = selectedEventFields(info);
      const listed = await loaders.budget.read(
        fields,
        () => operations.listEvents(filter, orderBy ?? newestFirst, page, fields),
        ({ rows }) => rows.map(({ row }) => row),
      );
      return {
        page: refuseUnseenEnd(listed, info),
        count: once(() => operations.countEvents(filter)),
      };
    },
  }),
}));

async function readEvent(
  id: string,
  { loaders }: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<PartialEvent | null> {
  return loaders.event(checkId(id), selectedEventFields(info));
}
