// The operation createAccessToken: a short-lived JWT with a part of its creator's rights.
import { SignJWT } from 'jose';
import { badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import {
  checkKeyName,
  checkNames,
  checkProjects,
  checkScopes,
  checkTopics,
} from '../../domain/access/api-key.ts';
import { refuseExcess } from '../../domain/access/grants.ts';
import { rowScope } from '../../domain/access/row-scope.ts';
import { claimsOf, ownIssuer } from '../../domain/access/token-claims.ts';
import type { Caller } from '../callers.ts';
import { signingAlgorithm, type SigningKeys } from './signing-keys.ts';

export interface CreateAccessTokenInput {
  readonly name: string;
  readonly scopes: readonly string[];
  /** Null or absent: as the caller's. */
  readonly projects?: readonly string[] | null | undefined;
  readonly topics?: readonly string[] | null | undefined;
  readonly requestIds?: readonly string[] | null | undefined;
  readonly expiresInSeconds?: number | null | undefined;
}

export interface AccessToken {
  readonly token: string;
  /** Not later than the caller's own key or token expires. */
  readonly expiresAt: Date;
}

/** It names the caller's key, with which it ends. */
export async function createToken(
  keys: SigningKeys,
  caller: Caller,
  input: CreateAccessTokenInput,
): Promise<AccessToken> {
  const seconds = input.expiresInSeconds ?? limits.defaultTokenSeconds;
  if (seconds < limits.minTokenSeconds || seconds > limits.tokenSeconds)
    throw badInput(
      `expiresInSeconds is ${seconds}; ${limits.minTokenSeconds} to ${limits.tokenSeconds} is allowed.`,
    );
  const own = caller.rows;
  const grants = {
    name: checkKeyName(input.name),
    scopes: checkScopes(input.scopes),
    rows: rowScope({
      projects: checkProjects(input.projects ?? null) ?? own?.projects ?? null,
      topics: checkTopics(input.topics ?? null) ?? own?.topics ?? null,
      requestIds: checkNames('requestIds', input.requestIds ?? null) ?? own?.requestIds ?? null,
    }),
  };
  refuseExcess({ ...caller, expiresAt: null }, grants);
  const ends = Math.min(Date.now() + seconds * 1_000, caller.expiresAt?.getTime() ?? Infinity);
  const expiresAt = new Date(Math.floor(ends / 1_000) * 1_000);
  const { id, privateKey } = await keys.signer();
  const token = await new SignJWT({ ...claimsOf(grants), ...(caller.keyId && { key: caller.keyId }) })
    .setProtectedHeader({ alg: signingAlgorithm, kid: id, typ: 'at+jwt' })
    .setIssuer(ownIssuer)
    .setAudience(ownIssuer)
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(privateKey);
  return { token, expiresAt };
}
