// What the forms of triggers hold, and the input that it makes.
import type {
  CreateTriggerInput,
  HmacAlgorithm,
  HmacEncoding,
  SignatureScheme,
  TriggerDetailFragment,
  UpdateTriggerInput,
  WebhookChallenge,
} from '../../../../generated/console/graphql.ts';
import { itemsOf } from '../../base/form/form.tsx';

/** Of webhooks and schedules alike. */
export interface CommonFields {
  readonly topic: string;
  readonly eventType: string;
  readonly where: string;
  readonly call: string;
}

export interface ScheduleFields {
  readonly cron: string;
  readonly timezone: string;
}

export interface WebhookFields {
  readonly signature: SignatureScheme;
  readonly secret: string;
  readonly header: string;
  readonly prefix: string;
  readonly algorithm: HmacAlgorithm;
  readonly encoding: HmacEncoding;
  readonly timestampHeader: string;
  readonly signedContent: string;
  readonly dedupeHeader: string;
  readonly challenge: WebhookChallenge | '';
  readonly verifyToken: string;
  readonly allowedOrigins: string;
  readonly keepCredentials: boolean;
}

export const newCommon: CommonFields = { topic: '', eventType: '', where: '', call: '' };

export const newSchedule: ScheduleFields = {
  cron: '0 9 * * 1-5',
  timezone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
};

export const newWebhook: WebhookFields = {
  ...{ signature: 'GITHUB', secret: '', header: '', prefix: '', algorithm: 'SHA256', encoding: 'HEX' },
  ...{ timestampHeader: '', signedContent: '', dedupeHeader: '', challenge: '', verifyToken: '' },
  ...{ allowedOrigins: '*', keepCredentials: false },
};

/** What services that sign with an HMAC of their own need. */
export const hmacPresets: Readonly<Record<string, Partial<WebhookFields>>> = {
  Slack: {
    ...{ header: 'X-Slack-Signature', prefix: 'v0=', encoding: 'HEX', algorithm: 'SHA256' },
    ...{ timestampHeader: 'X-Slack-Request-Timestamp', signedContent: 'v0:{timestamp}:{body}' },
    challenge: 'SLACK',
  },
  Shopify: {
    ...{ header: 'X-Shopify-Hmac-Sha256', prefix: '', encoding: 'BASE64', algorithm: 'SHA256' },
    ...{ timestampHeader: '', signedContent: '', challenge: '', dedupeHeader: 'X-Shopify-Webhook-Id' },
  },
  Meta: {
    ...{ header: 'X-Hub-Signature-256', prefix: 'sha256=', encoding: 'HEX', algorithm: 'SHA256' },
    ...{ timestampHeader: '', signedContent: '', challenge: 'META' },
  },
};

/** The header with which the senders of a scheme mark a repeated delivery. */
export const usualDedupeHeader: Partial<Record<SignatureScheme, string>> = {
  GITHUB: 'X-GitHub-Delivery',
  STANDARD: 'webhook-id',
};

const given = <Name extends string>(name: Name, value: string) =>
  (value.trim() === '' ? {} : { [name]: value.trim() }) as { [Key in Name]?: string };

export function webhookInput(fields: WebhookFields): NonNullable<CreateTriggerInput['webhook']> {
  const { signature, secret, challenge, allowedOrigins, keepCredentials } = fields;
  return {
    signature,
    ...(signature !== 'NONE' && { secret: secret.trim() }),
    ...(signature === 'HMAC' && {
      hmac: {
        header: fields.header.trim(),
        algorithm: fields.algorithm,
        encoding: fields.encoding,
        ...given('prefix', fields.prefix),
        ...given('timestampHeader', fields.timestampHeader),
        ...given('signedContent', fields.signedContent),
      },
    }),
    ...given('dedupeHeader', fields.dedupeHeader),
    ...(challenge !== '' && { challenge }),
    ...(challenge === 'META' && { verifyToken: fields.verifyToken.trim() }),
    allowedOrigins: itemsOf(allowedOrigins),
    keepCredentials,
  };
}

export function commonInput({ topic, eventType, where, call }: CommonFields) {
  return {
    ...given('topic', topic),
    ...given('eventType', eventType),
    ...given('where', where),
    ...given('call', call),
  };
}

/** All of it, so that an emptied field removes what was there. */
export function updateInput(
  { id, kind, topic: before }: TriggerDetailFragment,
  { topic, eventType, where, call }: CommonFields,
  schedule: ScheduleFields,
): UpdateTriggerInput {
  const orNull = (value: string) => value.trim() || null;
  return {
    id,
    topic: topic.trim() || before,
    eventType: orNull(eventType),
    where: orNull(where),
    call: orNull(call),
    ...(kind === 'SCHEDULE' && {
      schedule: { cron: schedule.cron.trim(), timezone: schedule.timezone.trim() },
    }),
  };
}

export function commonOf({ topic, eventType, where, call }: TriggerDetailFragment): CommonFields {
  return { topic, eventType: eventType ?? '', where: where ?? '', call: call ?? '' };
}
