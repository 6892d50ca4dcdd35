// Consumers of jobs: the type Consumer with its backlog and workers, their list, and the mutations that steer them.
import { limits } from '../../base/limits.ts';
import type { Backlog as BacklogRecord, Worker as WorkerRecord } from '../../domain/jobs/consumer.ts';
import { builder } from '../builder.ts';
import { connectionOf } from '../connection.ts';
import { Flow, FlowInput } from './flow.ts';
import { Node } from '../node.ts';
import { amount, pageArgument } from '../wording.ts';

const counted = `Counting stops at ${amount(limits.countCap)}.`;

export const Backlog = builder.objectRef<BacklogRecord>('Backlog').implement({
  description: `The work of a consumer or handler that is not finished, by its state. ${counted}`,
  fields: (t) => ({
    waiting: t.exposeInt('waiting', {
      description:
        'Sources, or events of a plain queue, that nobody has claimed yet. Scheduled events do not wait yet.',
    }),
    ready: t.exposeInt('ready', {
      description: 'Jobs that can be claimed now: restarted, released, lapsed, or due for a retry.',
    }),
    retrying: t.exposeInt('retrying', { description: 'Failed jobs whose retry delay is not over.' }),
    held: t.exposeInt('held', { description: 'Claimed jobs.' }),
    exhausted: t.exposeInt('exhausted', { description: 'Jobs that failed and have no retries left.' }),
    oldestWaitingAt: t.expose('oldestWaitingAt', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when the first of `waiting` waits; null if none does.',
    }),
    isExact: t.exposeBoolean('isExact', {
      description:
        'False if a count stopped, or if a filter was not tested on everything that may wait: `waiting` is then a lower bound.',
    }),
  }),
});

const Worker = builder.objectRef<WorkerRecord>('Worker').implement({
  description: 'A worker of a consumer.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The `worker` of its enroll.' }),
    held: t.exposeInt('held', { description: 'The number of jobs of the consumer that it holds.' }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      description: 'When it last enrolled or extended a lease, to about ten seconds.',
    }),
  }),
});

const Consumer = builder.prismaObject('Consumer', {
  findUnique: null,
  interfaces: [Node],
  description:
    'What workers enroll for: sources under a target topic, or a plain queue, with its own position in the log. A named one is known by its name, and keeps its position whatever else of the input changes; others by their definition, and they are removed when unused for ' +
    `${limits.consumerDays} days.`,
  fields: (t) => ({
    name: t.exposeString('name', { nullable: true }),
    targetTopic: t.exposeString('targetTopic', { description: 'The topic of its jobs.' }),
    sourceTopics: t.field({
      type: ['String'],
      nullable: true,
      description: 'The topics of its sources; null for a plain queue.',
      resolve: ({ sourceTopics }) => sourceTopics,
    }),
    where: t.exposeString('where', {
      nullable: true,
      description: 'A CEL expression that sources must match.',
    }),
    position: t.expose('position', {
      type: 'Position',
      description:
        'Everything up to here is settled: it has a job, or gets none. Of a plain queue: the end of the log.',
    }),
    paused: t.exposeBoolean('paused'),
    flow: t.expose('flow', { type: Flow, description: 'Its limits.' }),
    backlog: t.field({
      type: Backlog,
      description: 'Its unfinished work.',
      resolve: (consumer, _args, { loaders }) => loaders.backlog(consumer),
    }),
    workers: t.field({
      type: [Worker],
      description: `Those that hold a job of it, or enrolled in the last 10 minutes, by name; at most ${amount(limits.listedWorkers)}.`,
      resolve: (consumer, _args, { loaders }) => loaders.workers(consumer),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime' }),
    lastAskedAt: t.expose('lastAskedAt', {
      type: 'DateTime',
      nullable: true,
      description:
        'When a worker last enrolled, to about ten seconds; null if that is longer than a day ago.',
    }),
  }),
});

const ConsumerConnection = connectionOf(Consumer, 'consumer', 'consumers');

builder.queryField('consumers', (t) =>
  t.field({
    type: ConsumerConnection,
    description: 'Consumers of jobs, oldest first. Requires the scope consumers.',
    args: {
      first: t.arg.int({ description: pageArgument.firstOnly }),
      after: t.arg.string({ description: pageArgument.after }),
      targetTopic: t.arg.string({ description: 'Only consumers with this target topic.' }),
    },
    resolve: (_root, args, { operations }) => operations.consumers(args),
  }),
);

const id = 'The consumer’s id (a UUID). Unknown: NOT_FOUND.';
const effect = 'In effect at every gateway within a second. Requires the scope consumers.';

builder.mutationFields((t) => ({
  pauseConsumer: t.field({
    type: Consumer,
    description: `Pauses a consumer: enroll gives nothing of it until it is resumed. Leases run on, and jobs can be finished. ${effect}`,
    args: { id: t.arg.id({ required: true, description: id }) },
    resolve: (_root, args, { operations }) => operations.pauseConsumer(args.id),
  }),
  resumeConsumer: t.field({
    type: Consumer,
    description: `Resumes a paused consumer; waiting calls get what came meanwhile. ${effect}`,
    args: { id: t.arg.id({ required: true, description: id }) },
    resolve: (_root, args, { operations }) => operations.resumeConsumer(args.id),
  }),
  moveConsumer: t.field({
    type: Consumer,
    description: `Moves a consumer in the log, back or forward. Sources that have a job keep it, and get no second one. A plain queue has no position: BAD_USER_INPUT. ${effect}`,
    args: {
      id: t.arg.id({ required: true, description: id }),
      after: t.arg({
        type: 'Position',
        required: true,
        description:
          'Continue after this position; "0" is the beginning of the log. Beyond its end: BAD_USER_INPUT.',
      }),
    },
    resolve: (_root, args, { operations }) => operations.moveConsumer(args.id, args.after),
  }),
  setConsumerFlow: t.field({
    type: Consumer,
    description: `Replaces the limits of a consumer. ${effect}`,
    args: {
      id: t.arg.id({ required: true, description: id }),
      flow: t.arg({ type: FlowInput, required: true, description: 'All limits; {} is none.' }),
    },
    resolve: (_root, args, { operations }) => operations.setConsumerFlow(args.id, args.flow),
  }),
  deleteConsumer: t.field({
    type: 'ID',
    description: `Deletes a consumer. Its jobs stay. A worker that enrolls for it afterwards creates it anew, where its input says. ${effect}`,
    args: { id: t.arg.id({ required: true, description: id }) },
    resolve: (_root, args, { operations }) => operations.deleteConsumer(args.id),
  }),
}));
