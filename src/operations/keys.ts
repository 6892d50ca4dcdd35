// Who may ask: keys are compared by their hashes, in constant time, and never kept as they are.
import { newId } from '../base/ids.ts';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Database } from '../database/database.ts';
import type { Caller } from './callers.ts';
import { insertKey, readKeys, type StoredKey } from '../store/control/keys.ts';

export type Viewer = Pick<Caller, 'name' | 'keyId' | 'scopes' | 'rows'>;

/** Keys are read at start; one made meanwhile by another gateway of the same first start is read too. */
export interface Keys {
  /** Null for a key that is not known. */
  authenticate(key: string): Viewer | null;
  /** A key made just now, to be shown once; null where there was one or one was given. */
  readonly madeKey: string | null;
}

const admin = { name: 'admin', scopes: ['admin'] } as const;

/** `adminKey` from the settings is the only admin's key while it is set; without one, one is made at the first start. */
export async function openKeys(database: Database, adminKey: string | null): Promise<Keys> {
  if (adminKey !== null) return keysOf([{ ...admin, hash: hashOf(adminKey) }], null);
  const made = `tl_${randomBytes(24).toString('base64url')}`;
  const isNew = await insertKey(database, newId(), { ...admin, hash: hashOf(made) });
  return keysOf(await readKeys(database), isNew ? made : null);
}

function keysOf(stored: readonly StoredKey[], madeKey: string | null): Keys {
  const known = stored.map(({ name, scopes, hash }) => ({
    viewer: { name, keyId: null, scopes, rows: null },
    hash: Buffer.from(hash, 'hex'),
  }));
  return {
    madeKey,
    authenticate: (key) => {
      const given = Buffer.from(hashOf(key), 'hex');
      // Every known key is compared, so that the time says nothing about which one came close.
      const matches = known.filter(({ hash }) => timingSafeEqual(hash, given));
      return matches[0]?.viewer ?? null;
    },
  };
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}
