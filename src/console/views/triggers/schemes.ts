// The signature schemes of webhooks, and how a sender is set up for each.
import type { SignatureScheme, TriggerDetailFragment } from '../../../../generated/console/graphql.ts';

export const schemeNames: Readonly<Record<SignatureScheme, string>> = {
  NONE: 'not signed',
  GITHUB: 'signed as by GitHub',
  STRIPE: 'signed as by Stripe',
  STANDARD: 'Standard Webhooks',
  HMAC: 'HMAC in a header',
};

export const schemeChoices: Readonly<Record<SignatureScheme, { name: string; hint: string }>> = {
  NONE: { name: 'None', hint: 'Whoever knows the URL may deliver.' },
  GITHUB: { name: 'GitHub', hint: 'X-Hub-Signature-256' },
  STRIPE: { name: 'Stripe', hint: 'Stripe-Signature' },
  STANDARD: { name: 'Standard Webhooks', hint: 'webhook-signature, also as Svix sends it' },
  HMAC: { name: 'HMAC in a header', hint: 'Slack, Shopify, Zoom and many others' },
};

/** What to do at the sender, step by step. */
export function stepsOf({ signature, hmac, challenge }: TriggerDetailFragment): readonly string[] {
  switch (signature) {
    case 'GITHUB':
      return [
        'In the repository or organisation, open Settings, Webhooks, and choose “Add webhook”.',
        'Payload URL: the URL above. Content type: application/json.',
        'Secret: the secret of this webhook.',
        'Choose the events; GitHub sends a ping at once.',
      ];
    case 'STRIPE':
      return [
        'In the Stripe dashboard, open Developers, Webhooks, and add an endpoint with the URL above.',
        'Stripe shows the signing secret of the endpoint, which begins with whsec_.',
        'Enter it here with “Secrets…”, whole.',
      ];
    case 'STANDARD':
      return [
        'Give the sender the URL above as its endpoint.',
        'The secret of the endpoint, usually with the prefix whsec_, must be that of this webhook: enter it with “Secrets…”.',
      ];
    case 'HMAC':
      return challenge === 'SLACK' || hmac?.header === 'x-slack-signature'
        ? [
            'In the Slack app, open Event Subscriptions, and enter the URL above as the request URL.',
            'The signing secret stands under Basic Information; enter it here with “Secrets…”.',
          ]
        : [
            'Give the sender the URL above and the secret of this webhook.',
            `It signs ${hmac?.signedContent} with HMAC ${hmac?.algorithm}, and sends the signature in ${hmac?.encoding === 'HEX' ? 'hexadecimal' : 'base64'} in the header ${hmac?.header}${hmac?.prefix ? `, after ${hmac.prefix}` : ''}.`,
            ...(hmac?.timestampHeader
              ? [
                  `The time in seconds stands in ${hmac.timestampHeader}, and may differ by ${hmac.toleranceSeconds} s.`,
                ]
              : []),
          ];
    default:
      return ['Give the sender the URL above. It is the secret: whoever knows it may deliver.'];
  }
}
