// The inputs of sendEvent and updateEvent.
import { limits } from '../../base/limits.ts';
import { builder } from '../builder.ts';
import { EventStatus, OnDuplicate } from '../enums.ts';
import { amount, chainIdLimit, descriptionLimit, failureLimit, jsonLimit, nameLimit } from '../wording.ts';

export const SendEventInput = builder.inputType('SendEventInput', {
  description:
    'An event to send. Invalid values: BAD_USER_INPUT; values that are too large: LIMIT_EXCEEDED. Null is the same as omitting a field.',
  fields: (t) => ({
    topic: t.string({
      description: `The topic, such as "order.paid": parts of letters, digits, _ and -, separated by dots; 1 to ${limits.topicLength} characters. Default: \`sender\`; one of the two is required.`,
    }),
    sender: t.string({ description: `The service or program that sends the event. ${nameLimit}` }),
    senderType: t.string({ description: `The kind of sender, in your own terms. ${nameLimit}` }),
    eventType: t.string({
      defaultValue: 'events.NormalType',
      description: `The event type, which selects the kind of handlers. ${nameLimit}`,
    }),
    hash: t.string({
      description: `Deduplication key: at most one event has it, even with concurrent sends, so that a send can be retried safely. Not with \`store: false\`. ${nameLimit}`,
    }),
    onDuplicate: t.field({
      type: OnDuplicate,
      defaultValue: 'RETURN',
      description: 'What to do if an event with this `hash` exists.',
    }),
    project: t.string({ description: `The name of the project that the event belongs to. ${nameLimit}` }),
    user: t.string({ description: `The name of the user on whose behalf the event is sent. ${nameLimit}` }),
    requestId: t.string({
      description: `The request whose chain the event belongs to. Default: the parent’s request; else the one of the HTTP headers \`x-request-id\` or \`traceparent\` (further HTTP requests with the same trace id get a suffix); else a new one. ${chainIdLimit}`,
    }),
    nodeId: t.string({
      description: `The event’s name within its request, unique there; otherwise BAD_USER_INPUT. Default: its id. ${chainIdLimit}`,
    }),
    dependsOn: t.id({
      description: 'The id of the parent, the event that caused this one. Unknown: NOT_FOUND.',
    }),
    description: t.string({
      defaultValue: '',
      description: `A description for people. ${descriptionLimit}`,
    }),
    summary: t.field({
      type: 'JSON',
      description: `An object with the few values that lists show. Default: {}. ${jsonLimit}`,
    }),
    payload: t.field({
      type: 'JSON',
      description: `An object with all data that handlers and workers need. Default: {}. ${jsonLimit}`,
    }),
    kwargs: t.field({ type: 'JSON', description: 'JitAI’s name for `payload`. Give only one of them.' }),
    finished: t.boolean({
      defaultValue: true,
      description:
        'True: the event reports a fact and is created as FINISHED. False: it is work to be done and is created as PENDING.',
    }),
    store: t.boolean({
      defaultValue: true,
      description: 'False: the event is transient. It reaches current subscribers and is not stored.',
    }),
    priority: t.int({
      defaultValue: 0,
      description: `The higher, the earlier the event and its jobs are claimed, −${limits.priority} to ${limits.priority}.`,
    }),
    sendAt: t.field({
      type: 'DateTime',
      description: `Schedules the event: it is stored as PENDING and published at this time. Until then it can be listed (\`scheduled: true\`), changed, aborted and deleted; a send with the same \`hash\` and REPLACE reschedules it. A time in the past: published at once. At most ${amount(limits.sendAheadDays)} days ahead; not with \`store: false\`.`,
    }),
  }),
});

const EventErrorInput = builder.inputType('EventErrorInput', {
  description: `Why an event failed. The texts are never refused: ${failureLimit(limits.descriptionLength)} A stack may have ${amount(limits.stackLength)} characters.`,
  fields: (t) => ({
    message: t.string({ required: true, description: 'The error message, for people.' }),
    code: t.string({
      description: 'An error code for programs, in your own terms.',
    }),
    stack: t.string({
      description: 'A stack trace.',
    }),
  }),
});

export const UpdateEventInput = builder.inputType('UpdateEventInput', {
  description:
    'A change to an event. Fields that are omitted or null stay as they are, except `result`, which null sets to null.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The event’s id (a UUID). Unknown: NOT_FOUND.' }),
    status: t.field({
      type: EventStatus,
      description:
        'The new status. Not allowed after the current one: INVALID_TRANSITION; `extensions.allowed` lists the allowed ones.',
    }),
    progress: t.float({
      description: 'Progress from 0 to 100. Broadcast to `eventProgress` subscribers, not stored.',
    }),
    description: t.string({
      description: `The new description, for people; together with \`status\` also recorded in the history. With only \`progress\` it is broadcast and not stored. ${descriptionLimit} With \`error\`, FAILED or ABORTED it is never refused but truncated, as in EventErrorInput.`,
    }),
    summary: t.field({ type: 'JSON', description: `Replaces the summary: an object. ${jsonLimit}` }),
    payload: t.field({ type: 'JSON', description: `Replaces the payload: an object. ${jsonLimit}` }),
    retries: t.int({ description: 'The number of retries so far, 0 or more.' }),
    project: t.string({ description: `The name of the project that the event belongs to. ${nameLimit}` }),
    user: t.string({ description: `The name of the user on whose behalf the event was sent. ${nameLimit}` }),
    sender: t.string({
      description: `The event’s sender; the history also records it as the author of the change. ${nameLimit}`,
    }),
    result: t.field({
      type: 'JSON',
      description: `Replaces the result: any JSON value, null included. ${jsonLimit}`,
    }),
    error: t.field({ type: EventErrorInput, description: 'Replaces the error: why the event failed.' }),
    attempt: t.int({
      description:
        'The worker’s fencing token: the change is made only if this attempt holds the job’s lease; otherwise LEASE_LOST. Without it, the change is made in any case and ends the lease.',
    }),
  }),
});
