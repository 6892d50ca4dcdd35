// The input of createTrigger.
import { limits } from '../../base/limits.ts';
import { defaultToleranceSeconds } from '../../domain/triggers/hmac.ts';
import { builder } from '../builder.ts';
import { HmacAlgorithm, HmacEncoding, SignatureScheme, WebhookChallenge } from './trigger-enums.ts';
import { amount, nameLimit } from '../wording.ts';

const HmacInput = builder.inputType('HmacInput', {
  description:
    'The configuration of the scheme HMAC. Slack, for example: `{header: "X-Slack-Signature", prefix: "v0=", timestampHeader: "X-Slack-Request-Timestamp", signedContent: "v0:{timestamp}:{body}"}`.',
  fields: (t) => ({
    header: t.string({ required: true, description: `The header that contains the signature. ${nameLimit}` }),
    prefix: t.string({
      description: `The text before the signature in the header, such as "sha256=". Default: none. ${nameLimit}`,
    }),
    encoding: t.field({
      type: HmacEncoding,
      defaultValue: 'HEX',
      description: 'The encoding of the signature.',
    }),
    algorithm: t.field({ type: HmacAlgorithm, defaultValue: 'SHA256', description: 'The hash function.' }),
    timestampHeader: t.string({
      description: `The header with the signed timestamp, in seconds since 1970. Default: none. ${nameLimit}`,
    }),
    toleranceSeconds: t.int({
      description: `Maximum difference between the timestamp and the current time, in seconds, 1 to ${amount(limits.signatureToleranceSeconds)}. Default: ${defaultToleranceSeconds}.`,
    }),
    signedContent: t.string({
      description: `A template of the signed text, with {body} and, if \`timestampHeader\` is given, {timestamp}. Default: "{body}" or "{timestamp}.{body}". ${nameLimit}`,
    }),
  }),
});

const WebhookInput = builder.inputType('WebhookInput', {
  description: 'A webhook: a URL that accepts deliveries with any HTTP method.',
  fields: (t) => ({
    signature: t.field({
      type: SignatureScheme,
      defaultValue: 'NONE',
      description: 'How deliveries must be signed.',
    }),
    secret: t.string({
      description: `The signing secret. Required for every scheme except NONE, which has none. Write-only; replace it with \`setTriggerSecrets\`. ${nameLimit}`,
    }),
    dedupeHeader: t.string({
      description:
        'The header that identifies a delivery, such as X-GitHub-Delivery or webhook-id (also matches svix-id). A repeated delivery returns the existing event; a delivery without the header is always a new event.',
    }),
    hmac: t.field({
      type: HmacInput,
      description: 'The configuration of the scheme HMAC. Required for HMAC, not allowed otherwise.',
    }),
    challenge: t.field({
      type: WebhookChallenge,
      description: 'The handshake to answer. Default: none.',
    }),
    verifyToken: t.string({
      description: `The token expected by the challenge META. Required for META, not allowed otherwise. Write-only. ${nameLimit}`,
    }),
    keepCredentials: t.boolean({
      defaultValue: false,
      description:
        'Whether events store the headers Authorization, Cookie, Proxy-Authorization and X-Api-Key. `where` can use them in any case.',
    }),
    allowedOrigins: t.stringList({
      defaultValue: ['*'],
      description: `Origins that may deliver from a browser (CORS), such as "https://shop.example"; "*" is any, [] is none. At most ${limits.triggerOrigins}.`,
    }),
  }),
});

const ScheduleInput = builder.inputType('ScheduleInput', {
  description:
    'A cron schedule. Each tick is one event, regardless of the number of gateways. Of ticks missed while none was running, only the latest is sent, with the number of missed ones.',
  fields: (t) => ({
    cron: t.string({
      required: true,
      description:
        'A cron expression with five fields (minute, hour, day of month, month, day of week), or six with seconds first: "0 9 * * 1-5" is 9:00 on weekdays.',
    }),
    timezone: t.string({
      defaultValue: 'UTC',
      description:
        'An IANA time zone, such as Europe/Berlin. Across daylight-saving changes, a skipped time ticks right after the gap and a repeated time ticks once.',
    }),
  }),
});

export const UpdateTriggerInput = builder.inputType('UpdateTriggerInput', {
  description:
    'A change of a trigger. What is omitted stays; null removes `where`, `eventType` and `call`. Invalid values: BAD_USER_INPUT.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The trigger’s id (a UUID). Unknown: NOT_FOUND.' }),
    enabled: t.boolean({
      description:
        'Whether it creates events. The URL of a disabled webhook answers 404; the ticks of a disabled schedule are not sent later.',
    }),
    where: t.string({
      description: 'A CEL expression that deliveries or ticks must match. Invalid: INVALID_FILTER.',
    }),
    eventType: t.string({
      description:
        'Only create events of this type: for a webhook the HTTP method in lower case, for a schedule "tick".',
    }),
    topic: t.string({ description: 'The topic of its events.' }),
    call: t.string({
      description:
        'The full name of a handler of type events.NormalType to run for each event of the trigger.',
    }),
    schedule: t.field({
      type: ScheduleInput,
      description: 'Another schedule, from now on. Not for a webhook.',
    }),
  }),
});

export const CreateTriggerInput = builder.inputType('CreateTriggerInput', {
  description:
    'A trigger to create. Give exactly one of `webhook` and `schedule`. Invalid values: BAD_USER_INPUT.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: `A unique name, used as the \`sender\` of its events: parts of letters, digits, _ and -, separated by dots; 1 to ${amount(limits.topicLength)} characters.`,
    }),
    webhook: t.field({
      type: WebhookInput,
      description: 'Creates a webhook; {} is an unsigned one.',
    }),
    schedule: t.field({ type: ScheduleInput, description: 'Creates a schedule.' }),
    topic: t.string({ description: 'The topic of its events. Default: its name.' }),
    eventType: t.string({
      description:
        'Only create events of this type: for a webhook the HTTP method in lower case, for a schedule "tick". Default: all.',
    }),
    where: t.string({
      description:
        'A CEL expression that the delivery or tick must match to become an event, such as `data.method == "POST" && has(data.body.json.action)`. Invalid: INVALID_FILTER. If it fails on a delivery or tick, no event is created and `filterErrors` is incremented.',
    }),
    call: t.string({
      description:
        'The full name of a handler of type events.NormalType to run in the background for each event of the trigger, regardless of the topic. Unknown: BAD_USER_INPUT.',
    }),
  }),
});
