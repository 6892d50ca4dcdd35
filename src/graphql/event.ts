// Event: its own fields, each of which names the column that it reads, and its error.
import type {
  EventError as EventErrorRecord,
  EventField,
  EventRecord,
  PartialEvent,
} from '../domain/event.ts';
import { logStatusOf } from '../domain/status.ts';
import { builder } from './builder.ts';
import type { GraphQLContext } from './context.ts';
import { EventStatus, LogStatus } from './enums.ts';
import { Node } from './node.ts';
import { readsColumns } from './selected-fields.ts';
import { descriptionLimit, jsonSize, nameLimit } from './wording.ts';

export const EventError = builder.objectRef<EventErrorRecord>('EventError').implement({
  description: 'Why an event failed, as whoever worked on it told.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What went wrong, for people.' }),
    code: t.exposeString('code', {
      nullable: true,
      description: 'What went wrong, for programs: a word of the worker’s choice.',
    }),
    stack: t.exposeString('stack', {
      nullable: true,
      description: 'Where it went wrong: a stack trace or the like.',
    }),
  }),
});

/** Resolves a field to its column, which is loaded if it was not read with the event. */
export function column<F extends EventField>(field: F) {
  return {
    extensions: readsColumns(field),
    resolve: (
      event: PartialEvent,
      _args: object,
      context: GraphQLContext,
    ): EventRecord[F] | Promise<EventRecord[F]> => context.loaders.field(event, field),
  };
}

/** Its relations to other events are added in event-relations.ts. */
export const Event = builder.prismaObject('Event', {
  findUnique: null,
  description:
    'A fact, or a unit of work, and a node in the chain of a request. Of a deleted event, which only a feed still shows, what the log keeps is told: id, topic, sender, project, user, request, node and status; its other fields are null, empty or their defaults, and its times are not its own.',
  interfaces: [Node],
});

builder.prismaObjectFields(Event, (t) => ({
  position: t.field({
    type: 'Position',
    nullable: true,
    description: 'The place in the log of its latest change; null for an event sent with `store: false`.',
    ...column('position'),
  }),
  hash: t.string({
    nullable: true,
    description: `The sender’s own key against duplicates: no two events have the same. ${nameLimit}`,
    ...column('hash'),
  }),
  topic: t.string({
    description: 'What it is about: names joined by dots, such as "order.paid".',
    ...column('topic'),
  }),
  eventType: t.string({
    description: 'The kind of handling it asks for; "events.NormalType" unless given.',
    ...column('eventType'),
  }),
  sender: t.string({
    nullable: true,
    description: 'The service or program that sent it.',
    ...column('sender'),
  }),
  senderType: t.string({
    nullable: true,
    description: 'The kind of sender, a word of the sender’s choice.',
    ...column('senderType'),
  }),
  project: t.string({
    nullable: true,
    description: 'The project that it belongs to, by name: events outlive projects.',
    ...column('project'),
  }),
  user: t.string({
    nullable: true,
    description: 'The person on whose behalf it was sent, by name: events outlive people’s accounts.',
    ...column('user'),
  }),
}));

builder.prismaObjectFields(Event, (t) => ({
  requestId: t.string({ description: 'The request whose chain it belongs to.', ...column('requestId') }),
  nodeId: t.string({
    description: 'Its name within its request, where no other event has it; its id unless given.',
    ...column('nodeId'),
  }),
  status: t.field({ type: EventStatus, description: 'Where it is in its life.', ...column('status') }),
  logStatus: t.field({
    type: LogStatus,
    description: 'The same in JitAI’s four words.',
    extensions: readsColumns('status'),
    resolve: async (event, _args, { loaders }) => logStatusOf(await loaders.field(event, 'status')),
  }),
  retries: t.int({ description: 'How many times it was tried again: 0 at first.', ...column('retries') }),
  description: t.string({
    description: `What is going on, for people; "" unless given. ${descriptionLimit}`,
    ...column('description'),
  }),
}));

builder.prismaObjectFields(Event, (t) => ({
  summary: t.field({
    type: 'JSON',
    description: `An object: the little that lists show. ${jsonSize}`,
    ...column('summary'),
  }),
  payload: t.field({
    type: 'JSON',
    description: `An object: all that those who work on it need. ${jsonSize} Read only where it is asked for.`,
    ...column('payload'),
  }),
  result: t.field({
    type: 'JSON',
    nullable: true,
    description: `What the work came to: any JSON value, null until one is set. ${jsonSize}`,
    ...column('result'),
  }),
  error: t.field({
    type: EventError,
    nullable: true,
    description: 'Why it failed, where that was told.',
    ...column('error'),
  }),
}));

builder.prismaObjectFields(Event, (t) => ({
  createdAt: t.field({
    type: 'DateTime',
    description: 'When it was taken; it was sent then, too, unless it was held back.',
    ...column('createdAt'),
  }),
  sendAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it is to be sent, while it is held back.',
    resolve: ({ id }, _args, { loaders }) => loaders.sendTime(id),
  }),
  updatedAt: t.field({ type: 'DateTime', description: 'When it last changed.', ...column('updatedAt') }),
  startedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it last became IN_PROGRESS; null if it never did.',
    ...column('startedAt'),
  }),
  finishedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it last became FINISHED, FAILED or ABORTED; null while it is none of these.',
    ...column('finishedAt'),
  }),
}));
