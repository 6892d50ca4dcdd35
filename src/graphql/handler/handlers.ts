// The types Handler and Execution, the list of handlers, and the mutation that enables and disables them.
import type { Execution as ExecutionRecord } from '../../domain/handlers/handler.ts';
import { builder } from '../builder.ts';
import { Event, EventError } from '../event/event.ts';
import { Backlog } from '../job/consumers.ts';
import { afresh, SendEventPayload } from '../event/event-mutations.ts';

const Handler = builder.prismaObject('Handler', {
  findUnique: null,
  description:
    'A function that runs for events, defined in code or as an event element of the app folder. Each run is an event, too, with the handler’s full name as topic.',
  fields: (t) => ({
    fullName: t.exposeString('fullName'),
    title: t.exposeString('title', { nullable: true, description: 'A title for people.' }),
    eventType: t.string({
      description: 'The type of events it handles; "" if the handler is broken.',
      resolve: (handler) => (handler.works ? handler.eventType : ''),
    }),
    source: t.string({
      description: 'The topic (JitAI: the sender) of the events it handles; "" if the handler is broken.',
      resolve: (handler) => (handler.works ? handler.source : ''),
    }),
    where: t.string({
      nullable: true,
      description: 'A CEL expression that events must match; null for all events.',
      resolve: (handler) => (handler.works ? handler.where : null),
    }),
    async: t.boolean({
      description: 'True: it runs in the background. False: sendEvent waits for it.',
      resolve: (handler) => handler.works && handler.async,
    }),
    enabled: t.boolean({
      description: 'Whether it is enabled. Events sent while it is disabled are not handled later.',
      resolve: (handler) => handler.works && handler.enabled,
    }),
    lastRunAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its latest run was created; null if there is none.',
      resolve: ({ fullName }, _args, { loaders }) => loaders.lastRun(fullName),
    }),
    problem: t.string({
      nullable: true,
      description: 'Why the handler is broken, with the file and field; null if it works.',
      resolve: (handler) => (handler.works ? null : handler.problem),
    }),
  }),
});

builder.prismaObjectFields(Handler, (t) => ({
  filterErrors: t.int({
    description:
      'The number of events on which `where` or isValid failed since this gateway started. It did not run for them.',
    resolve: (handler) => (handler.works ? handler.filterErrors : 0),
  }),
  lastFilterError: t.string({
    nullable: true,
    description: 'The latest of these errors.',
    resolve: (handler) => (handler.works ? handler.lastFilterError : null),
  }),
}));

builder.prismaObjectFields(Handler, (t) => ({
  backlog: t.field({
    type: Backlog,
    description:
      'Its runs in the background: `waiting` are those that no gateway has begun. A synchronous run is not part of it.',
    resolve: ({ fullName }, _args, { loaders }) => loaders.handlerBacklog(fullName),
  }),
}));

const Execution = builder.objectRef<ExecutionRecord>('Execution').implement({
  description: 'A run of a handler for a sent event.',
  fields: (t) => ({
    handler: t.exposeString('handler', { description: 'The handler’s full name.' }),
    event: t.expose('event', {
      type: Event,
      description:
        'The run as an event. Its `logStatus` is SUCCESS or FAIL for a synchronous handler, initially WAITING for an asynchronous one.',
    }),
    result: t.expose('result', {
      type: 'JSON',
      nullable: true,
      description: 'The return value; null if the run is not over or returned nothing.',
    }),
    error: t.expose('error', {
      type: EventError,
      nullable: true,
      description: 'Why the run failed; null if it did not.',
    }),
  }),
});

builder.objectFields(SendEventPayload, (t) => ({
  matched: t.int({
    description:
      'The number of handlers and durable subscriptions that match the event. Expensive: checks all subscriptions.',
    resolve: async ({ event, executions }, _args, { operations }) =>
      executions.length + (await operations.countSubscribers(event.id)),
  }),
  executions: t.field({
    type: [Execution],
    description:
      'The runs of matching handlers: synchronous ones in order and completed, asynchronous ones waiting. For a duplicate: the runs of the existing event.',
    resolve: ({ executions }) => executions,
  }),
}));

builder.queryField('handlers', (t) =>
  t.field({
    type: [Handler],
    description: 'The handlers of this gateway, by full name, including broken elements of its app folder.',
    resolve: (_root, _args, { operations }) => operations.handlers(),
  }),
);

builder.mutationField('setHandlerEnabled', (t) =>
  t.field({
    type: Handler,
    description:
      'Enables or disables a handler at all gateways, persistently. Waiting runs stay; events sent while it is disabled are not handled later. Unknown or broken: NOT_FOUND.',
    args: {
      fullName: t.arg.string({ required: true, description: 'The handler’s full name.' }),
      enabled: t.arg.boolean({ required: true, description: 'True to enable, false to disable.' }),
    },
    resolve: (_root, { fullName, enabled }, context) =>
      afresh(context, () => context.operations.setHandlerEnabled(fullName, enabled)),
  }),
);
