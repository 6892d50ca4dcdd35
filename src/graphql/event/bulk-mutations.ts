// Bulk mutations: restart, abort or delete all selected events.
import { limits } from '../../base/limits.ts';
import type { BulkOutcome } from '../../operations/operations.ts';
import { builder } from '../builder.ts';
import { EventFilter, filterWith, whereArgument } from './event-filter.ts';
import { afresh } from './event-mutations.ts';
import { amount } from '../wording.ts';

export const BulkPayload = builder.objectRef<BulkOutcome>('BulkPayload').implement({
  description: 'The result of a bulk mutation.',
  fields: (t) => ({
    count: t.exposeInt('count', {
      description: 'The number of events changed or deleted; with `dryRun`, the number that would be.',
    }),
    ids: t.exposeIDList('ids', {
      description: `The ids of the first ${amount(limits.bulkIds)} of these events, in processing order.`,
    }),
  }),
});

const rules = `Applies to events that exist at the start, in batches of ${amount(limits.bulkBatch)}. After an error, completed batches stay; repeat the call for the rest. Without any restriction in \`filter\` or \`where\`: BAD_USER_INPUT.`;

type BulkOperation = 'restartEvents' | 'abortEvents' | 'deleteEvents';

function bulkMutation(name: BulkOperation, description: string) {
  return builder.mutationField(name, (t) =>
    t.field({
      type: BulkPayload,
      description: `${description} ${rules}`,
      args: {
        filter: t.arg({
          type: EventFilter,
          description:
            'Which events to change. Must restrict something unless `where` is given; to select all existing events, set `createdBefore` to the current time.',
        }),
        where: t.arg.string({ description: whereArgument }),
        dryRun: t.arg.boolean({
          defaultValue: false,
          description: 'True: change nothing, only return what would be changed.',
        }),
      },
      resolve: (_root, { filter, where, dryRun }, context) =>
        afresh(context, () =>
          context.operations[name](context.caller, filterWith(filter, where), dryRun ?? false),
        ),
    }),
  );
}

bulkMutation(
  'restartEvents',
  'Sets selected events that are FINISHED, FAILED or ABORTED to RESTARTED, oldest first; skips all others.',
);
bulkMutation(
  'abortEvents',
  'Sets selected events that are PENDING, IN_PROGRESS or RESTARTED, or jobs that wait for a retry, to ABORTED, oldest first; skips all others.',
);
bulkMutation(
  'deleteEvents',
  'Deletes the selected events, newest first, and skips those with a direct or indirect dependent that is not selected. With `hasDependents: true` nothing is deleted; with `hasDependents: false` only events without dependents, oldest first. The log records a DELETED change for each.',
);
