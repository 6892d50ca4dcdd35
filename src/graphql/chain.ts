// EventChain: what a request caused, as a whole.
import { limits } from '../base/limits.ts';
import type { Chain } from '../operations/operations.ts';
import { builder } from './builder.ts';
import { EventStatus } from './enums.ts';
import { Event } from './event.ts';
import { selectedEventFields } from './selected-fields.ts';
import { amount, nameLimit } from './wording.ts';

const StatusCount = builder.objectRef<Chain['countByStatus'][number]>('StatusCount').implement({
  description: 'How many events of a chain have a status.',
  fields: (t) => ({
    status: t.expose('status', { type: EventStatus, description: 'The status.' }),
    count: t.exposeInt('count', { description: 'How many have it.' }),
  }),
});

const EventChain = builder.objectRef<Chain>('EventChain').implement({
  description: 'All events of one request, linked by `dependsOn`.',
  fields: (t) => ({
    requestId: t.exposeString('requestId', { description: 'The request.' }),
    roots: t.expose('roots', {
      type: [Event],
      description: 'The events that no other event of the request caused.',
    }),
    events: t.expose('events', { type: [Event], description: 'Every event, parents before children.' }),
    countByStatus: t.expose('countByStatus', {
      type: [StatusCount],
      description: 'How many events have each status; a status that none has is left out.',
    }),
    failedLeaves: t.expose('failedLeaves', {
      type: [Event],
      description: 'Where it went wrong: the FAILED events with no failed event below them.',
    }),
    startedAt: t.expose('startedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the first event was sent.',
    }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the last event ended; null while any is unfinished.',
    }),
  }),
});

builder.queryField('eventChain', (t) =>
  t.field({
    type: EventChain,
    nullable: true,
    description: `What a request caused, why it stopped and where; null where the request has no events. A request with more than ${amount(limits.chainEvents)} events is refused with LIMIT_EXCEEDED.`,
    args: { requestId: t.arg.string({ required: true, description: `The request. ${nameLimit}` }) },
    resolve: (_root, { requestId }, { operations, loaders }, info) => {
      const fields = selectedEventFields(info);
      return loaders.budget.read(
        fields,
        () => operations.eventChain(requestId, fields),
        (chain) => chain?.events ?? [],
      );
    },
  }),
);
