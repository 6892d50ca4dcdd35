// Failed events, grouped by topic and error.
import { limits } from '../../base/limits.ts';
import type { FailureGroup as FailureGroupRecord } from '../../operations/figures/figures.ts';
import { builder } from '../builder.ts';
import { Event } from '../event/event.ts';
import { amount } from '../wording.ts';

const FailureGroup = builder.objectRef<FailureGroupRecord>('FailureGroup').implement({
  description: 'Failed events of one topic with the same error code and message.',
  fields: (t) => ({
    topic: t.exposeString('topic', { description: 'Their topic.' }),
    code: t.exposeString('code', {
      nullable: true,
      description: 'Their error code; null if they have none.',
    }),
    message: t.exposeString('message', {
      description: `The first ${amount(limits.failureMessageLength)} characters of their error message; "" if they have none.`,
    }),
    count: t.exposeInt('count', { description: 'The number of events.' }),
    lastAt: t.expose('lastAt', { type: 'DateTime', description: 'When the latest of them failed.' }),
    sample: t.expose('sample', { type: Event, description: 'The latest of them.' }),
  }),
});

builder.queryField('failures', (t) =>
  t.field({
    type: [FailureGroup],
    description: `Events that are FAILED now, grouped by topic and error, the largest groups first. Counts the latest ${amount(limits.failureRows)} failures, fewer if their errors are large. Requires the scope events:read.`,
    args: {
      from: t.arg({
        type: 'DateTime',
        description: 'Only events that failed at this time or later. Default: all.',
      }),
      first: t.arg.int({
        defaultValue: 20,
        description: `The number of groups, 0 to ${limits.failureGroups}; otherwise BAD_USER_INPUT.`,
      }),
    },
    resolve: async (_root, { from, first }, { operations, caller }) => [
      ...(await operations.failures(from ?? null, first ?? 20, caller)),
    ],
  }),
);
