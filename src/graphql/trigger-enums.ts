// The enums of triggers, each value with its meaning.
import type { SignatureScheme as Scheme } from '../domain/signature.ts';
import type { TriggerKind as Kind } from '../domain/trigger.ts';
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
  }),
});
