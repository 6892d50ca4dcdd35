// The enums of triggers.
import type { HmacAlgorithm as Algorithm, HmacEncoding as Encoding } from '../../domain/triggers/hmac.ts';
import type { SignatureScheme as Scheme } from '../../domain/triggers/signature.ts';
import type { TriggerKind as Kind } from '../../domain/triggers/trigger.ts';
import type { WebhookChallenge as Challenge } from '../../domain/triggers/webhook.ts';
import { builder } from '../builder.ts';
import { valuesOf } from '../enums.ts';

export const TriggerKind = builder.enumType('TriggerKind', {
  description: 'What a trigger reacts to.',
  values: valuesOf<Kind>({
    WEBHOOK: 'HTTP requests to its own URL. The event type is the method in lower case, such as "post".',
    SCHEDULE: 'A cron schedule. The event type is "tick".',
  }),
});

export const SignatureScheme = builder.enumType('SignatureScheme', {
  description:
    'How webhook deliveries are signed. A missing or wrong signature gets status 401. Timestamps in signatures may differ from the current time by 5 minutes.',
  values: valuesOf<Scheme>({
    NONE: 'Not signed: the URL is the secret.',
    STANDARD:
      'Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, with a base64 secret, usually prefixed with "whsec_".',
    GITHUB: 'GitHub: `X-Hub-Signature-256`.',
    STRIPE: 'Stripe: `Stripe-Signature`, with `t` and any of its `v1` signatures.',
    HMAC: 'An HMAC in a header, configured by `hmac`: used by Slack, Shopify, Zoom and many others.',
  }),
});

export const HmacAlgorithm = builder.enumType('HmacAlgorithm', {
  description: 'A hash function for HMACs.',
  values: valuesOf<Algorithm>({
    SHA1: 'SHA-1, for senders that support nothing else.',
    SHA256: 'SHA-256.',
    SHA512: 'SHA-512.',
  }),
});

export const HmacEncoding = builder.enumType('HmacEncoding', {
  description: 'A text encoding of signatures.',
  values: valuesOf<Encoding>({
    HEX: 'Hexadecimal, in either case.',
    BASE64: 'Base64 or base64url, with or without padding.',
  }),
});

export const WebhookChallenge = builder.enumType('WebhookChallenge', {
  description:
    'A handshake with which a service verifies a webhook URL. It is answered and does not become an event.',
  values: valuesOf<Challenge>({
    SLACK: 'Slack: a signed delivery with `type` url_verification is answered with its `challenge`.',
    META: 'Meta: an unsigned GET with `hub.mode=subscribe` is answered with its `hub.challenge`, or with 401 if `hub.verify_token` is not `verifyToken`.',
  }),
});
