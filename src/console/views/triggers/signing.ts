// Signs a delivery as its sender would, with the browser's own cryptography.
import type { TriggerDetailFragment } from '../../../../generated/console/graphql.ts';

type Signed = Pick<TriggerDetailFragment, 'signature' | 'hmac' | 'dedupeHeader'>;

/** Browsers sign on https and on this machine only. */
export const canSign = globalThis.crypto?.subtle !== undefined;

/** The headers that make the gateway take the delivery for genuine, and for a new one. */
export async function headersFor(
  trigger: Signed,
  secret: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<Readonly<Record<string, string>>> {
  const id = `console_${crypto.getRandomValues(new Uint32Array(2)).join('')}`;
  const delivery = trigger.dedupeHeader ? { [trigger.dedupeHeader]: id } : {};
  return { ...delivery, ...(await signatureOf(trigger, { secret, body, id })) };
}

interface Delivery {
  readonly secret: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly id: string;
}

async function signatureOf(
  { signature, hmac }: Signed,
  { secret, body, id }: Delivery,
): Promise<Readonly<Record<string, string>>> {
  const seconds = String(Math.floor(Date.now() / 1_000));
  const key = bytesOf(secret);
  switch (signature) {
    case 'GITHUB':
      return { 'X-Hub-Signature-256': `sha256=${hex(await sign('SHA-256', key, body))}` };
    case 'STRIPE': {
      const made = await sign('SHA-256', key, joined(`${seconds}.`, body, ''));
      return { 'Stripe-Signature': `t=${seconds},v1=${hex(made)}` };
    }
    case 'STANDARD': {
      const made = await sign(
        'SHA-256',
        fromBase64(secret.replace(/^whsec_/, '')),
        joined(`${id}.${seconds}.`, body, ''),
      );
      return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${base64(made)}` };
    }
    case 'HMAC': {
      const { algorithm, encoding, header, prefix, signedContent, timestampHeader } = hmac!;
      const [before = '', after = ''] = signedContent.replace('{timestamp}', seconds).split('{body}');
      const made = await sign(algorithm.replace('SHA', 'SHA-'), key, joined(before, body, after));
      const text = prefix + (encoding === 'HEX' ? hex(made) : base64(made));
      return { [header]: text, ...(timestampHeader && { [timestampHeader]: seconds }) };
    }
    default:
      return {};
  }
}

async function sign(hash: string, secret: Uint8Array<ArrayBuffer>, content: Uint8Array<ArrayBuffer>) {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, content));
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function joined(before: string, body: Uint8Array, after: string): Uint8Array<ArrayBuffer> {
  const [head, tail] = [bytesOf(before), bytesOf(after)];
  const all = new Uint8Array(head.length + body.length + tail.length);
  all.set(head);
  all.set(body, head.length);
  all.set(tail, head.length + body.length);
  return all;
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** A secret that is hard to guess; base64 after "whsec_" for Standard Webhooks. */
export function newSecret(isStandard: boolean): string {
  const bytes = crypto.getRandomValues(new Uint8Array(24));
  return isStandard ? `whsec_${base64(bytes)}` : hex(bytes);
}
