// What a worker says when it enrolls.
import { limits } from '../base/limits.ts';
import { builder } from './builder.ts';
import { Conditions } from './conditions.ts';
import { whereText } from './event-filter.ts';
import { amount, descriptionLimit, nameLimit, patternText } from './wording.ts';

/** Default and range of a number of milliseconds. */
function milliseconds(lowest: number, highest: number): string {
  return `In milliseconds, ${amount(lowest)} to ${amount(highest)}.`;
}

export const EnrollInput = builder.inputType('EnrollInput', {
  description:
    'Which jobs a worker asks for, and on what terms it takes them. For each event of the source topics that becomes FINISHED there is one job of the target topic. What is asked for (sourceTopics, targetTopic, filter, where, ignoreSenderTypes, ignoreOlderThanDays) is a way of asking with a cursor over the log of its own: what it rejected once is not read again. What does not fit is refused with BAD_USER_INPUT.',
  fields: (t) => ({
    sourceTopics: t.stringList({
      required: true,
      description: `The topics of the events that jobs are made for, at least one: ${patternText}; _ is itself. Jobs of the target are sources only where the target is named. At most ${amount(limits.sourceTopics)}.`,
    }),
    targetTopic: t.string({
      required: true,
      description:
        'The topic of the jobs. One source has at most one job of a topic, whoever asks and in whatever way.',
    }),
    worker: t.string({
      required: true,
      description: `Who will hold the lease: a name for logs and histories. Several calls may use the same; each gets another job. ${nameLimit}`,
    }),
    sender: t.string({ description: `The job’s \`sender\`; the worker unless given. ${nameLimit}` }),
    senderType: t.string({ description: `The job’s \`senderType\`. ${nameLimit}` }),
    description: t.string({ description: `The job’s \`description\`. ${descriptionLimit}` }),
    project: t.string({ description: `The job’s \`project\`; the source’s unless given. ${nameLimit}` }),
    sequential: t.boolean({
      defaultValue: false,
      description:
        'One job of the target at a time, in the order in which their sources became FINISHED: the next only when the one before is FINISHED, ABORTED, or FAILED for good.',
    }),
    sticky: t.boolean({
      defaultValue: false,
      description:
        'A worker that holds an unfinished job of the target gets that one again, with the same attempt and a fresh lease. It is the worker’s name that decides, so that two processes must not share one.',
    }),
    filter: t.field({ type: Conditions, description: 'Only sources for which these conditions hold.' }),
    where: t.string({
      description: whereText.replace(
        'an event on which it fails is not selected',
        'a source on which it fails gets no job',
      ),
    }),
    maxRetries: t.int({
      defaultValue: 3,
      description: `How often a job is run again after it FAILED or its lease was lost; it stays FAILED when that is used up. 0 to ${amount(limits.maxRetries)}.`,
    }),
    retryDelayMs: t.int({
      defaultValue: 1_000,
      description: `The pause before the first retry; doubled with each further one, with up to a quarter more by chance, to an hour at most. ${milliseconds(0, limits.retryDelayMs)}`,
    }),
    ignoreSenderTypes: t.stringList({
      description:
        'Sources with one of these as `senderType` get no job; those without a `senderType` do. An empty list ignores none.',
    }),
    ignoreOlderThanDays: t.float({
      description: `Sources that became FINISHED more days ago than this get no job. Nothing is skipped unless it is given; 0 is no limit. Up to ${amount(limits.ignoreOlderThanDays)}.`,
    }),
    leaseMs: t.int({
      defaultValue: limits.defaultLeaseMs,
      description: `How long the worker has before somebody else may take the job, unless it calls extendLease. ${milliseconds(limits.minLeaseMs, limits.maxLeaseMs)}`,
    }),
    waitMs: t.int({
      defaultValue: 0,
      description: `How long the call waits for a job if there is none; 0 only looks. ${milliseconds(0, limits.waitMs)}`,
    }),
  }),
});
