// Queries compatible with JitAI: the log of a topic by page, and the events of a request.
import { once } from '../../base/lifecycle.ts';
import { limits } from '../../base/limits.ts';
import type { PartialEvent } from '../../domain/events/event.ts';
import type { Count } from '../../operations/operations.ts';
import { builder } from '../builder.ts';
import { LogStatus } from '../enums.ts';
import { Event } from './event.ts';
import { selectedEventFields } from '../selection/selected-fields.ts';
import { amount, nameLimit, totalCount, totalIsExact } from '../wording.ts';

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

const chainLimit = `More than ${amount(limits.chainEvents)} events in the request: LIMIT_EXCEEDED.`;

const itself = (events: readonly PartialEvent[]) => events;

builder.queryFields((t) => ({
  eventLog: t.field({
    type: EventLogPage,
    description: 'The events of a topic by page number, newest first. For long lists, prefer `events`.',
    args: {
      fullName: t.arg.string({
        required: true,
        description: 'The topic. For the runs of a handler: its full name.',
      }),
      startTime: t.arg({ type: 'DateTime', description: 'Only events created at or after this time.' }),
      endTime: t.arg({ type: 'DateTime', description: 'Only events created at or before this time.' }),
      status: t.arg({ type: LogStatus, description: 'Only events with this status.' }),
      page: t.arg.int({ defaultValue: 1, description: 'The page number, from 1.' }),
      pageSize: t.arg.int({
        defaultValue: 20,
        description: `Events per page: 1 to ${amount(limits.pageSize)}.`,
      }),
    },
    resolve: async (_root, args, { operations, loaders, caller }, info) => {
      const query = { ...args, page: args.page ?? 1, pageSize: args.pageSize ?? 20 };
      const fields = selectedEventFields(info);
      const rows = await loaders.budget.read(
        fields,
        () => operations.eventLog(query, fields, caller),
        itself,
      );
      return { rows, count: once(() => operations.countEventLog(query)) };
    },
  }),
  eventLogByRequestId: t.field({
    type: [Event],
    description: `The events of a request, parents before children. Empty if there are none. ${chainLimit}`,
    args: { requestId: t.arg.string({ required: true, description: `The request id. ${nameLimit}` }) },
    resolve: (_root, { requestId }, { operations, loaders, caller }, info) => {
      const fields = selectedEventFields(info);
      return loaders.budget.read(fields, () => operations.eventsOfRequest(requestId, fields, caller), itself);
    },
  }),
  eventLogByNodeId: t.field({
    type: [Event],
    description: `An event of a request and all events below it, parents before children. Empty if there is no such node. ${chainLimit}`,
    args: {
      requestId: t.arg.string({ required: true, description: `The request id. ${nameLimit}` }),
      nodeId: t.arg.string({
        required: true,
        description: `The event’s name within the request. ${nameLimit}`,
      }),
    },
    resolve: (_root, { requestId, nodeId }, { operations, loaders, caller }, info) => {
      const fields = selectedEventFields(info);
      return loaders.budget.read(
        fields,
        () => operations.eventsBelowNode(requestId, nodeId, fields, caller),
        itself,
      );
    },
  }),
}));
