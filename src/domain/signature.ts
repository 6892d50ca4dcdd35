// Whether a delivery was signed with one of a webhook's secrets, in the schemes of Standard Webhooks, GitHub and Stripe.
import type { SignatureScheme } from '../../generated/prisma/enums.ts';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { verify as verifyGitHub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import { badInput } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isLongerThan, lengthOf } from '../base/text-length.ts';
import { checkText } from './json.ts';

export type { SignatureScheme } from '../../generated/prisma/enums.ts';

/** Header values by name in lower case. */
export type Headers = ReadonlyMap<string, string>;

/** How far the time in a signature may be from ours, either way, in seconds (the libraries have the same). */
const toleranceSeconds = 300;

/**
 * Returns the secrets, or refuses them with BAD_USER_INPUT: a scheme needs at least one, NONE takes none. `argument` is
 * what the caller calls them. A secret is never repeated in a message.
 */
export function checkSecrets(
  scheme: SignatureScheme,
  secrets: readonly string[],
  argument: string,
): readonly string[] {
  if (scheme === 'NONE') {
    if (secrets.length === 0) return secrets;
    throw badInput(
      `${argument} has no meaning with signature NONE; say which scheme: STANDARD, GITHUB or STRIPE.`,
    );
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
      `${argument} is not a secret of Standard Webhooks, which is "whsec_" (or nothing) and then base64.`,
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

/**
 * Null where one of the secrets made a signature that came along; otherwise why not, in a sentence that can be sent back.
 * STANDARD and GITHUB sign text: a body that is not UTF-8 is refused.
 */
export async function signatureFault(
  scheme: SignatureScheme,
  secrets: readonly string[],
  headers: Headers,
  body: Buffer,
): Promise<string | null> {
  if (scheme === 'NONE') return null;
  const missing = signatureHeaders[scheme].filter((name) => !headers.get(name));
  if (missing.length > 0) return `The signature is missing: there is no header ${missing.join(', ')}.`;
  if (scheme === 'STRIPE') return stripeFault(secrets, headers.get('stripe-signature')!, body);
  const text = utf8Of(body);
  if (text === null) return 'The body is not UTF-8, so that its signature can not be verified.';
  return scheme === 'STANDARD'
    ? standardFault(secrets, headers, text)
    : gitHubFault(secrets, headers.get('x-hub-signature-256')!, text);
}

const signatureHeaders = {
  STANDARD: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  GITHUB: ['x-hub-signature-256'],
  STRIPE: ['stripe-signature'],
} as const;

const wrong = 'The signature is wrong: no secret of this webhook makes it for this body.';
const untimely = `The signature’s time is not within ${toleranceSeconds} seconds of now.`;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The bytes as text; null where they are not UTF-8. */
export function utf8Of(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

function standardFault(secrets: readonly string[], headers: Headers, text: string): string | null {
  if (!isTimely(headers.get('webhook-timestamp')!)) return untimely;
  const isValid = secrets.some((secret) => {
    try {
      new Webhook(secret).verify(text, Object.fromEntries(headers), { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  });
  return isValid ? null : wrong;
}

async function gitHubFault(
  secrets: readonly string[],
  signature: string,
  text: string,
): Promise<string | null> {
  for (const secret of secrets) {
    // The library takes no empty body, and GitHub sends none.
    if (text !== '' && (await verifyGitHub(secret, text, signature))) return null;
  }
  return wrong;
}

/** `t=<seconds>,v1=<hex>`, with a v1 for each secret that is in use at Stripe; other schemes (v0) are passed over. */
function stripeFault(secrets: readonly string[], header: string, body: Buffer): string | null {
  const parts = header.split(',').map((part) => part.trim().split('=', 2) as [string, string?]);
  const time = parts.find(([name]) => name === 't')?.[1] ?? '';
  if (!isTimely(time)) return untimely;
  const given = parts.flatMap(([name, value]) => (name === 'v1' && value ? [Buffer.from(value)] : []));
  const isValid = secrets.some((secret) => {
    const made = Buffer.from(createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex'));
    return given.some((one) => one.length === made.length && timingSafeEqual(one, made));
  });
  return isValid ? null : wrong;
}

function isTimely(seconds: string): boolean {
  return /^\d{1,12}$/.test(seconds) && Math.abs(Date.now() / 1000 - Number(seconds)) <= toleranceSeconds;
}
