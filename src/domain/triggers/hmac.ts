// HMAC signatures in a header: which header, its encoding, and the signed content.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { checkText } from '../values/json.ts';
import { checkHeader } from './webhook-header.ts';
import { optionalName } from '../events/send.ts';
import { checkWithin } from '../values/whole-number.ts';

export const hmacAlgorithms = ['SHA1', 'SHA256', 'SHA512'] as const;
export type HmacAlgorithm = (typeof hmacAlgorithms)[number];
export const hmacEncodings = ['HEX', 'BASE64'] as const;
export type HmacEncoding = (typeof hmacEncodings)[number];

type Given<T> = T | null | undefined;

/** HMAC settings as they arrive. Null means absent. */
export interface HmacInput {
  readonly header: string;
  readonly prefix?: Given<string>;
  readonly encoding?: Given<HmacEncoding>;
  readonly algorithm?: Given<HmacAlgorithm>;
  readonly timestampHeader?: Given<string>;
  readonly toleranceSeconds?: Given<number>;
  readonly signedContent?: Given<string>;
}

export interface HmacTerms {
  /** In lower case. */
  readonly header: string;
  /** Text before the signature in the header; often empty. */
  readonly prefix: string;
  readonly encoding: HmacEncoding;
  readonly algorithm: HmacAlgorithm;
  /** In lower case; null if the time is not signed. */
  readonly timestampHeader: string | null;
  readonly toleranceSeconds: number;
  /** Contains {body}, and {timestamp} if the time is signed. */
  readonly signedContent: string;
}

/** Throws BAD_USER_INPUT. */
export function checkHmac(given: HmacInput): HmacTerms {
  const timestampHeader = checkHeader('hmac.timestampHeader', given.timestampHeader);
  const prefix = given.prefix ? optionalName('hmac.prefix', given.prefix) : null;
  return {
    header: checkHeader('hmac.header', given.header) ?? '',
    prefix: prefix ?? '',
    encoding: given.encoding ?? 'HEX',
    algorithm: given.algorithm ?? 'SHA256',
    timestampHeader,
    toleranceSeconds: checkTolerance(given.toleranceSeconds, timestampHeader),
    signedContent: checkContent(given.signedContent, timestampHeader),
  };
}

/** Default tolerance between a signature's time and ours, in either direction, in seconds. */
export const defaultToleranceSeconds = 300;

function checkTolerance(given: Given<number>, timestampHeader: string | null): number {
  if (given == null) return defaultToleranceSeconds;
  if (timestampHeader === null) throw badInput('hmac.toleranceSeconds requires hmac.timestampHeader.');
  return checkWithin('hmac.toleranceSeconds', given, 1, limits.signatureToleranceSeconds);
}

function checkContent(given: Given<string>, timestampHeader: string | null): string {
  const content =
    optionalName('hmac.signedContent', given) ?? (timestampHeader === null ? '{body}' : '{timestamp}.{body}');
  checkText('hmac.signedContent', content);
  const times = content.split('{timestamp}').length - 1;
  if (content.split('{body}').length !== 2 || times !== (timestampHeader === null ? 0 : 1)) {
    throw badInput(
      `hmac.signedContent ${JSON.stringify(content.slice(0, 60))} must contain {body} once, and {timestamp} ${timestampHeader === null ? 'only with hmac.timestampHeader' : 'once'}, such as "v0:{timestamp}:{body}".`,
    );
  }
  return content;
}

/** Whether one of the secrets made the signature in the header. Does not check the time. */
export function isSignedBy(
  secrets: readonly string[],
  terms: HmacTerms,
  { signature, timestamp, body }: { signature: string; timestamp: string; body: Buffer },
): boolean {
  const { prefix, encoding, algorithm } = terms;
  if (!signature.startsWith(prefix)) return false;
  const given = Buffer.from(comparable(signature.slice(prefix.length), encoding));
  const [before = '', after = ''] = terms.signedContent.split('{body}');
  const withTime = (text: string) => text.replace('{timestamp}', () => timestamp);
  return secrets.some((secret) => {
    const hmac = createHmac(algorithm, secret).update(withTime(before)).update(body).update(withTime(after));
    const made = Buffer.from(comparable(hmac.digest(encoding === 'HEX' ? 'hex' : 'base64'), encoding));
    return given.length === made.length && timingSafeEqual(given, made);
  });
}

/** Normalises a signature: hex digits in either case; base64 with or without padding, in either alphabet. */
function comparable(signature: string, encoding: HmacEncoding): string {
  const text = signature.trim();
  return encoding === 'HEX'
    ? text.toLowerCase()
    : text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
}
