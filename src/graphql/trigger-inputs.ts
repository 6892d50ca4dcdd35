// What is said of a trigger that is to be made.
import { limits } from '../base/limits.ts';
import { defaultToleranceSeconds } from '../domain/hmac.ts';
import { builder } from './builder.ts';
import { HmacAlgorithm, HmacEncoding, SignatureScheme, WebhookChallenge } from './trigger-enums.ts';
import { amount, nameLimit } from './wording.ts';

const HmacInput = builder.inputType('HmacInput', {
  description:
    'How the scheme HMAC signs. Slack: `{header: "X-Slack-Signature", prefix: "v0=", timestampHeader: "X-Slack-Request-Timestamp", signedContent: "v0:{timestamp}:{body}"}`.',
  fields: (t) => ({
    header: t.string({ required: true, description: `The header with the signature. ${nameLimit}` }),
    prefix: t.string({
      description: `What stands before the signature in it, such as "sha256="; nothing unless given. ${nameLimit}`,
    }),
    encoding: t.field({
      type: HmacEncoding,
      defaultValue: 'HEX',
      description: 'How the signature is written.',
    }),
    algorithm: t.field({ type: HmacAlgorithm, defaultValue: 'SHA256', description: 'The hash function.' }),
    timestampHeader: t.string({
      description: `The header with the time of the signature, in seconds since 1970, where that is signed too. ${nameLimit}`,
    }),
    toleranceSeconds: t.int({
      description: `How far that time may be from now, either way: 1 to ${amount(limits.signatureToleranceSeconds)}, ${defaultToleranceSeconds} unless given.`,
    }),
    signedContent: t.string({
      description: `What is signed, with {body} in it and, where there is a \`timestampHeader\`, {timestamp}. Unless given the body, or "{timestamp}.{body}". ${nameLimit}`,
    }),
  }),
});

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
        'The header whose value tells deliveries apart, such as X-GitHub-Delivery or webhook-id: one that is repeated is answered with the event that is there. A delivery without it is always a new event. webhook-id stands for svix-id as well.',
    }),
    hmac: t.field({ type: HmacInput, description: 'How the scheme HMAC signs: needed for that one alone.' }),
    challenge: t.field({
      type: WebhookChallenge,
      description: 'The handshake that is answered; none unless given.',
    }),
    verifyToken: t.string({
      description: `The token that the challenge META has to bring along: needed for that one alone. Never shown again. ${nameLimit}`,
    }),
    keepCredentials: t.boolean({
      defaultValue: false,
      description:
        'Whether the headers Authorization, Cookie, Proxy-Authorization and X-Api-Key are stored with an event. The filter of the trigger sees them in any case.',
    }),
    allowedOrigins: t.stringList({
      defaultValue: ['*'],
      description: `Origins of the pages that may deliver from a browser and read the answer, such as "https://shop.example"; "*" for any, none for []. At most ${limits.triggerOrigins}.`,
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
    where: t.string({
      description:
        'Only what this matches becomes an event, in CEL: `data.method == "POST" && has(data.body.json.action)`. A wrong one is refused with INVALID_FILTER; what it fails on does not pass, and is counted.',
    }),
    call: t.string({
      description:
        'The full name of a handler for normal events: it runs in the background for each event of the trigger, whatever its topic. BAD_USER_INPUT if there is none.',
    }),
  }),
});
