// The types Event and EventError. Each field of Event declares the column that it reads.
import type {
  EventError as EventErrorRecord,
  EventField,
  EventRecord,
  PartialEvent,
} from '../../domain/events/event.ts';
import { logStatusOf } from '../../domain/events/status.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { documented } from '../documented.ts';
import { EventStatus, LogStatus } from '../enums.ts';
import { Node } from '../node.ts';
import { readsColumns } from '../selection/selected-fields.ts';
import { descriptionLimit, jsonSize, nameLimit } from '../wording.ts';

export const EventError = builder.objectRef<EventErrorRecord>('EventError').implement({
  description: 'Why an event failed, as reported by its worker or handler.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'The error message, for people.' }),
    code: t.exposeString('code', {
      nullable: true,
      description: 'The error code for programs, in the worker’s own terms.',
    }),
    stack: t.exposeString('stack', {
      nullable: true,
      description: 'The stack trace.',
    }),
  }),
});

/** A field that resolves to its column, loading it if needed. `addition` extends the description of the model. */
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

/** Relations to other events are added in event-relations.ts. */
export const Event = builder.prismaObject('Event', {
  findUnique: null,
  description:
    'A fact or a unit of work, and a node in the chain of its request. A deleted event appears only in feeds, with its id, topic, sender, project, user, request, node and status; its other fields are null, empty or defaults, and its timestamps are not the original ones.',
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
    description: 'The status in JitAI’s terms.',
    extensions: readsColumns('status'),
    resolve: async (event, _args, { loaders }) => logStatusOf(await loaders.field(event, 'status')),
  }),
  retries: t.int(column('retries')),
  priority: t.int(column('priority')),
  description: t.string(column('description', descriptionLimit)),
}));

builder.prismaObjectFields(Event, (t) => ({
  summary: t.field({
    type: 'JSON',
    ...column('summary', jsonSize),
  }),
  payload: t.field({
    type: 'JSON',
    ...column('payload', `${jsonSize} Read only if selected.`),
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
    description: 'When a scheduled event will be sent; null once it has been.',
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
