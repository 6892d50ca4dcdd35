// Mutations of all that a filter selects: restart, abort, delete.
import { limits } from '../base/limits.ts';
import type { BulkOutcome } from '../operations/operations.ts';
import { builder } from './builder.ts';
import { EventFilter, filterWith, whereText } from './event-filter.ts';
import { afresh } from './event-mutations.ts';
import { amount } from './wording.ts';

const BulkPayload = builder.objectRef<BulkOutcome>('BulkPayload').implement({
  description: 'What became of a bulk mutation.',
  fields: (t) => ({
    count: t.exposeInt('count', {
      description:
        'How many events were changed or deleted; with `dryRun`, how many would be if it were done now.',
    }),
    ids: t.exposeIDList('ids', {
      description: `Their ids, the first ${amount(limits.bulkIds)} in the order in which they were handled.`,
    }),
  }),
});

const rules = `Works on those that are there when it begins, ${amount(limits.bulkBatch)} at a time, with other writes in between. What it has done when an error ends it stays done: repeat it for the rest. BAD_USER_INPUT unless something is given in \`filter\` or \`where\`.`;

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
            'Which events. Something must be given in it, unless `where` is; for everything before now, `createdBefore` with the present time.',
        }),
        where: t.arg.string({ description: whereText }),
        dryRun: t.arg.boolean({
          defaultValue: false,
          description:
            'Whether to change nothing and only say what would be changed. False unless given, or null.',
        }),
      },
      resolve: (_root, { filter, where, dryRun }, context) =>
        afresh(context, context.operations[name](context.caller, filterWith(filter, where), dryRun ?? false)),
    }),
  );
}

bulkMutation(
  'restartEvents',
  'Sets the events selected to RESTARTED, oldest first, as far as they are FINISHED, FAILED or ABORTED; others are passed over.',
);
bulkMutation(
  'abortEvents',
  'Sets the events selected to ABORTED, oldest first, as far as they are PENDING, IN_PROGRESS or RESTARTED, or jobs that have FAILED and wait for their next run; others are passed over.',
);
bulkMutation(
  'deleteEvents',
  'Deletes the events selected, newest first, but passes over those on which, directly or through others, an event depends that is not selected. So with `hasDependents: true` none is deleted; with `hasDependents: false` (then oldest first) only those on which none depended before. The log keeps a DELETED change of each.',
);
