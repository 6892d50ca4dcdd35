// The enums of triggers, each value with its meaning.
import type { HmacAlgorithm as Algorithm, HmacEncoding as Encoding } from '../domain/hmac.ts';
import type { SignatureScheme as Scheme } from '../domain/signature.ts';
import type { TriggerKind as Kind } from '../domain/trigger.ts';
import type { WebhookChallenge as Challenge } from '../domain/webhook.ts';
import { builder } from './builder.ts';
import { valuesOf } from './enums.ts';

export const TriggerKind = builder.enumType('TriggerKind', {
  description: 'Where the events of a trigger come from.',
  values: valuesOf<Kind>({
    WEBHOOK: 'HTTP requests at a URL of its own. The type of its events is the method in lower case.',
    SCHEDULE: 'Moments in time. The type of its events is "tick".',
  }),
});

export const SignatureScheme = builder.enumType('SignatureScheme', {
  description:
    'How the deliveries of a webhook are signed; one whose signature is missing or wrong is answered with 401. Times in signatures may be 5 minutes from now.',
  values: valuesOf<Scheme>({
    NONE: 'Not at all: the URL is the secret.',
    STANDARD:
      'As Standard Webhooks says: `webhook-id`, `webhook-timestamp` and `webhook-signature`, with a secret in base64, usually after "whsec_".',
    GITHUB: 'As GitHub does: `X-Hub-Signature-256`.',
    STRIPE: 'As Stripe does: `Stripe-Signature`, with its `t` and any of its `v1`.',
    HMAC: 'By an HMAC in a header, as `hmac` says: so do Slack, Shopify, Zoom and many others.',
  }),
});

export const HmacAlgorithm = builder.enumType('HmacAlgorithm', {
  description: 'The hash function of an HMAC.',
  values: valuesOf<Algorithm>({
    SHA1: 'SHA-1: for senders that have no other.',
    SHA256: 'SHA-256.',
    SHA512: 'SHA-512.',
  }),
});

export const HmacEncoding = builder.enumType('HmacEncoding', {
  description: 'How a signature is written.',
  values: valuesOf<Encoding>({
    HEX: 'In hexadecimal digits, of either case.',
    BASE64: 'In base64, with or without padding, also in the alphabet for URLs.',
  }),
});

export const WebhookChallenge = builder.enumType('WebhookChallenge', {
  description:
    'A handshake by which a service checks a webhook before it delivers. It is answered and is no event.',
  values: valuesOf<Challenge>({
    SLACK:
      'Slack’s: a delivery whose JSON has the `type` url_verification is answered with its `challenge`. It must be signed as others.',
    META: 'Meta’s: a GET with `hub.mode=subscribe` and `hub.verify_token` is answered with its `hub.challenge`; with 401 where the token is not `verifyToken`. It needs no signature.',
  }),
});
