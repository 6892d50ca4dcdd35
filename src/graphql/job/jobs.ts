// Jobs and leases: the mutations of workers, the subscription `jobs`, and the field Event.lease.
import type { GraphQLResolveInfo } from 'graphql';
import { limits } from '../../base/limits.ts';
import type { EnrollInput as EnrollInputRecord } from '../../domain/jobs/enroll.ts';
import type { Enrollment as EnrollmentRecord } from '../../operations/operations.ts';
import { builder } from '../builder.ts';
import type { GraphQLContext } from '../context.ts';
import { Event } from '../event/event.ts';
import { afresh } from '../event/event-mutations.ts';
import { eachBatchAfresh } from '../live/item-stream.ts';
import { unshared } from '../live/shared-operation.ts';
import { EnrollInput } from './job-inputs.ts';
import { timesJsonIsSelected } from '../selection/selected-json.ts';
import { amount } from '../wording.ts';

const Lease = builder.prismaObject('Job', {
  name: 'Lease',
  findUnique: null,
  description: 'A worker’s exclusive, time-limited claim on a job.',
  fields: (t) => ({
    worker: t.exposeString('worker'),
    attempt: t.exposeInt('attempt'),
    until: t.expose('until', {
      type: 'DateTime',
      description: 'When the lease lapses unless it is extended.',
    }),
  }),
});

const Enrollment = builder.objectRef<EnrollmentRecord>('Enrollment').implement({
  description: 'A job claimed by the caller.',
  fields: (t) => ({
    event: t.expose('event', { type: Event, description: 'The job.' }),
    source: t.expose('source', {
      type: Event,
      nullable: true,
      description: 'The source event that the job is for; null for a job of a plain queue.',
    }),
    attempt: t.exposeInt('attempt', {
      description: 'The fencing token; pass it with every update of the job.',
    }),
    leaseUntil: t.expose('leaseUntil', {
      type: 'DateTime',
      description: 'When the lease lapses unless it is extended. Other workers can then claim the job.',
    }),
  }),
});

builder.prismaObjectField(Event, 'lease', (t) =>
  t.field({
    type: Lease,
    nullable: true,
    description: 'The current lease of a job; null if the event is not a claimed job.',
    resolve: ({ id }, _args, { loaders }) => loaders.lease(id),
  }),
);

/** Claims as many jobs as the answer has room for, and releases them if it fails nevertheless. */
async function enroll(
  input: EnrollInputRecord,
  count: number,
  context: GraphQLContext,
  info: GraphQLResolveInfo,
): Promise<readonly EnrollmentRecord[]> {
  const { caller, operations, unanswered } = context;
  const jobs = await afresh(context, () => operations.enroll(caller, input, count, roomOf(info)));
  // What the caller held before, it may be working on.
  const taken = jobs.filter(({ isKept }) => !isKept);
  if (taken.length > 0) {
    unanswered.add(info.path.key, () => {
      for (const { event, attempt } of taken) {
        // A job that cannot be released comes back when its lease ends.
        operations.releaseJob(caller, event.id, attempt).catch(() => {});
      }
    });
  }
  return jobs;
}

/** Bytes of JSON of jobs and sources that an answer has room for. */
function roomOf(info: GraphQLResolveInfo): number {
  const times = timesJsonIsSelected(info);
  return times === 0 ? Infinity : Math.floor(limits.operationBytes / times);
}

const eventId = 'The id of the job’s event (a UUID). Unknown: NOT_FOUND.';
const attempt = 'The fencing token of the claim. Lease lapsed or taken over: LEASE_LOST.';

builder.mutationFields((t) => ({
  enroll: t.field({
    type: Enrollment,
    nullable: true,
    description:
      'Claims a job under a lease: a job that is due for a retry, else a new job for the next source. Null if none is available within `waitMs`. If the client disconnects before the response, or the response fails, the job is released.',
    args: { input: t.arg({ type: EnrollInput, required: true, description: 'Which jobs to claim.' }) },
    resolve: async (_root, { input }, context, info) => {
      const [first] = await enroll(input, 1, context, info);
      return first ?? null;
    },
  }),
  enrollMany: t.field({
    type: [Enrollment],
    description: `Claims up to \`count\` jobs. Waits only for the first. An empty list if none is available within \`waitMs\`. If JSON of jobs or sources is selected, fewer are claimed where it comes to more than ${amount(limits.operationBytes)} bytes; one at least, and the next call gets the others.`,
    args: {
      input: t.arg({ type: EnrollInput, required: true, description: 'Which jobs to claim.' }),
      count: t.arg.int({
        required: true,
        description: `The maximum number of jobs, 1 to ${amount(limits.claims)}. With \`sequential\`: one.`,
      }),
    },
    resolve: (_root, { input, count }, context, info) => enroll(input, count, context, info),
  }),
}));

builder.mutationFields((t) => ({
  extendLease: t.field({
    type: Lease,
    description: 'Extends the lease, counted from now: a worker’s heartbeat. Does not change the event.',
    args: {
      eventId: t.arg.id({ required: true, description: eventId }),
      attempt: t.arg.int({ required: true, description: attempt }),
      leaseMs: t.arg.int({
        description: `The length of the lease from now, in milliseconds, ${amount(limits.minLeaseMs)} to ${amount(limits.maxLeaseMs)}. Default: the \`leaseMs\` of the claim.`,
      }),
    },
    resolve: (_root, args, context) =>
      afresh(context, () => context.operations.extendLease(args.eventId, args.attempt, args.leaseMs ?? null)),
  }),
  releaseJob: t.field({
    type: Event,
    description:
      'Releases a job unfinished: it becomes PENDING and can be claimed at once. The run does not count as a retry.',
    args: {
      eventId: t.arg.id({ required: true, description: eventId }),
      attempt: t.arg.int({ required: true, description: attempt }),
    },
    resolve: (_root, args, context) =>
      afresh(context, () => context.operations.releaseJob(context.caller, args.eventId, args.attempt)),
  }),
}));

builder.subscriptionField('jobs', (t) =>
  t.field({
    type: Enrollment,
    extensions: unshared,
    description:
      'Pushes jobs as they come, each claimed under a lease for this subscriber alone: at most `prefetch` of them are unfinished at a time. When a job ends (FINISHED, FAILED, ABORTED, deleted, released, or its lease lapsed), the next one follows. When the subscription ends, for whatever reason, its jobs that are still PENDING are released at once; those that are IN_PROGRESS keep their lease. A job that cannot be answered is released, and ends the subscription. Too many waiting calls: OVERLOADED.',
    args: {
      input: t.arg({
        type: EnrollInput,
        required: true,
        description:
          'Which jobs to claim. `waitMs` is ignored: the subscription waits as long as it is open. With `sequential`, one job comes at a time. With `sticky`, the worker’s unfinished jobs come first, once.',
      }),
      prefetch: t.arg.int({
        defaultValue: limits.defaultPrefetch,
        description: `The maximum number of unfinished jobs at this subscriber, 1 to ${amount(limits.prefetch)}.`,
      }),
    },
    subscribe: (_root, { input, prefetch }, { caller, operations, loaders }, info) => {
      const request = { input, prefetch: prefetch ?? limits.defaultPrefetch, room: roomOf(info) };
      return eachBatchAfresh(operations.pushJobs(caller, request), loaders);
    },
    resolve: (job) => job,
  }),
);
