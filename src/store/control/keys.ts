// The keys that callers present, by hash.
import type { ApiKeyModel } from '../../../generated/prisma/models.ts';
import type { Queryable } from '../../database/database.ts';

export interface StoredKey extends Readonly<Pick<ApiKeyModel, 'name' | 'hash'>> {
  readonly scopes: readonly string[];
}

/** Answers false where a key of that name is there already; then nothing is changed. */
export async function insertKey(database: Queryable, id: string, key: StoredKey): Promise<boolean> {
  const rows = await database.query({
    text: `INSERT INTO api_keys (id, name, hash, scopes, created_at) VALUES ($1, $2, $3, $4::text[], now())
      ON CONFLICT DO NOTHING RETURNING id`,
    values: [id, key.name, key.hash, key.scopes],
  });
  return rows.length > 0;
}

export function readKeys(database: Queryable): Promise<StoredKey[]> {
  return database.query({
    text: 'SELECT name, hash, scopes FROM api_keys WHERE revoked_at IS NULL',
    values: [],
  });
}
