// Authentication: the key from the settings, then tokens and the keys of the database.
import { timingSafeEqual } from 'node:crypto';
import { hashOf } from '../../domain/access/key-secret.ts';
import type { Identity } from './credential.ts';
import type { KnownKeys } from './known-keys.ts';
import { isToken, type KnownTokens } from './known-tokens.ts';

/** A promise at the first use of a key alone. Null if the key is not known, or works no longer. */
export type Authenticate = (key: string) => Identity | null | Promise<Identity | null>;

const admin: Identity = { name: 'admin', keyId: null, scopes: ['admin'], rows: null, expiresAt: null };

/** `adminKey` is never stored: it works while it is set. */
export function createAuthenticate(
  adminKey: string | null,
  keys: KnownKeys,
  tokens: KnownTokens,
): Authenticate {
  const adminHash = adminKey === null ? null : hashOf(adminKey);
  return (key) => {
    if (adminHash !== null && timingSafeEqual(adminHash, hashOf(key))) return admin;
    return isToken(key) ? tokens.authenticate(key) : keys.authenticate(key);
  };
}
