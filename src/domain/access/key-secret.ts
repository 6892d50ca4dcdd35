// The secrets of API keys: their format, how they are made, and the hash under which they are stored.
import { createHash, randomBytes } from 'node:crypto';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const publicLength = 8;
/** 238 bits. */
const randomLength = 40;

const secretFormat = /^(tl_[0-9A-Za-z]{8})_[0-9A-Za-z]{40}$/;
const earlierFormat = /^tl_[\w-]{32}$/;

export function newPrefix(): string {
  return `tl_${randomText(publicLength)}`;
}

export function newSecret(prefix: string): string {
  return `${prefix}_${randomText(randomLength)}`;
}

/** The public part of a secret; null if the text is none of the current format. */
export function prefixOf(secret: string): string | null {
  return secretFormat.exec(secret)?.[1] ?? null;
}

/** Whether the text may be a secret of the first version, which had no public part. */
export function isOfEarlierFormat(secret: string): boolean {
  return earlierFormat.test(secret);
}

/** SHA-256. A secret is random, so that a slow hash would protect nothing. */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function randomText(length: number): string {
  let text = '';
  while (text.length < length) {
    // Larger bytes would make some characters likelier than others.
    for (const byte of randomBytes(2 * length))
      if (byte < 248 && text.length < length) text += alphabet[byte % 62];
  }
  return text;
}
