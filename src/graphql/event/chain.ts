// The type EventChain and its query: all events of one request.
import { limits } from '../../base/limits.ts';
import type { Chain } from '../../operations/operations.ts';
import { builder } from '../builder.ts';
import { EventStatus } from '../enums.ts';
import { Event } from './event.ts';
import { selectedEventFields } from '../selection/selected-fields.ts';
import { amount, nameLimit } from '../wording.ts';

const StatusCount = builder.objectRef<Chain['countByStatus'][number]>('StatusCount').implement({
  description: 'The number of events of a chain with a status.',
  fields: (t) => ({
    status: t.expose('status', { type: EventStatus, description: 'The status.' }),
    count: t.exposeInt('count', { description: 'The number of events.' }),
  }),
});

const EventChain = builder.objectRef<Chain>('EventChain').implement({
  description: 'All events of one request, linked by `dependsOn`.',
  fields: (t) => ({
    requestId: t.exposeString('requestId', { description: 'The request id.' }),
    roots: t.expose('roots', {
      type: [Event],
      description: 'The events without a parent in the request.',
    }),
    events: t.expose('events', { type: [Event], description: 'All events, parents before children.' }),
    countByStatus: t.expose('countByStatus', {
      type: [StatusCount],
      description: 'The number of events by status; statuses without events are omitted.',
    }),
    failedLeaves: t.expose('failedLeaves', {
      type: [Event],
      description: 'Where the request failed: FAILED events with no FAILED event below them.',
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the first event was created.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last event finished; null while any event is unfinished.',
    }),
  }),
});

builder.queryField('eventChain', (t) =>
  t.field({
    type: EventChain,
    nullable: true,
    description: `All events of a request, and where it failed. Null if the request has no events. More than ${amount(limits.chainEvents)} events: LIMIT_EXCEEDED.`,
    args: { requestId: t.arg.string({ required: true, description: `The request id. ${nameLimit}` }) },
    resolve: (_root, { requestId }, { operations, loaders, caller }, info) => {
      const fields = selectedEventFields(info);
      return loaders.budget.read(
        fields,
        () => operations.eventChain(requestId, fields, caller),
        (chain) => chain?.events ?? [],
      );
    },
  }),
);
