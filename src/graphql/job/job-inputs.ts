// The input of enroll and enrollMany.
import { limits } from '../../base/limits.ts';
import { builder } from '../builder.ts';
import { Conditions } from '../event/conditions.ts';
import { FlowInput } from './flow.ts';
import { whereText } from '../event/event-filter.ts';
import { amount, descriptionLimit, nameLimit, patternText } from '../wording.ts';

/** The range of a duration in milliseconds. */
function milliseconds(lowest: number, highest: number): string {
  return `In milliseconds, ${amount(lowest)} to ${amount(highest)}.`;
}

export const EnrollInput = builder.inputType('EnrollInput', {
  description:
    'Which jobs a worker wants, and how it runs them. Every event of the source topics that becomes FINISHED yields one job in the target topic. `sourceTopics`, `targetTopic`, `filter`, `where`, `ignoreSenderTypes` and `ignoreOlderThanDays` together define a consumer with its own position in the log, unless `consumer` names one: sources that it has rejected are not read again. Invalid values: BAD_USER_INPUT.',
  fields: (t) => ({
    sourceTopics: t.stringList({
      description: `The topics of source events, 1 to ${amount(limits.sourceTopics)}: ${patternText}. Jobs of the target topic are sources only if the target topic itself is listed. Omitted: a plain queue, whose jobs are the PENDING and RESTARTED events of the target topic themselves; \`filter\`, \`where\` and the \`ignore…\` fields then test these events, and \`sender\`, \`senderType\`, \`description\` and \`project\` have no meaning.`,
    }),
    targetTopic: t.string({
      required: true,
      description:
        'The topic of the jobs. A source has at most one job per target topic, across all consumers.',
    }),
    consumer: t.string({
      description: `The name of a consumer, which keeps its position in the log whatever else of the input changes; keys with other restrictions have consumers of their own under the same name. Default: the consumer is known by its definition. ${nameLimit}`,
    }),
    startAfter: t.field({
      type: 'Position',
      description:
        'Where a consumer that is new begins: after this position. Default: "0", the beginning of the log. Beyond its end: BAD_USER_INPUT. Not with `startAt`.',
    }),
    startAt: t.field({
      type: 'DateTime',
      description: 'The same by time: sources that became FINISHED from then on.',
    }),
    flow: t.field({
      type: FlowInput,
      description: 'The limits of the consumer: those of the latest call hold. Omitted: as they are.',
    }),
    worker: t.string({
      required: true,
      description: `The name of the worker that holds the lease, for logs and histories. Concurrent calls may share a name; each gets a different job. ${nameLimit}`,
    }),
    sender: t.string({ description: `The job’s \`sender\`. Default: the worker. ${nameLimit}` }),
    senderType: t.string({ description: `The job’s \`senderType\`. ${nameLimit}` }),
    description: t.string({ description: `The job’s \`description\`. ${descriptionLimit}` }),
    project: t.string({ description: `The job’s \`project\`. Default: the source’s. ${nameLimit}` }),
    sequential: t.boolean({
      defaultValue: false,
      description:
        'Run one job of the target at a time, in the order in which the sources became FINISHED. The next one starts when the previous one is FINISHED, ABORTED, or FAILED without retries left.',
    }),
    sticky: t.boolean({
      defaultValue: false,
      description:
        'Return the worker’s unfinished job of the target again, if it has one, with the same attempt and a new lease. Workers are identified by name, so each process needs its own.',
    }),
    filter: t.field({ type: Conditions, description: 'Only sources that match these conditions.' }),
    where: t.string({
      description: whereText(
        'Combined with `filter` by AND. A source on which the expression fails gets no job.',
      ),
    }),
    maxRetries: t.int({
      defaultValue: 3,
      description: `Retries after a failure or a lapsed lease, 0 to ${amount(limits.maxRetries)}. With none left, the job stays FAILED.`,
    }),
    retryDelayMs: t.int({
      defaultValue: 1_000,
      description: `The delay before the first retry; doubles with each retry up to one hour, plus up to 25 % jitter. ${milliseconds(0, limits.retryDelayMs)}`,
    }),
    ignoreSenderTypes: t.stringList({
      description: 'Sources with one of these sender types get no job.',
    }),
    ignoreOlderThanDays: t.float({
      description: `Sources that became FINISHED more than this number of days ago get no job; up to ${amount(limits.ignoreOlderThanDays)}. Omitted or 0: no limit.`,
    }),
    leaseMs: t.int({
      defaultValue: limits.defaultLeaseMs,
      description: `The length of the lease; another worker can claim the job afterwards. Extend it with extendLease. ${milliseconds(limits.minLeaseMs, limits.maxLeaseMs)}`,
    }),
    waitMs: t.int({
      defaultValue: 0,
      description: `How long to wait for a job; 0: return at once. ${milliseconds(0, limits.waitMs)}`,
    }),
  }),
});
