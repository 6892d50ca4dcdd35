// Webhook settings: signature, handshake, allowed origins, and what is kept of deliveries.
import type { WebhookChallenge } from '../../../generated/prisma/enums.ts';
import type { TriggerModel } from '../../../generated/prisma/models.ts';
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { originOf } from '../../base/origin.ts';
import { checkText } from '../values/json.ts';
import { checkHmac, type HmacInput, type HmacTerms } from './hmac.ts';
import { optionalName } from '../events/send.ts';
import { checkSecrets, type SignatureScheme } from './signature.ts';
import { checkHeader } from './webhook-header.ts';

export type { WebhookChallenge } from '../../../generated/prisma/enums.ts';

type Given<T> = T | null | undefined;

/** Webhook settings as they arrive. Null means absent. */
export interface WebhookInput {
  readonly signature?: Given<SignatureScheme>;
  readonly secret?: Given<string>;
  readonly hmac?: Given<HmacInput>;
  readonly dedupeHeader?: Given<string>;
  readonly challenge?: Given<WebhookChallenge>;
  readonly verifyToken?: Given<string>;
  readonly keepCredentials?: Given<boolean>;
  readonly allowedOrigins?: Given<readonly string[]>;
}

/** Valid webhook settings. */
export interface WebhookTerms extends Readonly<
  Pick<TriggerModel, 'dedupeHeader' | 'challenge' | 'verifyToken' | 'keepCredentials'>
> {
  readonly signature: SignatureScheme;
  readonly secrets: readonly string[];
  /** Only for the scheme HMAC. */
  readonly hmac: HmacTerms | null;
  /** Origins of pages that may deliver from a browser, as browsers send them; * for any. */
  readonly allowedOrigins: readonly string[];
}

export function checkWebhook(given: WebhookInput): WebhookTerms {
  const signature = given.signature ?? 'NONE';
  const secrets = given.secret == null ? [] : [given.secret];
  const challenge = given.challenge ?? null;
  return {
    signature,
    secrets: checkSecrets(signature, secrets, 'secret'),
    hmac: checkHmacOf(signature, given.hmac),
    dedupeHeader: checkHeader('dedupeHeader', given.dedupeHeader),
    challenge,
    verifyToken: checkVerifyToken(challenge, given.verifyToken),
    keepCredentials: given.keepCredentials ?? false,
    allowedOrigins: checkOrigins(given.allowedOrigins ?? ['*']),
  };
}

function checkHmacOf(signature: SignatureScheme, given: Given<HmacInput>): HmacTerms | null {
  if ((signature === 'HMAC') === (given != null)) return given == null ? null : checkHmac(given);
  throw badInput(
    signature === 'HMAC'
      ? 'hmac is missing: the signature HMAC needs it, such as hmac: {header: "X-Signature"}.'
      : `hmac requires signature: HMAC, not ${signature}.`,
  );
}

/** The token is a secret, so messages do not contain it. */
function checkVerifyToken(challenge: WebhookChallenge | null, given: Given<string>): string | null {
  if ((challenge === 'META') !== (given != null)) {
    throw badInput(
      challenge === 'META'
        ? 'verifyToken is missing: the challenge META needs it.'
        : 'verifyToken requires the challenge META.',
    );
  }
  return optionalName('verifyToken', given);
}

function checkOrigins(given: readonly string[]): readonly string[] {
  if (given.length > limits.triggerOrigins) {
    throw badInput(
      `allowedOrigins has ${given.length} origins; at most ${limits.triggerOrigins} are allowed.`,
    );
  }
  return given.map((origin) => {
    checkText('allowedOrigins', origin);
    if (origin === '*') return origin;
    const valid = originOf(origin);
    if (valid !== null) return valid;
    throw badInput(
      `allowedOrigins has ${JSON.stringify(origin.slice(0, 60))}, which is not an origin (such as "https://shop.example") or "*".`,
    );
  });
}
