// Mutations that send, update and delete events, singly or in batches.
import type {
  BatchOutcome,
  ItemError as ItemErrorRecord,
  SendBatchOutcome,
  SendOutcome,
} from '../../operations/operations.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { Event } from './event.ts';
import { SendEventInput, UpdateEventInput } from './event-inputs.ts';
import { listLimit } from '../wording.ts';

export const SendEventPayload = builder.objectRef<SendOutcome>('SendEventPayload').implement({
  description: 'The result of sendEvent.',
  fields: (t) => ({
    event: t.expose('event', {
      type: Event,
      description: 'The sent event, or the existing one with the same `hash`.',
    }),
    duplicate: t.exposeBoolean('duplicate', {
      description: 'Whether an event with this `hash` existed; `event` is then the existing one.',
    }),
  }),
});

const ItemError = builder.objectRef<ItemErrorRecord>('ItemError').implement({
  description: 'Why one item of a batch failed. Other items are not affected.',
  fields: (t) => ({
    index: t.exposeInt('index', { description: 'The index of the item in the input, from 0.' }),
    code: t.exposeString('code', { description: 'The error code, as in `extensions.code` of an error.' }),
    message: t.exposeString('message', { description: 'The error message.' }),
    extensions: t.expose('details', {
      type: 'JSON',
      description: 'Further error details, as in `extensions` of an error, such as `eventId`. {} if none.',
    }),
  }),
});

const SendEventsPayload = batchPayload<SendBatchOutcome>(
  'SendEventsPayload',
  'The result of sendEvents.',
  'The sent events',
);
const UpdateEventsPayload = batchPayload<BatchOutcome>(
  'UpdateEventsPayload',
  'The result of updateEvents.',
  'The updated events',
);

builder.objectField(SendEventsPayload, 'duplicates', (t) =>
  t.exposeIntList('duplicates', {
    description: 'The indexes of items whose `hash` existed, from 0; their events are the existing ones.',
  }),
);

function batchPayload<Outcome extends BatchOutcome>(name: string, description: string, events: string) {
  return builder.objectRef<Outcome>(name).implement({
    description,
    fields: (t) => ({
      events: t.field({
        type: [Event],
        nullable: { list: false, items: true },
        description: `${events} in input order; null for items that failed.`,
        resolve: (outcome) => outcome.events,
      }),
      errors: t.field({
        type: [ItemError],
        resolve: (outcome) => outcome.errors,
        description: 'One error per failed item, in input order.',
      }),
    }),
  });
}

builder.mutationFields((t) => ({
  sendEvent: t.field({
    type: SendEventPayload,
    description: 'Sends an event. With a `hash`, the call can be retried safely.',
    args: { input: t.arg({ type: SendEventInput, required: true, description: 'The event to send.' }) },
    resolve: (_root, { input }, context) =>
      afresh(context, () => context.operations.sendEvent(context.caller, input)),
  }),
  sendEvents: t.field({
    type: SendEventsPayload,
    description:
      'Sends a batch of events. Each item succeeds or fails on its own; failures are listed in `errors`.',
    args: {
      input: t.arg({
        type: [SendEventInput],
        required: true,
        description: `The events to send, in order. ${listLimit}`,
      }),
    },
    resolve: (_root, { input }, context) =>
      afresh(context, () => context.operations.sendEvents(context.caller, input)),
  }),
}));

builder.mutationFields((t) => ({
  updateEvent: t.field({
    type: Event,
    description:
      'Updates an event and returns it. An update with only `progress` is broadcast and not stored.',
    args: { input: t.arg({ type: UpdateEventInput, required: true, description: 'The update.' }) },
    resolve: (_root, { input }, context) =>
      afresh(context, () => context.operations.updateEvent(context.caller, input)),
  }),
  updateEvents: t.field({
    type: UpdateEventsPayload,
    description:
      'Updates a batch of events. Each item succeeds or fails on its own; failures are listed in `errors`.',
    args: {
      input: t.arg({
        type: [UpdateEventInput],
        required: true,
        description: `The updates, in order. ${listLimit}`,
      }),
    },
    resolve: (_root, { input }, context) =>
      afresh(context, () => context.operations.updateEvents(context.caller, input)),
  }),
  deleteEvent: t.id({
    description:
      'Deletes an event and returns its id. The log records a DELETED change. Unknown id: NOT_FOUND. The event has dependents: HAS_DEPENDENTS.',
    args: { id: t.arg.id({ required: true, description: 'The event’s id (a UUID).' }) },
    resolve: (_root, { id }, context) =>
      afresh(context, () => context.operations.deleteEvent(context.caller, id)),
  }),
}));

/** Clears the loaders after a write, so that its result does not show data read by an earlier field. */
export async function afresh<T>({ loaders }: GraphQLContext, write: () => Promise<T>): Promise<T> {
  loaders.budget.begin();
  try {
    return await write();
  } finally {
    loaders.reset();
  }
}
