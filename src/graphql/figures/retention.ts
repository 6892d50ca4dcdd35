// Retention: the rules by which old events are purged, and running them now.
import { limits } from '../../base/limits.ts';
import { builder } from '../builder.ts';
import { EventStatus } from '../enums.ts';
import { BulkPayload } from '../event/bulk-mutations.ts';
import { afresh } from '../event/event-mutations.ts';
import { Node } from '../node.ts';
import { amount } from '../wording.ts';

const RetentionRule = builder.prismaObject('RetentionRule', {
  findUnique: null,
  interfaces: [Node],
  description: 'A rule by which old events are purged.',
  fields: (t) => ({
    topics: t.exposeStringList('topics'),
    projects: t.field({
      type: ['String'],
      nullable: true,
      description:
        'The projects of its events, by their exact names; null: all, and events without a project.',
      resolve: ({ projects }) => projects && [...projects],
    }),
    statuses: t.field({
      type: [EventStatus],
      nullable: true,
      description: 'The statuses of its events; null: FINISHED, FAILED and ABORTED.',
      resolve: ({ statuses }) => statuses && [...statuses],
    }),
    keepDays: t.exposeFloat('keepDays'),
    lastRunAt: t.expose('lastRunAt', { type: 'DateTime', nullable: true }),
    purged: t.int({
      description: 'The number of events that it has purged.',
      resolve: ({ purged }) => Math.min(Number(purged), 2_147_483_647),
    }),
  }),
});

const RetentionRuleInput = builder.inputType('RetentionRuleInput', {
  description: 'A rule by which old events are purged.',
  fields: (t) => ({
    topics: t.stringList({
      required: true,
      description: `Topic patterns, where * matches any number of characters, dots included; 1 to ${limits.retentionTopics}. Reserved topics (throughline.*) are purged only by patterns that begin so, and are kept for ${limits.retentionReservedDays} days at least.`,
    }),
    projects: t.stringList({
      description: `Exact names of projects, 1 to ${limits.retentionProjects}. Default: all, and events without a project.`,
    }),
    statuses: t.field({
      type: [EventStatus],
      description:
        'The statuses of events to purge. Default: FINISHED, FAILED and ABORTED. Scheduled events, jobs under a lease and jobs that wait for a retry are never purged.',
    }),
    keepDays: t.float({
      required: true,
      description: `For how many days after their last change events are kept, 0 to ${amount(limits.retentionKeepDays)}.`,
    }),
  }),
});

builder.queryField('retention', (t) =>
  t.field({
    type: [RetentionRule],
    description:
      'The retention rules, in the order in which they were given. Requires the scope metrics:read, without restrictions.',
    resolve: async (_root, _args, { operations }) => [...(await operations.retention())],
  }),
);

builder.mutationFields((t) => ({
  setRetention: t.field({
    type: [RetentionRule],
    description: `Replaces all retention rules. A rule whose terms stay the same keeps its id and counts. The rules run every ${limits.retentionMinutes} minutes, a new one for the first time after as long; \`purge(dryRun: true)\` says in advance what they select. Requires the scope admin, without restrictions.`,
    args: {
      rules: t.arg({
        type: [RetentionRuleInput],
        required: true,
        description: `All rules, at most ${limits.retentionRules}; [] keeps everything.`,
      }),
    },
    resolve: async (_root, { rules }, context) =>
      afresh(context, async () => [...(await context.operations.setRetention(rules))]),
  }),
  purge: t.field({
    type: BulkPayload,
    description: `Runs the retention rules now, newest events first, in batches of ${limits.purgeBatch}. An event stays while an event that stays depends on it. The log keeps the deletion for ${limits.retentionDeletionDays} days at least, and nothing else of the event. Requires the scope admin, without restrictions.`,
    args: {
      dryRun: t.arg.boolean({
        defaultValue: false,
        description: 'True: purge nothing, only return what would be purged.',
      }),
    },
    resolve: (_root, { dryRun }, context) => afresh(context, () => context.operations.purge(dryRun ?? false)),
  }),
}));
