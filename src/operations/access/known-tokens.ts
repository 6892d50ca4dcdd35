// A gateway's cache of tokens: each is verified at its first use and kept until it expires.
import { LRUCache } from 'lru-cache';
import { limits } from '../../base/limits.ts';
import { hashOf } from '../../domain/access/key-secret.ts';
import { Credential, type Identity } from './credential.ts';
import type { KnownKey } from './known-key.ts';
import type { KnownKeys } from './known-keys.ts';
import type { TokenVerifier, VerifiedToken } from './token-verifier.ts';

/** How long it is remembered that a token is refused, in milliseconds. */
const refusedMs = 5_000;

interface KnownToken {
  readonly credential: Credential;
  readonly identity: Identity;
  /** The key that made it, with which it ends. */
  readonly maker: KnownKey | null;
}

export class KnownTokens {
  readonly #verifier: TokenVerifier;
  readonly #keys: KnownKeys;
  readonly #known = new LRUCache<string, KnownToken>({ max: limits.knownTokens });
  readonly #refused = new LRUCache<string, true>({ max: limits.unknownKeys, ttl: refusedMs });
  readonly #verifying = new Map<string, Promise<Identity | null>>();

  constructor(verifier: TokenVerifier, keys: KnownKeys) {
    this.#verifier = verifier;
    this.#keys = keys;
  }

  /** A promise at the first use of a token alone. Null if it is not to be accepted, or works no longer. */
  authenticate(token: string): Identity | null | Promise<Identity | null> {
    if (token.length > limits.tokenLength) return null;
    const hash = hashOf(token).toString('base64');
    const known = this.#known.get(hash);
    const now = Date.now();
    if (known?.credential.works(now) === false) return null;
    if (known !== undefined && known.maker?.works(now) !== false) {
      if (known.maker) this.#keys.use(known.maker, now);
      return known.identity;
    }
    if (this.#refused.has(hash)) return null;
    const begun = this.#verifying.get(hash);
    if (begun !== undefined) return begun;
    const verifying = this.#verify(token, hash).finally(() => this.#verifying.delete(hash));
    this.#verifying.set(hash, verifying);
    return verifying;
  }

  async #verify(token: string, hash: string): Promise<Identity | null> {
    const verified = await this.#verifier.verify(token);
    const maker = verified?.keyId == null ? null : await this.#keys.find(verified.keyId);
    if (verified === null || (verified.keyId !== null && maker === null)) {
      this.#refused.set(hash, true);
      return null;
    }
    const known = knownToken(verified, maker);
    this.#known.set(hash, known);
    return known.identity;
  }
}

/** Is the text a JWT, as far as its form goes? */
export function isToken(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]*$/.test(text);
}

function knownToken({ expiresAt, ...grants }: VerifiedToken, maker: KnownKey | null): KnownToken {
  const { rateLimit = null } = maker?.identity ?? {};
  const credential = new Credential({ ...grants, expiresAt, rateLimit }, expiresAt);
  const { identity } = credential;
  if (maker === null) return { credential, identity, maker };
  const onEnd = (listener: () => void) => {
    const ends = [identity.onEnd!(listener), maker.identity.onEnd!(listener)];
    return () => ends.forEach((remove) => remove());
  };
  return { credential, identity: { ...identity, onEnd }, maker };
}
