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
import { documented } from './documented.ts';
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

/**
 * Resolves a field to its column, which is loaded if it was not read with the event. `addition` is what the API has to say
 * besides the model.
 */
export function column<F extends EventField>(field: F, addition?: string) {
  return {
    description: documented('Event', field, addition),
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
    ...column('position'),
  }),
  hash: t.string({
    nullable: true,
    ...column('hash', nameLimit),
  }),
  topic: t.string(column('topic')),
  eventType: t.string(column('eventType')),
  sender: t.string({
    nullable: true,
    ...column('sender'),
  }),
  senderType: t.string({
    nullable: true,
    ...column('senderType'),
  }),
  project: t.string({
    nullable: true,
    ...column('project'),
  }),
  user: t.string({
    nullable: true,
    ...column('user'),
  }),
}));

builder.prismaObjectFields(Event, (t) => ({
  requestId: t.string(column('requestId')),
  nodeId: t.string(column('nodeId')),
  status: t.field({ type: EventStatus, ...column('status') }),
  logStatus: t.field({
    type: LogStatus,
    description: 'The same in JitAI’s four words.',
    extensions: readsColumns('status'),
    resolve: async (event, _args, { loaders }) => logStatusOf(await loaders.field(event, 'status')),
  }),
  retries: t.int(column('retries')),
  description: t.string(column('description', descriptionLimit)),
}));

builder.prismaObjectFields(Event, (t) => ({
  summary: t.field({
    type: 'JSON',
    ...column('summary', jsonSize),
  }),
  payload: t.field({
    type: 'JSON',
    ...column('payload', `${jsonSize} Read only where it is asked for.`),
  }),
  result: t.field({
    type: 'JSON',
    nullable: true,
    ...column('result', jsonSize),
  }),
  error: t.field({
    type: EventError,
    nullable: true,
    ...column('error'),
  }),
}));

builder.prismaObjectFields(Event, (t) => ({
  createdAt: t.field({
    type: 'DateTime',
    ...column('createdAt'),
  }),
  sendAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: 'When it is to be sent, while it is held back.',
    resolve: ({ id }, _args, { loaders }) => loaders.sendTime(id),
  }),
  updatedAt: t.field({ type: 'DateTime', ...column('updatedAt') }),
  startedAt: t.field({
    type: 'DateTime',
    nullable: true,
    ...column('startedAt'),
  }),
  finishedAt: t.field({
    type: 'DateTime',
    nullable: true,
    ...column('finishedAt'),
  }),
}));
