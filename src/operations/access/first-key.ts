// The first key: created in a database without keys, if the settings have none.
import { newId } from '../../base/ids.ts';
import type { Database } from '../../database/database.ts';
import { hashOf, newPrefix, newSecret } from '../../domain/access/key-secret.ts';
import { insertFirstKey } from '../../store/control/keys.ts';

/**
 * An admin's key; null if the database has keys already, revoked ones included. `keep` stores the secret before the key
 * is committed: if it rejects, there is no key.
 */
export async function makeFirstKey(
  database: Database,
  keep: (secret: string) => Promise<void>,
): Promise<string | null> {
  const prefix = newPrefix();
  const secret = newSecret(prefix);
  return database.transaction(async (tx) => {
    const isNew = await insertFirstKey(tx, newId(), { prefix, hash: hashOf(secret).toString('hex') });
    if (isNew) await keep(secret);
    return isNew ? secret : null;
  });
}
