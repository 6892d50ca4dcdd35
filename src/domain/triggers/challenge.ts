// Verification handshakes of webhook services, and the answers to them.
import { createHash, timingSafeEqual } from 'node:crypto';
import { ThroughlineError } from '../../base/errors.ts';
import type { JsonObject } from '../values/json.ts';
import type { WebhookTerms } from './webhook.ts';

type ChallengeTerms = Pick<WebhookTerms, 'challenge' | 'verifyToken'>;

/**
 * Meta's handshake: a GET with the shared token and a text to echo in its query. Null if the request is no handshake,
 * UNAUTHENTICATED if the token is wrong.
 */
export function metaChallenge(
  { challenge, verifyToken }: ChallengeTerms,
  method: string,
  query: URLSearchParams,
): string | null {
  const asked = query.get('hub.challenge');
  if (challenge !== 'META' || method !== 'GET' || query.get('hub.mode') !== 'subscribe' || asked === null)
    return null;
  if (verifyToken !== null && isSame(query.get('hub.verify_token') ?? '', verifyToken)) return asked;
  throw new ThroughlineError('UNAUTHENTICATED', 'hub.verify_token is not the token of this webhook.');
}

/** Slack's handshake: a delivery of the type url_verification with a text to echo. Null if the delivery is none. */
export function slackChallenge({ challenge }: ChallengeTerms, payload: JsonObject): string | null {
  const { body } = payload as { readonly body?: JsonObject };
  const json = body?.json as JsonObject | null | undefined;
  const isAsked = challenge === 'SLACK' && json?.type === 'url_verification';
  return isAsked && typeof json.challenge === 'string' ? json.challenge : null;
}

/** Compares in constant time. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
