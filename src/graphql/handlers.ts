// Handlers: which there are, switching them on and off, and what those of a send came to.
import type { Execution as ExecutionRecord } from '../domain/handler.ts';
import { builder } from './builder.ts';
import { Event, EventError } from './event.ts';
import { afresh, SendEventPayload } from './event-mutations.ts';

const Handler = builder.prismaObject('Handler', {
  findUnique: null,
  description:
    'A function that runs for events: given in code, or an event element of the app folder. Each of its runs is an event too, whose topic is its full name.',
  fields: (t) => ({
    fullName: t.exposeString('fullName'),
    title: t.exposeString('title', { nullable: true, description: 'For people.' }),
    eventType: t.string({
      description: 'The type of events that it is for; "" of one that is broken.',
      resolve: (handler) => (handler.works ? handler.eventType : ''),
    }),
    source: t.string({
      description: 'The topic (JitAI: the sender) of the events that it is for; "" of one that is broken.',
      resolve: (handler) => (handler.works ? handler.source : ''),
    }),
    where: t.string({
      nullable: true,
      description: 'In CEL: only events that it matches; null for all.',
      resolve: (handler) => (handler.works ? handler.where : null),
    }),
    async: t.boolean({
      description: 'Whether it runs in the background; otherwise its sender waits for it.',
      resolve: (handler) => handler.works && handler.async,
    }),
    enabled: t.boolean({
      description: 'Whether it runs. What is sent while it does not is not for it.',
      resolve: (handler) => handler.works && handler.enabled,
    }),
    lastRunAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its latest run was made; null where it has none.',
      resolve: ({ fullName }, _args, { loaders }) => loaders.lastRun(fullName),
    }),
    problem: t.string({
      nullable: true,
      description:
        'Why it does not run, with its file, the field and what would be right; null where it does.',
      resolve: (handler) => (handler.works ? null : handler.problem),
    }),
  }),
});

builder.prismaObjectFields(Handler, (t) => ({
  filterErrors: t.int({
    description:
      'Events on which its filter or its isValid failed since this gateway started; it did not run for them.',
    resolve: (handler) => (handler.works ? handler.filterErrors : 0),
  }),
  lastFilterError: t.string({
    nullable: true,
    description: 'What the last of these failures was.',
    resolve: (handler) => (handler.works ? handler.lastFilterError : null),
  }),
}));

const Execution = builder.objectRef<ExecutionRecord>('Execution').implement({
  description: 'A run of a handler for an event that was sent.',
  fields: (t) => ({
    handler: t.exposeString('handler', { description: 'Its full name.' }),
    event: t.expose('event', {
      type: Event,
      description: 'The run itself: SUCCESS or FAIL where it was synchronous, otherwise at first WAITING.',
    }),
    result: t.expose('result', {
      type: 'JSON',
      nullable: true,
      description: 'What it returned; null where it is not over, or returned nothing.',
    }),
    error: t.expose('error', {
      type: EventError,
      nullable: true,
      description: 'Why it failed; null where it did not.',
    }),
  }),
});

builder.objectFields(SendEventPayload, (t) => ({
  matched: t.int({
    description: 'How many handlers and durable subscriptions it is for. Costs a look at all subscriptions.',
    resolve: async ({ event, executions }, _args, { operations }) =>
      executions.length + (await operations.countConcerned(event.id)),
  }),
  executions: t.field({
    type: [Execution],
    description:
      'The runs of the handlers that it is for: synchronous ones in their order, and done; asynchronous ones waiting. Of a duplicate, those of the event that has the hash.',
    resolve: ({ executions }) => executions,
  }),
}));

builder.queryField('handlers', (t) =>
  t.field({
    type: [Handler],
    description:
      'The handlers of this gateway by full name, and the elements of its app folder that are broken.',
    resolve: (_root, _args, { operations }) => operations.handlers(),
  }),
);

builder.mutationField('setHandlerEnabled', (t) =>
  t.field({
    type: Handler,
    description:
      'Switches a handler on or off, at every gateway, and also after restarts. Runs that wait stay; what is sent while it is off is not for it. NOT_FOUND if there is none that works.',
    args: {
      fullName: t.arg.string({ required: true, description: 'Of the handler.' }),
      enabled: t.arg.boolean({ required: true, description: 'Whether it is to run.' }),
    },
    resolve: (_root, { fullName, enabled }, context) =>
      afresh(context, context.operations.setHandlerEnabled(fullName, enabled)),
  }),
);
