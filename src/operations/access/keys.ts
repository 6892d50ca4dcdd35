// The operations on API keys: create, rotate, revoke and list.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import {
  type ApiKey,
  checkKey,
  type CreateKeyInput,
  type KeyDraft,
  prefixOfEarlierKeys,
} from '../../domain/access/api-key.ts';
import { isWithinGrants, refuseExcess } from '../../domain/access/grants.ts';
import { hashOf, newPrefix, newSecret } from '../../domain/access/key-secret.ts';
import { rowScope } from '../../domain/access/row-scope.ts';
import { hasScope } from '../../domain/access/scopes.ts';
import { checkPage, type Page } from '../../domain/events/page.ts';
import { checkId } from '../../domain/events/send.ts';
import { likePattern } from '../../domain/events/topic.ts';
import { createdPage, parseCreationPoint } from '../../domain/values/created-page.ts';
import { checkWithin } from '../../domain/values/whole-number.ts';
import { hasKeyNamed } from '../../store/control/key-administration.ts';
import {
  insertKey,
  listKeys,
  readKeysByIds,
  replaceSecret,
  revokeStoredKey,
} from '../../store/control/keys.ts';
import type { Caller } from '../callers.ts';
import { type AccessToken, type CreateAccessTokenInput, createToken } from './create-token.ts';
import { SigningKeys } from './signing-keys.ts';

/** A key and its secret, which is nowhere else. */
export interface CreatedKey {
  readonly key: ApiKey;
  readonly secret: string;
}

export interface KeyListing {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  /** Null: revoked keys and others. */
  readonly revoked?: boolean | null | undefined;
}

/** Known errors are ThroughlineErrors. All need the scope `keys`, and give no more than the caller has: else FORBIDDEN. */
export interface KeyOperations {
  createKey(caller: Caller, input: CreateKeyInput): Promise<CreatedKey>;
  /** The secret that the key had works for `graceSeconds` more. */
  rotateKey(caller: Caller, id: string, graceSeconds: number): Promise<CreatedKey>;
  /** In effect at this gateway when it resolves. A key that was revoked before stays as it is. */
  revokeKey(caller: Caller, id: string): Promise<ApiKey>;
  /** Oldest first; a caller with restrictions sees the keys within them. */
  keys(caller: Caller, listing: KeyListing): Promise<Page<ApiKey>>;
  /** A token that ends with the caller's key, at the latest. */
  createAccessToken(caller: Caller, input: CreateAccessTokenInput): Promise<AccessToken>;
  /** Null if there is no such key, or the caller may not see keys. */
  key(caller: Caller, id: string): Promise<ApiKey | null>;
}

export interface KeyParts {
  readonly database: Database;
  /** Tells this gateway and the others that a key has changed; resolves when it is in effect here. */
  readonly onChanged: (id: string) => Promise<void>;
}

export function createKeyOperations(parts: KeyParts): KeyOperations {
  const { database, onChanged } = parts;
  const signingKeys = new SigningKeys(database);
  return {
    createKey: (caller, input) => create(database, caller, input),
    rotateKey: (caller, id, graceSeconds) => rotate(parts, caller, id, graceSeconds),
    revokeKey: async (caller, given) => {
      requireKeys(caller);
      const { id } = await readTarget(database, caller, given);
      const revoked = await revokeStoredKey(database, id);
      if (revoked === null) throw noKey(id);
      await onChanged(id);
      return revoked;
    },
    createAccessToken: async (caller, input) => {
      requireKeys(caller);
      return createToken(signingKeys, caller, input);
    },
    keys: async (caller, listing) => {
      requireKeys(caller);
      return list(database, caller, listing);
    },
    key: async (caller, id) => {
      if (!hasScope(caller.scopes, 'keys')) return null;
      const [key] = await readKeysByIds(database, [id]);
      return key !== undefined && isVisible(caller, key) ? key : null;
    },
  };
}

async function create(database: Database, caller: Caller, input: CreateKeyInput): Promise<CreatedKey> {
  requireKeys(caller);
  const draft = checkKey(input, new Date());
  refuseRequests(caller);
  refuseExcess(caller, grantsOf(draft));
  for (;;) {
    const prefix = newPrefix();
    const secret = newSecret(prefix);
    const key = await insertKey(database, newId(), draft, { prefix, hash: hexOf(secret) }, caller.name);
    if (key !== null) return { key, secret };
    // Otherwise the prefix was taken, which happens once in 10^14.
    if (await hasKeyNamed(database, draft.name))
      throw badInput(`name ${JSON.stringify(draft.name)} is taken by another key; choose another.`);
  }
}

async function rotate(
  { database, onChanged }: KeyParts,
  caller: Caller,
  given: string,
  graceSeconds: number,
): Promise<CreatedKey> {
  requireKeys(caller);
  checkWithin('graceSeconds', graceSeconds, 0, limits.keyGraceSeconds);
  const { id, prefix: known } = await readTarget(database, caller, given);
  const prefix = known === prefixOfEarlierKeys ? newPrefix() : known;
  const secret = newSecret(prefix);
  const key = await replaceSecret(database, id, { prefix, hash: hexOf(secret) }, graceSeconds);
  if (key === null) throw badInput(`The key ${id} is revoked; create a new one.`);
  await onChanged(id);
  return { key, secret };
}

/** A key that the caller may change. It has no more rights than the caller, who may receive its secret. */
async function readTarget(database: Database, caller: Caller, given: string): Promise<ApiKey> {
  const id = checkId(given, 'id', 'a key');
  const [key] = await readKeysByIds(database, [id]);
  if (key === undefined || !isVisible(caller, key)) throw noKey(id);
  refuseExcess({ ...caller, expiresAt: null }, grantsOf(key));
  return key;
}

async function list(database: Database, caller: Caller, listing: KeyListing): Promise<Page<ApiKey>> {
  const { first = null, after = null, revoked = false } = listing;
  const { size } = checkPage({ first }, 'CREATED');
  const point = parseCreationPoint('K', after);
  const found = await listKeys(database, {
    limit: size + 1,
    after: point,
    revoked,
    projects: caller.rows?.projects ?? null,
    likeTopics: caller.rows?.topics?.map(likePattern) ?? null,
  });
  return createdPage('K', found, size, point);
}

function isVisible({ rows }: Caller, key: ApiKey): boolean {
  const { projects = null, topics = null } = rows ?? {};
  return isWithinGrants({ scopes: ['admin'], rows: rowScope({ projects, topics }) }, grantsOf(key));
}

function grantsOf({ scopes, projects, topics, expiresAt }: KeyDraft) {
  return { scopes, rows: rowScope({ projects, topics }), expiresAt };
}

function requireKeys({ name, scopes }: Caller): void {
  if (hasScope(scopes, 'keys')) return;
  throw new ThroughlineError(
    'FORBIDDEN',
    `This needs the scope keys, which the key ${JSON.stringify(name)} does not have.`,
    { scope: 'keys' },
  );
}

function refuseRequests({ rows }: Caller): void {
  if (rows?.requestIds == null) return;
  throw new ThroughlineError(
    'FORBIDDEN',
    'Your token is restricted to requests, which a key cannot be; create an access token instead.',
  );
}

function hexOf(secret: string): string {
  return hashOf(secret).toString('hex');
}

function noKey(id: string): ThroughlineError {
  return new ThroughlineError('NOT_FOUND', `There is no key ${id}.`, { keyId: id });
}
