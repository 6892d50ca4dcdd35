// Verification of webhook signatures: Standard Webhooks, GitHub, Stripe, or any HMAC in a header.
import type { SignatureScheme } from '../../../generated/prisma/enums.ts';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { verify as verifyGitHub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isLongerThan, lengthOf } from '../../base/text-length.ts';
import { defaultToleranceSeconds, type HmacTerms, isSignedBy } from './hmac.ts';
import { checkText } from '../values/json.ts';

export type { SignatureScheme } from '../../../generated/prisma/enums.ts';

/** Header values by lower-case name. */
export type Headers = ReadonlyMap<string, string>;

/** The signature that a webhook requires. */
export interface SignatureTerms {
  readonly signature: SignatureScheme;
  readonly secrets: readonly string[];
  readonly hmac: HmacTerms | null;
}

/**
 * Returns the secrets, or refuses them with BAD_USER_INPUT: a scheme needs at least one, NONE takes none. `argument` is
 * the caller's name for them. Messages never contain a secret.
 */
export function checkSecrets(
  scheme: SignatureScheme,
  secrets: readonly string[],
  argument: string,
): readonly string[] {
  if (scheme === 'NONE') {
    if (secrets.length === 0) return secrets;
    throw badInput(`${argument} requires a signature scheme: STANDARD, GITHUB, STRIPE or HMAC.`);
  }
  if (secrets.length === 0) throw badInput(`${argument} is missing: the signature ${scheme} needs a secret.`);
  if (secrets.length > limits.triggerSecrets) {
    throw badInput(
      `${argument} has ${secrets.length} secrets; at most ${limits.triggerSecrets} are allowed.`,
    );
  }
  for (const secret of secrets) checkSecret(scheme, secret, argument);
  return secrets;
}

function checkSecret(scheme: SignatureScheme, secret: string, argument: string): void {
  if (secret === '' || isLongerThan(secret, limits.nameLength)) {
    throw badInput(
      `${argument} has a secret of ${lengthOf(secret)} characters; 1 to ${limits.nameLength} are allowed.`,
    );
  }
  checkText(argument, secret);
  if (scheme === 'STANDARD' && !isStandardSecret(secret)) {
    throw badInput(
      `${argument} is not a Standard Webhooks secret: base64, with an optional prefix "whsec_".`,
    );
  }
}

function isStandardSecret(secret: string): boolean {
  try {
    return Boolean(new Webhook(secret));
  } catch {
    return false;
  }
}

/** Why the headers show that a delivery lacks its signature; null if they do not. */
export function missingSignature(terms: SignatureTerms, headers: Headers): string | null {
  const names = headersNeeded(terms, headers);
  const missing = names.filter((name) => !headers.get(name));
  if (missing.length === 0) return null;
  return `The signature is missing: there is no header ${missing.join(', ')}.`;
}

/**
 * Null if one of the secrets made a signature of the delivery; otherwise the reason, as a sentence for the sender.
 * STANDARD and GITHUB sign text, so that a body that is not UTF-8 is refused.
 */
export async function signatureFault(
  terms: SignatureTerms,
  headers: Headers,
  body: Buffer,
): Promise<string | null> {
  const { signature: scheme, secrets, hmac } = terms;
  const missing = missingSignature(terms, headers);
  if (scheme === 'NONE' || missing !== null) return missing;
  if (scheme === 'STRIPE') return stripeFault(secrets, headers.get('stripe-signature')!, body);
  if (scheme === 'HMAC') return hmac === null ? wrong : hmacFault(secrets, hmac, headers, body);
  const text = utf8Of(body);
  if (text === null) return 'The body is not UTF-8, so its signature cannot be verified.';
  return scheme === 'STANDARD'
    ? standardFault(secrets, headers, text)
    : gitHubFault(secrets, headers.get('x-hub-signature-256')!, text);
}

/** Headers of Standard Webhooks, under their own names and those of Svix. */
const standardNames = ['webhook', 'svix'].map((prefix) =>
  ['id', 'timestamp', 'signature'].map((part) => `${prefix}-${part}`),
);

function headersNeeded({ signature, hmac }: SignatureTerms, headers: Headers): readonly string[] {
  switch (signature) {
    case 'NONE':
      return [];
    case 'STANDARD':
      return standardNames.find((names) => names.every((name) => headers.get(name))) ?? standardNames[0]!;
    case 'GITHUB':
      return ['x-hub-signature-256'];
    case 'STRIPE':
      return ['stripe-signature'];
    case 'HMAC':
      return [hmac?.header, hmac?.timestampHeader].filter((name) => name != null);
  }
}

const wrong = 'The signature is wrong: it matches none of this webhook’s secrets for this body.';
const untimely = (seconds: number) =>
  `The signature’s time differs from the current time by more than ${seconds} seconds.`;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text; null if they are not UTF-8. */
export function utf8Of(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

function standardFault(secrets: readonly string[], headers: Headers, text: string): string | null {
  const [id, timestamp, signature] = headersNeeded(
    { signature: 'STANDARD', secrets, hmac: null },
    headers,
  ).map((name) => headers.get(name) ?? '') as [string, string, string];
  if (!isTimely(timestamp)) return untimely(defaultToleranceSeconds);
  const named = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  const isValid = secrets.some((secret) => {
    try {
      new Webhook(secret).verify(text, named, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  });
  return isValid ? null : wrong;
}

function hmacFault(
  secrets: readonly string[],
  hmac: HmacTerms,
  headers: Headers,
  body: Buffer,
): string | null {
  const { header, timestampHeader, toleranceSeconds } = hmac;
  const timestamp = timestampHeader === null ? '' : (headers.get(timestampHeader) ?? '');
  if (timestampHeader !== null && !isTimely(timestamp, toleranceSeconds)) return untimely(toleranceSeconds);
  const signature = headers.get(header) ?? '';
  return isSignedBy(secrets, hmac, { signature, timestamp, body }) ? null : wrong;
}

async function gitHubFault(
  secrets: readonly string[],
  signature: string,
  text: string,
): Promise<string | null> {
  for (const secret of secrets) {
    // The library rejects empty bodies, and GitHub sends none.
    if (text !== '' && (await verifyGitHub(secret, text, signature))) return null;
  }
  return wrong;
}

/** `t=<seconds>,v1=<hex>`, with a v1 for each active secret at Stripe. Other schemes (v0) are ignored. */
function stripeFault(secrets: readonly string[], header: string, body: Buffer): string | null {
  const parts = header.split(',').map((part) => part.trim().split('=', 2) as [string, string?]);
  const time = parts.find(([name]) => name === 't')?.[1] ?? '';
  if (!isTimely(time)) return untimely(defaultToleranceSeconds);
  const given = parts.flatMap(([name, value]) => (name === 'v1' && value ? [Buffer.from(value)] : []));
  const isValid = secrets.some((secret) => {
    const made = Buffer.from(createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex'));
    return given.some((one) => one.length === made.length && timingSafeEqual(one, made));
  });
  return isValid ? null : wrong;
}

function isTimely(seconds: string, tolerance = defaultToleranceSeconds): boolean {
  return /^\d{1,12}$/.test(seconds) && Math.abs(Date.now() / 1000 - Number(seconds)) <= tolerance;
}
