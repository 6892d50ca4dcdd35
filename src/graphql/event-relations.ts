// What hangs on an event: its parent, its children, its history and its progress.
import type { EventField, PartialEvent } from '../domain/event.ts';
import { builder } from './builder.ts';
import { EventConnection } from './connection.ts';
import type { GraphQLContext } from './context.ts';
import { EventStatus } from './enums.ts';
import { Event } from './event.ts';
import { readsColumns, selectedEventFields } from './selected-fields.ts';
import { refuseUnseenEnd } from './selects-cursor.ts';
import { pageArgument } from './wording.ts';

const StatusChange = builder.prismaObject('LogEntry', {
  name: 'StatusChange',
  findUnique: null,
  description: 'A status that an event has had.',
  fields: (t) => ({
    position: t.expose('position', { type: 'Position' }),
    from: t.expose('from', {
      type: EventStatus,
      nullable: true,
      description: 'The status before; null for the first one.',
    }),
    to: t.expose('to', { type: EventStatus, description: 'The status from then on.' }),
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
    description: 'The event that caused this one, its parent in the chain; null for a root.',
    extensions: readsColumns('dependsOnId'),
    resolve: (event, _args, context, info) => readParent(event, context, selectedEventFields(info)),
  }),
  dependents: t.field({
    type: EventConnection,
    description: 'The events that this one caused, oldest first.',
    args: {
      first: t.arg.int({ description: pageArgument.first.replace('`first` or `last` is given', 'given') }),
      after: t.arg.string({ description: pageArgument.after }),
    },
    resolve: async ({ id }, args, { loaders }, info) => ({
      page: refuseUnseenEnd(await loaders.dependents(id, args, selectedEventFields(info)), info),
      count: () => loaders.countDependents(id),
    }),
  }),
  history: t.field({
    type: [StatusChange],
    description: 'Every status that it has had, oldest first; empty for an event sent with `store: false`.',
    resolve: ({ id }, _args, { loaders }) => loaders.history(id),
  }),
  progress: t.float({
    nullable: true,
    description:
      'How far the work has come, from 0 to 100: the last value broadcast, where this gateway has seen it and still remembers; it is in no database.',
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
