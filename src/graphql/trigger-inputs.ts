// What is said of a trigger that is to be made.
import { limits } from '../base/limits.ts';
import { builder } from './builder.ts';
import { SignatureScheme } from './trigger-enums.ts';
import { amount, nameLimit } from './wording.ts';

const WebhookInput = builder.inputType('WebhookInput', {
  description: 'A URL that takes deliveries of any method.',
  fields: (t) => ({
    signature: t.field({
      type: SignatureScheme,
      defaultValue: 'NONE',
      description: 'How deliveries must be signed.',
    }),
    secret: t.string({
      description: `The key of the signatures; needed for every scheme but NONE, which takes none. Never shown again; \`setTriggerSecrets\` replaces it. ${nameLimit}`,
    }),
    dedupeHeader: t.string({
      description:
        'The header whose value tells deliveries apart, such as X-GitHub-Delivery or webhook-id: one that is repeated is answered with the event that is there. A delivery without it is always a new event.',
    }),
  }),
});

const ScheduleInput = builder.inputType('ScheduleInput', {
  description:
    'When a tick is due. Each is one event, however many gateways run; of those missed while none did, the last one is sent, with their number.',
  fields: (t) => ({
    cron: t.string({
      required: true,
      description:
        'Five fields (minute, hour, day of month, month, day of week), or six with seconds before them: "0 9 * * 1-5" is nine o’clock on working days.',
    }),
    timezone: t.string({
      defaultValue: 'UTC',
      description:
        'An IANA name, such as Europe/Berlin. A fixed time that the clock skips in spring comes right after the gap; one that comes twice in autumn is taken once.',
    }),
  }),
});

export const CreateTriggerInput = builder.inputType('CreateTriggerInput', {
  description:
    'A trigger: exactly one of `webhook` and `schedule`. What does not fit is refused with BAD_USER_INPUT.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `An identifier that no other trigger has: the \`sender\` of its events. 1 to ${amount(limits.topicLength)} letters, digits, _ and -, in parts joined by dots.`,
    }),
    webhook: t.field({
      type: WebhookInput,
      description: 'Makes it a webhook; {} is one without a signature.',
    }),
    schedule: t.field({ type: ScheduleInput, description: 'Makes it a schedule.' }),
    topic: t.string({ description: 'The topic of its events; its name unless given.' }),
    eventType: t.string({
      description:
        'Only what is of this type becomes an event: of a webhook the HTTP method in lower case, of a schedule "tick". All unless given.',
    }),
    filter: t.string({
      description:
        'Only what this matches becomes an event, in CEL: `data.method == "POST" && has(data.body.json.action)`. A wrong one is refused with INVALID_FILTER; what it fails on does not pass, and is counted.',
    }),
    call: t.string({
      description:
        'The full name of a handler for normal events: it runs in the background for each event of the trigger, whatever its topic. BAD_USER_INPUT if there is none.',
    }),
  }),
});
