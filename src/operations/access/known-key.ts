// One API key in a gateway's cache: its current and its previous secret, and its last use.
import { timingSafeEqual } from 'node:crypto';
import { rowScope } from '../../domain/access/row-scope.ts';
import type { StoredKey } from '../../store/control/keys.ts';
import { Credential, type Identity } from './credential.ts';

interface Secret {
  readonly hash: Buffer;
  readonly credential: Credential;
}

export class KnownKey {
  readonly id: string;
  /** Under which it is found: its prefix, or the hashes of secrets without one. */
  readonly lookups = new Set<string>();
  readonly #lifetime: Credential;
  #row: StoredKey;
  #current: Secret;
  #previous: Secret | null = null;
  /** When it was last used, in milliseconds since 1970, and the minute for which that was noted. */
  usedAt: number;
  notedMinute = 0;
  /** No longer kept up to date: what was cached by it has to be looked up again. */
  isDropped = false;

  constructor(row: StoredKey, now: number) {
    this.id = row.id;
    this.#row = row;
    this.usedAt = now;
    this.#lifetime = new Credential(identityOf(row), row.expiresAt);
    this.#current = this.#secret(row.hash);
    this.#setPrevious(row, null);
  }

  /** Whether the key itself works, whatever its secrets. */
  works(now: number): boolean {
    return !this.isDropped && this.#lifetime.works(now);
  }

  /** In hexadecimal. */
  get hash(): string {
    return this.#row.hash;
  }

  /** What the key grants, until it is revoked or expires; rotations do not end it. */
  get identity(): Identity {
    return this.#lifetime.identity;
  }

  get isHeld(): boolean {
    const { isHeld } = this.#current.credential;
    return isHeld || this.#lifetime.isHeld || this.#previous?.credential.isHeld === true;
  }

  /** The identity of this secret; null if it is over, undefined if it is not known. Compares in constant time. */
  match(hash: Buffer, now: number): Identity | null | undefined {
    const isCurrent = timingSafeEqual(this.#current.hash, hash);
    const isPrevious = this.#previous !== null && timingSafeEqual(this.#previous.hash, hash);
    if (!isCurrent && !isPrevious) return undefined;
    const { credential } = isCurrent ? this.#current : this.#previous!;
    return credential.works(now) ? credential.identity : null;
  }

  /** Takes up what was read again. Secrets that it no longer has end. */
  update(row: StoredKey): void {
    const { hash, previousHash } = row;
    const before = this.#row.hash;
    this.#row = row;
    const replaced = this.#current;
    if (hash !== before) this.#current = this.#secret(hash);
    this.#setPrevious(row, before === previousHash ? replaced : null);
    if (hash !== before && this.#previous !== replaced) replaced.credential.end();
  }

  /** It was revoked, or is no longer there. */
  end(): void {
    this.#lifetime.end();
    this.#current.credential.end();
    this.#previous?.credential.end();
  }

  #secret(hash: string): Secret {
    return {
      hash: Buffer.from(hash, 'hex'),
      credential: new Credential(identityOf(this.#row), this.#row.expiresAt),
    };
  }

  #setPrevious({ previousHash, previousUntil }: StoredKey, replaced: Secret | null): void {
    const known = this.#previous;
    const kept = known !== null && known.hash.toString('hex') === previousHash ? known : replaced;
    if (known !== null && known !== kept) known.credential.end();
    this.#previous = previousHash === null ? null : (kept ?? this.#secret(previousHash));
    if (previousUntil !== null) this.#previous?.credential.endAt(previousUntil);
  }
}

function identityOf({ id, name, scopes, projects, topics, expiresAt, rateLimit }: StoredKey) {
  return { name, keyId: id, scopes, rows: rowScope({ projects, topics }), expiresAt, rateLimit };
}
