// Mutations of events: send, update, delete, one or many.
import type {
  BatchOutcome,
  ItemError as ItemErrorRecord,
  SendBatchOutcome,
  SendOutcome,
} from '../operations/operations.ts';
import { builder } from './builder.ts';
import type { GraphQLContext } from './context.ts';
import { Event } from './event.ts';
import { SendEventInput, UpdateEventInput } from './event-inputs.ts';
import { listLimit } from './wording.ts';

export const SendEventPayload = builder.objectRef<SendOutcome>('SendEventPayload').implement({
  description: 'What became of a send.',
  fields: (t) => ({
    event: t.expose('event', { type: Event, description: 'The event sent, or the one that has its hash.' }),
    duplicate: t.exposeBoolean('duplicate', {
      description: 'Whether the hash was known: `event` is then the one that has it.',
    }),
  }),
});

const ItemError = builder.objectRef<ItemErrorRecord>('ItemError').implement({
  description: 'Why one item of a list failed; it did not keep the others from succeeding.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'The item’s place in the input, from 0.' }),
    code: t.exposeString('code', { description: 'One of the codes that errors carry in `extensions.code`.' }),
    message: t.exposeString('message', { description: 'What was wrong, and what would be right.' }),
    extensions: t.expose('details', {
      type: 'JSON',
      description:
        'What the error of a single mutation has in its `extensions` beside the code, such as the `eventId` that has a hash; {} where there is nothing.',
    }),
  }),
});

const SendEventsPayload = batchPayload<SendBatchOutcome>(
  'SendEventsPayload',
  'What became of a list of sends.',
  'The events sent',
);
const UpdateEventsPayload = batchPayload<BatchOutcome>(
  'UpdateEventsPayload',
  'What became of a list of changes.',
  'The events changed',
);

builder.objectField(SendEventsPayload, 'duplicates', (t) =>
  t.exposeIntList('duplicates', {
    description:
      'The places in the input, from 0, of those whose hash was known: their events are the ones that have it.',
  }),
);

function batchPayload<Outcome extends BatchOutcome>(name: string, description: string, events: string) {
  return builder.objectRef<Outcome>(name).implement({
    description,
    fields: (t) => ({
      events: t.field({
        type: [Event],
        nullable: { list: false, items: true },
        description: `${events}, in the order of the input, with null for each item that failed.`,
        resolve: (outcome) => outcome.events,
      }),
      errors: t.field({
        type: [ItemError],
        resolve: (outcome) => outcome.errors,
        description: 'One for each item that failed, in the order of the input.',
      }),
    }),
  });
}

builder.mutationFields((t) => ({
  sendEvent: t.field({
    type: SendEventPayload,
    description: 'Sends an event. With a `hash` it can be repeated safely.',
    args: { input: t.arg({ type: SendEventInput, required: true, description: 'The event.' }) },
    resolve: (_root, { input }, context) =>
      afresh(context, context.operations.sendEvent(context.caller, input)),
  }),
  sendEvents: t.field({
    type: SendEventsPayload,
    description: 'Sends many events, each on its own: a bad one fails itself and is listed in `errors`.',
    args: {
      input: t.arg({
        type: [SendEventInput],
        required: true,
        description: `The events, in the order in which they are to be written. ${listLimit}`,
      }),
    },
    resolve: (_root, { input }, context) =>
      afresh(context, context.operations.sendEvents(context.caller, input)),
  }),
}));

builder.mutationFields((t) => ({
  updateEvent: t.field({
    type: Event,
    description:
      'Changes an event, and returns it as it then stands. A change with nothing but `progress` is broadcast and writes nothing.',
    args: { input: t.arg({ type: UpdateEventInput, required: true, description: 'The change.' }) },
    resolve: (_root, { input }, context) =>
      afresh(context, context.operations.updateEvent(context.caller, input)),
  }),
  updateEvents: t.field({
    type: UpdateEventsPayload,
    description: 'Changes many events, each on its own: a bad change fails itself and is listed in `errors`.',
    args: {
      input: t.arg({
        type: [UpdateEventInput],
        required: true,
        description: `The changes, in the order in which they are to be made. ${listLimit}`,
      }),
    },
    resolve: (_root, { input }, context) =>
      afresh(context, context.operations.updateEvents(context.caller, input)),
  }),
  deleteEvent: t.id({
    description:
      'Deletes an event and returns its id. The log keeps a DELETED change. NOT_FOUND if there is none; HAS_DEPENDENTS if other events depend on it.',
    args: { id: t.arg.id({ required: true, description: 'Of the event to delete, a UUID.' }) },
    resolve: (_root, { id }, context) => afresh(context, context.operations.deleteEvent(context.caller, id)),
  }),
}));

/** Lets what a write returns be read anew, not as an earlier field of the same mutation saw it. */
export async function afresh<T>({ loaders }: GraphQLContext, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } finally {
    loaders.reset();
  }
}
