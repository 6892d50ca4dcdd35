// What mutations take: the event to send, the change to make.
import { limits } from '../base/limits.ts';
import { builder } from './builder.ts';
import { EventStatus, OnDuplicate } from './enums.ts';
import { amount, descriptionLimit, failureLimit, jsonLimit, nameLimit } from './wording.ts';

export const SendEventInput = builder.inputType('SendEventInput', {
  description:
    'An event to send. What does not fit is refused with BAD_USER_INPUT, what is too large with LIMIT_EXCEEDED. Null is the same as leaving a field out.',
  fields: (t) => ({
    topic: t.string({
      description: `What it is about: parts of letters, digits, _ and - joined by dots, 1 to ${limits.topicLength} characters. Without it, \`sender\` names the topic too; one of the two is needed.`,
    }),
    sender: t.string({ description: `The service or program that sends it. ${nameLimit}` }),
    senderType: t.string({ description: `The kind of sender, a word of your choice. ${nameLimit}` }),
    eventType: t.string({
      defaultValue: 'events.NormalType',
      description: `The kind of handling it asks for. ${nameLimit}`,
    }),
    hash: t.string({
      description: `Your own key against duplicates: however often and wherever it is sent at once, one event has it. With it a send can be repeated safely. Not with \`store: false\`. ${nameLimit}`,
    }),
    onDuplicate: t.field({
      type: OnDuplicate,
      defaultValue: 'RETURN',
      description: 'What to do if an event has the `hash` already.',
    }),
    project: t.string({ description: `The project that it belongs to, by name. ${nameLimit}` }),
    user: t.string({ description: `The person on whose behalf it is sent, by name. ${nameLimit}` }),
    requestId: t.string({
      description: `The request whose chain it belongs to. Unless given: that of the parent, else that of the HTTP request it is sent with, where that has a \`x-request-id\` or a \`traceparent\` header, else a new one for each event. A trace names the request of one HTTP request: the first one with that trace id gets it as it is, each further one with a suffix of its own, so that a long-lived trace joins nothing. ${nameLimit}`,
    }),
    nodeId: t.string({
      description: `Its name within its request; its id unless given. One that another event of the request has is refused with BAD_USER_INPUT. ${nameLimit}`,
    }),
    dependsOn: t.id({
      description: 'The id of the event that causes it, its parent in the chain. NOT_FOUND if there is none.',
    }),
    description: t.string({
      defaultValue: '',
      description: `What is going on, for people. ${descriptionLimit}`,
    }),
    summary: t.field({
      type: 'JSON',
      description: `An object: the little that lists show; {} unless given. ${jsonLimit}`,
    }),
    payload: t.field({
      type: 'JSON',
      description: `An object: all that those who work on it need; {} unless given. ${jsonLimit}`,
    }),
    kwargs: t.field({ type: 'JSON', description: 'JitAI’s name for `payload`. Giving both is refused.' }),
    finished: t.boolean({
      defaultValue: true,
      description: 'True: a fact, born FINISHED. False: work to be done, born PENDING.',
    }),
    store: t.boolean({
      defaultValue: true,
      description:
        'False: fire-and-forget. It reaches those who watch at this moment and is not written anywhere.',
    }),
    sendAt: t.field({
      type: 'DateTime',
      description: `Holds it back until then: it is stored under the id that is answered, PENDING, and nobody is told of it before. Until then it can be listed (\`scheduled\`), changed, aborted and deleted; with its \`hash\` and \`REPLACE\` its time is moved. A time that has come means at once. At most ${amount(limits.sendAheadDays)} days ahead; not with \`store: false\`.`,
    }),
  }),
});

const EventErrorInput = builder.inputType('EventErrorInput', {
  description: `Why an event failed. Its texts are never refused, so that a failure can always be reported. ${failureLimit(limits.descriptionLength)} A stack may have ${amount(limits.stackLength)}.`,
  fields: (t) => ({
    message: t.string({ required: true, description: 'What went wrong, for people.' }),
    code: t.string({
      description: 'What went wrong, for programs: a word of your choice.',
    }),
    stack: t.string({
      description: 'Where it went wrong: a stack trace or the like.',
    }),
  }),
});

export const UpdateEventInput = builder.inputType('UpdateEventInput', {
  description:
    'A change to make to an event. A field that is left out, or null, stays as it is; only `result: null` means null.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Of the event to change, a UUID. NOT_FOUND if there is none.' }),
    status: t.field({
      type: EventStatus,
      description:
        'Its next status. One that cannot follow the present one is refused with INVALID_TRANSITION; `extensions.allowed` lists those that can.',
    }),
    progress: t.float({
      description: 'How far the work has come, from 0 to 100. Broadcast to `eventProgress`, not stored.',
    }),
    description: t.string({
      description: `What is going on, for people; with a status also kept in the history. With nothing but \`progress\` it is broadcast along and not stored. ${descriptionLimit} With \`error\`, or the status FAILED or ABORTED, it is a text of a failure: see EventErrorInput.`,
    }),
    summary: t.field({ type: 'JSON', description: `An object that replaces the summary. ${jsonLimit}` }),
    payload: t.field({ type: 'JSON', description: `An object that replaces the payload. ${jsonLimit}` }),
    retries: t.int({ description: 'How many times it was tried again: 0 or more.' }),
    project: t.string({ description: `The project that it belongs to, by name. ${nameLimit}` }),
    user: t.string({ description: `The person on whose behalf it was sent, by name. ${nameLimit}` }),
    sender: t.string({
      description: `The service or program that it comes from; also named in the history as who made the change. ${nameLimit}`,
    }),
    result: t.field({
      type: 'JSON',
      description: `What the work came to: any JSON value, replacing the present one, null included. ${jsonLimit}`,
    }),
    error: t.field({ type: EventErrorInput, description: 'Why it failed, replacing the present one.' }),
    attempt: t.int({
      description:
        'A worker’s fencing token: with it the change is made only while that attempt holds the job’s lease, otherwise LEASE_LOST. Without it a change is made by whoever may, and ends the lease.',
    }),
  }),
});
