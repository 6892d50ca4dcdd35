// API keys: found by their prefix, and read, made and changed in single statements.
import sql, { empty, raw } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { type ApiKey, type KeyDraft, prefixOfEarlierKeys } from '../../domain/access/api-key.ts';
import type { CreationPoint } from '../../domain/values/created-page.ts';

const shown = `k.id, k.name, coalesce(k.prefix, '${prefixOfEarlierKeys}') AS prefix, k.scopes, k.projects, k.topics,
  k.created_at AS "createdAt", k.created_by AS "createdBy", k.expires_at AS "expiresAt",
  k.last_used_at AS "lastUsedAt", k.revoked_at AS "revokedAt", k.rate_limit AS "rateLimit"`;
const shownColumns = raw(shown);
const now = `date_trunc('milliseconds', clock_timestamp())`;

/** A key with its hashes, in hexadecimal. */
export interface StoredKey extends ApiKey {
  readonly hash: string;
  readonly previousHash: string | null;
  readonly previousUntil: Date | null;
}

const stored = `${shown}, k.hash, k.previous_hash AS "previousHash", k.previous_until AS "previousUntil"`;

/** The key with this prefix, revoked or not. */
export async function readKeyByPrefix(database: Queryable, prefix: string): Promise<StoredKey | null> {
  const [row] = await database.query<StoredKey>({
    name: 'key-by-prefix',
    text: `SELECT ${stored} FROM api_keys k WHERE k.prefix = $1`,
    values: [prefix],
  });
  return row ?? null;
}

/** The key whose secret has, or had before its last rotation, this hash. */
export async function readKeyByHash(database: Queryable, hash: string): Promise<StoredKey | null> {
  const [row] = await database.query<StoredKey>({
    name: 'key-by-hash',
    text: `SELECT ${stored} FROM api_keys k WHERE k.hash = $1 OR k.previous_hash = $1`,
    values: [hash],
  });
  return row ?? null;
}

export function readKeysByIds(database: Queryable, ids: readonly string[]): Promise<StoredKey[]> {
  return database.query({
    name: 'keys-by-ids',
    text: `SELECT ${stored} FROM api_keys k WHERE k.id = ANY($1::uuid[])`,
    values: [ids],
  });
}

/** Of the keys given with the hashes known of them: the ids of those that were rotated, revoked or removed. */
export async function findChangedKeys(
  database: Queryable,
  ids: readonly string[],
  hashes: readonly string[],
): Promise<string[]> {
  const rows = await database.query<{ id: string }>({
    name: 'changed-keys',
    text: `SELECT known.id FROM unnest($1::uuid[], $2::text[]) AS known(id, hash)
      LEFT JOIN api_keys k ON k.id = known.id
      WHERE k.id IS NULL OR k.revoked_at IS NOT NULL OR k.hash <> known.hash`,
    values: [ids, hashes],
  });
  return rows.map(({ id }) => id);
}

/** Each of these keys was used, at the latest at `at`, which is the beginning of a minute. */
export async function writeLastUsed(database: Queryable, ids: readonly string[], at: Date): Promise<void> {
  await database.query(sql`
    WITH used AS MATERIALIZED (
      SELECT id FROM api_keys WHERE id = ANY(${ids}::uuid[]) AND (last_used_at IS NULL OR last_used_at < ${at}::timestamptz)
      ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE api_keys k SET last_used_at = ${at}::timestamptz FROM used WHERE k.id = used.id`);
}

export interface NewSecret {
  readonly prefix: string;
  readonly hash: string;
}

/** The first key; false if there is any already, revoked ones included. */
export async function insertFirstKey(
  database: Queryable,
  id: string,
  { prefix, hash }: NewSecret,
): Promise<boolean> {
  const rows = await database.query(sql`
    INSERT INTO api_keys (id, name, prefix, hash, scopes, created_at)
    SELECT ${id}::uuid, 'admin', ${prefix}, ${hash}, ARRAY['admin'], ${raw(now)}
    WHERE NOT EXISTS (SELECT FROM api_keys) ON CONFLICT DO NOTHING RETURNING id`);
  return rows.length > 0;
}

/** Null if the name, or the prefix, is in use; then nothing is changed. */
export async function insertKey(
  database: Queryable,
  id: string,
  draft: KeyDraft,
  { prefix, hash }: NewSecret,
  createdBy: string,
): Promise<ApiKey | null> {
  const [row] = await database.query<ApiKey>(sql`
    INSERT INTO api_keys AS k (id, name, prefix, hash, scopes, projects, topics, created_at, created_by, expires_at,
      rate_limit)
    VALUES (${id}::uuid, ${draft.name}, ${prefix}, ${hash}, ${draft.scopes}::text[], ${draft.projects}::text[],
      ${draft.topics}::text[], ${raw(now)}, ${createdBy}, ${draft.expiresAt}::timestamptz, ${draft.rateLimit}::int4)
    ON CONFLICT DO NOTHING RETURNING ${shownColumns}`);
  return row ?? null;
}

/**
 * Gives the key another secret; the one it had works for `graceSeconds` more. A key of an earlier version gets the new
 * prefix, any other keeps its own. Null if there is no such key, or it is revoked.
 */
export async function replaceSecret(
  database: Queryable,
  id: string,
  { prefix, hash }: NewSecret,
  graceSeconds: number,
): Promise<ApiKey | null> {
  const previous =
    graceSeconds === 0
      ? sql`previous_hash = NULL, previous_until = NULL`
      : sql`previous_hash = k.hash, previous_until = ${raw(now)} + make_interval(secs => ${graceSeconds})`;
  const [row] = await database.query<ApiKey>(sql`
    UPDATE api_keys k SET hash = ${hash}, prefix = coalesce(k.prefix, ${prefix}), ${previous}
    WHERE k.id = ${id}::uuid AND k.revoked_at IS NULL RETURNING ${shownColumns}`);
  return row ?? null;
}

/** As it is afterwards, also where it was revoked before. Null if there is no such key. */
export async function revokeStoredKey(database: Queryable, id: string): Promise<ApiKey | null> {
  const [row] = await database.query<ApiKey>(sql`
    UPDATE api_keys k SET revoked_at = coalesce(k.revoked_at, ${raw(now)}), previous_hash = NULL, previous_until = NULL
    WHERE k.id = ${id}::uuid RETURNING ${shownColumns}`);
  return row ?? null;
}

export interface KeyQuery {
  readonly limit: number;
  readonly after: CreationPoint | null;
  /** Null: revoked and not. */
  readonly revoked: boolean | null;
  /** Only keys that are restricted to some of these; null: all. */
  readonly projects: readonly string[] | null;
  /** Only keys that are restricted to topics within these, as patterns for LIKE; null: all. */
  readonly likeTopics: readonly string[] | null;
}

export function listKeys(database: Queryable, query: KeyQuery): Promise<ApiKey[]> {
  const { limit, after, revoked, projects, likeTopics } = query;
  const conditions = [
    after === null ? empty : sql`AND (k.created_at, k.id) > (${after.at}::timestamptz, ${after.id}::uuid)`,
    revoked === null ? empty : sql`AND (k.revoked_at IS NOT NULL) = ${revoked}::bool`,
    projects === null ? empty : sql`AND k.projects <@ ${projects}::text[]`,
    likeTopics === null
      ? empty
      : sql`AND k.topics IS NOT NULL
        AND NOT EXISTS (SELECT FROM unnest(k.topics) AS t WHERE NOT t LIKE ANY(${likeTopics}::text[]))`,
  ];
  const [first = empty, second = empty, third = empty, fourth = empty] = conditions;
  return database.query(sql`SELECT ${shownColumns} FROM api_keys k
    WHERE true ${first} ${second} ${third} ${fourth} ORDER BY k.created_at, k.id LIMIT ${limit}`);
}
