// The key pairs that sign access tokens.
import sql from 'sql-template-tag';
import type { SigningKeyModel } from '../../../generated/prisma/models.ts';
import type { Queryable } from '../../database/database.ts';

export type SigningKey = Readonly<Pick<SigningKeyModel, 'id' | 'publicKey' | 'privateKey' | 'signsUntil'>>;

/** The newest pair that signs for at least `seconds` more. */
export async function readSigningKey(database: Queryable, seconds: number): Promise<SigningKey | null> {
  const [row] = await database.query<SigningKey>(sql`
    SELECT id, public_key AS "publicKey", private_key AS "privateKey", signs_until AS "signsUntil" FROM signing_keys
    WHERE signs_until > now() + make_interval(secs => ${seconds}) ORDER BY signs_until DESC LIMIT 1`);
  return row ?? null;
}

/** The public half, as a JWK; null if there is no such pair. */
export async function readPublicKey(database: Queryable, id: string): Promise<string | null> {
  const [row] = await database.query<{ publicKey: string }>(
    sql`SELECT public_key AS "publicKey" FROM signing_keys WHERE id = ${id}::uuid`,
  );
  return row?.publicKey ?? null;
}

/** Also removes the pairs of which no token can be valid: those that have not signed for `keptSeconds`. */
export async function insertSigningKey(
  database: Queryable,
  { id, publicKey, privateKey }: Omit<SigningKey, 'signsUntil'>,
  { days, keptSeconds }: { readonly days: number; readonly keptSeconds: number },
): Promise<SigningKey> {
  const [row] = await database.query<{ signsUntil: Date }>(sql`
    WITH removed AS (
      DELETE FROM signing_keys WHERE signs_until < now() - make_interval(secs => ${keptSeconds})
    )
    INSERT INTO signing_keys (id, public_key, private_key, created_at, signs_until)
    VALUES (${id}::uuid, ${publicKey}, ${privateKey}, now(), now() + make_interval(days => ${days}))
    RETURNING signs_until AS "signsUntil"`);
  return { id, publicKey, privateKey, signsUntil: row!.signsUntil };
}
