// The relations of an event: parent, dependents, history and progress.
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import { builder } from '../builder.ts';
import { EventConnection } from '../connection.ts';
import type { GraphQLContext } from '../context.ts';
import { EventStatus } from '../enums.ts';
import { Event } from './event.ts';
import { readsColumns, selectedEventFields } from '../selection/selected-fields.ts';
import { refuseUnseenEnd } from '../selection/selects-cursor.ts';
import { pageArgument } from '../wording.ts';

const StatusChange = builder.prismaObject('LogEntry', {
  name: 'StatusChange',
  findUnique: null,
  description: 'A status change of an event.',
  fields: (t) => ({
    position: t.expose('position', { type: 'Position' }),
    from: t.expose('from', {
      type: EventStatus,
      nullable: true,
      description: 'The status before; null for the first status.',
    }),
    to: t.expose('to', { type: EventStatus, description: 'The status after.' }),
    at: t.expose('at', { type: 'DateTime' }),
    by: t.exposeString('by', {
      nullable: true,
    }),
    description: t.exposeString('description', {
      nullable: true,
    }),
    attempt: t.exposeInt('attempt', {
      nullable: true,
    }),
  }),
});

builder.prismaObjectFields(Event, (t) => ({
  dependsOn: t.field({
    type: Event,
    nullable: true,
    description: 'The parent: the event that caused this one. Null for a root.',
    extensions: readsColumns('dependsOnId'),
    resolve: (event, _args, context, info) => readParent(event, context, selectedEventFields(info)),
  }),
  dependents: t.field({
    type: EventConnection,
    description: 'The children: the events that this one caused, oldest first.',
    args: {
      first: t.arg.int({ description: pageArgument.firstOnly }),
      after: t.arg.string({ description: pageArgument.after }),
    },
    resolve: async ({ id }, args, { loaders }, info) => ({
      page: refuseUnseenEnd(await loaders.dependents(id, args, selectedEventFields(info)), info),
      count: () => loaders.countDependents(id),
    }),
  }),
  history: t.field({
    type: [StatusChange],
    description: 'All status changes, oldest first; empty for a transient event.',
    resolve: ({ id }, _args, { loaders }) => loaders.history(id),
  }),
  progress: t.float({
    nullable: true,
    description:
      'The latest progress that this gateway knows of, from 0 to 100. Kept in memory only; null if unknown.',
    resolve: ({ id }, _args, { operations }) => operations.progressOf(id),
  }),
}));

async function readParent(
  event: PartialEvent,
  { loaders }: GraphQLContext,
  fields: readonly EventField[],
): Promise<PartialEvent | null> {
  const id = await loaders.field(event, 'dependsOnId');
  return id === null ? null : loaders.event(id, fields);
}
