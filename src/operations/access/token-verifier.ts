// Verification of JWTs: those signed by gateways, and those of the configured issuer.
import {
  createRemoteJWKSet,
  decodeJwt,
  importSPKI,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  type JWTVerifyOptions,
} from 'jose';
import { asError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { ForeignIssuer } from '../../domain/access/foreign-issuer.ts';
import { grantsOfClaims, ownIssuer, type TokenGrants } from '../../domain/access/token-claims.ts';
import { signingAlgorithm, type SigningKeys } from './signing-keys.ts';

export interface VerifiedToken extends TokenGrants {
  /** Of the key that made it; null for others. */
  readonly keyId: string | null;
  readonly expiresAt: Date;
}

/** How long fetched keys are used before they are fetched again in the background, in milliseconds. */
const jwksMaxAgeMs = 600_000;
/** The least time between two fetches for tokens with unknown keys, in milliseconds. */
const jwksCooldownMs = 5_000;

export class TokenVerifier {
  readonly #signingKeys: SigningKeys;
  readonly #foreign: ForeignIssuer | null;
  readonly #logger: Logger;
  readonly #foreignKey: JWTVerifyGetKey | null;

  constructor(signingKeys: SigningKeys, foreign: ForeignIssuer | null, logger: Logger) {
    this.#signingKeys = signingKeys;
    this.#foreign = foreign;
    this.#logger = logger;
    this.#foreignKey = foreign === null ? null : this.#keysOf(foreign);
  }

  /** Null for a token that is not to be accepted. */
  async verify(token: string): Promise<VerifiedToken | null> {
    try {
      return decodeJwt(token).iss === ownIssuer
        ? await this.#verifyOwn(token)
        : await this.#verifyForeign(token);
    } catch (error) {
      this.#logger.debug({ err: asError(error) }, 'a token was refused');
      return null;
    }
  }

  async #verifyOwn(token: string): Promise<VerifiedToken> {
    const keyOf: JWTVerifyGetKey = async ({ kid = '' }) => {
      const key = uuid.test(kid) ? await this.#signingKeys.publicKey(kid) : null;
      if (key === null) throw new Error('the token names no key of this installation');
      return key;
    };
    const options = { issuer: ownIssuer, audience: ownIssuer, algorithms: [signingAlgorithm], typ: 'at+jwt' };
    const { payload } = await jwtVerify(token, keyOf, { ...options, requiredClaims });
    const { key = null } = payload;
    if (key !== null && (typeof key !== 'string' || !uuid.test(key)))
      throw new Error('the claim key is no id');
    return { ...verified(payload), keyId: key };
  }

  async #verifyForeign(token: string): Promise<VerifiedToken> {
    if (this.#foreign === null || this.#foreignKey === null) throw new Error('no other issuer is set');
    const { issuer, audience, algorithms } = this.#foreign;
    const options: JWTVerifyOptions = { issuer, audience, algorithms: [...algorithms], requiredClaims };
    const { payload } = await jwtVerify(token, this.#foreignKey, options);
    return { ...verified(payload), keyId: null };
  }

  #keysOf({ keys, algorithms }: ForeignIssuer): JWTVerifyGetKey {
    if ('publicKey' in keys) {
      return ({ alg = algorithms[0]! }) => importSPKI(keys.publicKey, alg);
    }
    const options = { cacheMaxAge: Infinity, cooldownDuration: jwksCooldownMs, timeoutDuration: 5_000 };
    const remote = createRemoteJWKSet(new URL(keys.jwksUrl), options);
    let fetchedAt = Date.now();
    // Keys that were fetched once are used on while their host can't be reached.
    const refresh = () => {
      fetchedAt = Date.now();
      remote.reload().catch((error: unknown) => {
        this.#logger.warn({ err: asError(error) }, 'the keys of THROUGHLINE_JWKS_URL could not be fetched');
      });
    };
    return (header, input) => {
      if (Date.now() - fetchedAt > jwksMaxAgeMs) refresh();
      return remote(header, input);
    };
  }
}

const requiredClaims = ['sub', 'exp'];
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

function verified(payload: JWTPayload): Omit<VerifiedToken, 'keyId'> {
  return { ...grantsOfClaims(payload), expiresAt: new Date(payload.exp! * 1_000) };
}
