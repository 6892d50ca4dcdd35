// JitAI's view: the log of one topic, page by page, and the events of one request.

import { once } from '../base/lifecycle.ts';
import { limits } from '../base/limits.ts';
import type { PartialEvent } from '../domain/event.ts';
import type { Count } from '../operations/operations.ts';
import { builder } from './builder.ts';
import { LogStatus } from './enums.ts';
import { Event } from './event.ts';
import { selectedEventFields } from './selected-fields.ts';
import { amount, nameLimit, totalCount, totalIsExact } from './wording.ts';

interface LogPage {
  readonly rows: readonly PartialEvent[];
  readonly count: () => Promise<Count>;
}

const EventLogPage = builder.objectRef<LogPage>('EventLogPage').implement({
  description: 'A page of `eventLog`.',
  fields: (t) => ({
    totalCount: t.int({ description: totalCount, resolve: async ({ count }) => (await count()).count }),
    totalIsExact: t.boolean({
      description: totalIsExact,
      resolve: async ({ count }) => (await count()).exact,
    }),
    rowDatas: t.field({
      type: [Event],
      description: 'The events of the page, newest first.',
      resolve: ({ rows }) => rows,
    }),
  }),
});

const chainLimit = `A request with more than ${amount(limits.chainEvents)} events is refused with LIMIT_EXCEEDED.`;

const itself = (events: readonly PartialEvent[]) => events;

builder.queryFields((t) => ({
  eventLog: t.field({
    type: EventLogPage,
    description:
      'The events of one topic, newest first, by number of page. For long lists `events` is the better way.',
    args: {
      fullName: t.arg.string({
        required: true,
        description: 'The topic: of a handler’s runs, the handler’s full name.',
      }),
      startTime: t.arg({ type: 'DateTime', description: 'Only those sent at this moment or later.' }),
      endTime: t.arg({ type: 'DateTime', description: 'Only those sent at this moment or earlier.' }),
      status: t.arg({ type: LogStatus, description: 'Only those with this status.' }),
      page: t.arg.int({ defaultValue: 1, description: 'Which page, counted from 1.' }),
      pageSize: t.arg.int({
        defaultValue: 20,
        description: `How many events a page has: 1 to ${amount(limits.pageSize)}.`,
      }),
    },
    resolve: async (_root, args, { operations, loaders }, info) => {
      const query = { ...args, page: args.page ?? 1, pageSize: args.pageSize ?? 20 };
      const fields = selectedEventFields(info);
      const rows = await loaders.budget.read(fields, () => operations.eventLog(query, fields), itself);
      return { rows, count: once(() => operations.countEventLog(query)) };
    },
  }),
  eventLogByRequestId: t.field({
    type: [Event],
    description: `The events of one request, parents before children; empty where there are none. ${chainLimit}`,
    args: { requestId: t.arg.string({ required: true, description: `The request. ${nameLimit}` }) },
    resolve: (_root, { requestId }, { operations, loaders }, info) => {
      const fields = selectedEventFields(info);
      return loaders.budget.read(fields, () => operations.eventsOfRequest(requestId, fields), itself);
    },
  }),
  eventLogByNodeId: t.field({
    type: [Event],
    description: `One event of a request and all below it, parents before children; empty where there is no such node. ${chainLimit}`,
    args: {
      requestId: t.arg.string({ required: true, description: `The request. ${nameLimit}` }),
      nodeId: t.arg.string({ required: true, description: `The event’s name within it. ${nameLimit}` }),
    },
    resolve: (_root, { requestId, nodeId }, { operations, loaders }, info) => {
      const fields = selectedEventFields(info);
      return loaders.budget.read(fields, () => operations.eventsBelowNode(requestId, nodeId, fields), itself);
    },
  }),
}));
