// Jobs: enrolling for them, keeping and giving back their leases, and the lease as a field of an event.
import { limits } from '../base/limits.ts';
import type { Enrollment as EnrollmentRecord } from '../operations/operations.ts';
import { builder } from './builder.ts';
import { Event } from './event.ts';
import { afresh } from './event-mutations.ts';
import { EnrollInput } from './job-inputs.ts';
import { amount } from './wording.ts';

const Lease = builder.prismaObject('Job', {
  name: 'Lease',
  findUnique: null,
  description: 'The hold that a worker has on a job.',
  fields: (t) => ({
    worker: t.exposeString('worker'),
    attempt: t.exposeInt('attempt'),
    until: t.expose('until', { type: 'DateTime', description: 'When it ends unless it is extended.' }),
  }),
});

const Enrollment = builder.objectRef<EnrollmentRecord>('Enrollment').implement({
  description: 'A job that the caller now holds.',
  fields: (t) => ({
    event: t.expose('event', { type: Event, description: 'The job.' }),
    source: t.expose('source', { type: Event, description: 'The event that it is for.' }),
    attempt: t.exposeInt('attempt', {
      description: 'The fencing token: give it with every update of the job.',
    }),
    leaseUntil: t.expose('leaseUntil', {
      type: 'DateTime',
      description: 'When the lease ends unless it is extended: the job is then somebody else’s to take.',
    }),
  }),
});

builder.prismaObjectField(Event, 'lease', (t) =>
  t.field({
    type: Lease,
    nullable: true,
    description: 'Who holds the job, while somebody does; null for what is no job or not held.',
    resolve: ({ id }, _args, { loaders }) => loaders.lease(id),
  }),
);

const eventId = 'Of the job’s event, a UUID. NOT_FOUND if there is none.';
const attempt = 'The fencing token that the claim gave. LEASE_LOST if it does not hold the lease any more.';

builder.mutationFields((t) => ({
  enroll: t.field({
    type: Enrollment,
    nullable: true,
    description:
      'Takes a job under a lease: one that is ready for its next run, else one for the next source, which is made. Null if there is none, after `waitMs`. A job that was claimed for a connection that closed before it was answered is given back.',
    args: { input: t.arg({ type: EnrollInput, required: true, description: 'What is asked for.' }) },
    resolve: async (_root, { input }, context) => {
      const [first] = await afresh(context, context.operations.enroll(context.caller, input, 1));
      return first ?? null;
    },
  }),
  enrollMany: t.field({
    type: [Enrollment],
    description:
      'Takes several jobs at once, as many as there are up to `count`; it waits only for the first. An empty list if there is none.',
    args: {
      input: t.arg({ type: EnrollInput, required: true, description: 'What is asked for.' }),
      count: t.arg.int({
        required: true,
        description: `How many at most, 1 to ${amount(limits.claims)}. A sequential target gives one.`,
      }),
    },
    resolve: (_root, { input, count }, context) =>
      afresh(context, context.operations.enroll(context.caller, input, count)),
  }),
}));

builder.mutationFields((t) => ({
  extendLease: t.field({
    type: Lease,
    description: 'The heartbeat of a worker: the lease ends so much later from now. It changes no event.',
    args: {
      eventId: t.arg.id({ required: true, description: eventId }),
      attempt: t.arg.int({ required: true, description: attempt }),
      leaseMs: t.arg.int({
        description: `How long from now, in milliseconds, ${amount(limits.minLeaseMs)} to ${amount(limits.maxLeaseMs)}; as long as the claim asked for unless given.`,
      }),
    },
    resolve: (_root, args, context) =>
      afresh(context, context.operations.extendLease(args.eventId, args.attempt, args.leaseMs ?? null)),
  }),
  releaseJob: t.field({
    type: Event,
    description:
      'Gives a job back unfinished: it is PENDING, and anybody’s to take at once. The run is not counted as one.',
    args: {
      eventId: t.arg.id({ required: true, description: eventId }),
      attempt: t.arg.int({ required: true, description: attempt }),
    },
    resolve: (_root, args, context) =>
      afresh(context, context.operations.releaseJob(context.caller, args.eventId, args.attempt)),
  }),
}));
