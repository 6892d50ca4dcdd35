// A gateway's cache of API keys: each is read at its first use and kept up to date while in use.
import { LRUCache } from 'lru-cache';
import { asError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../../database/database.ts';
import { hashOf, isOfEarlierFormat, prefixOf } from '../../domain/access/key-secret.ts';
import {
  findChangedKeys,
  readKeyByHash,
  readKeyByPrefix,
  readKeysByIds,
  type StoredKey,
} from '../../store/control/keys.ts';
import type { Identity } from './credential.ts';
import { KeyUsage } from './key-usage.ts';
import { KnownKey } from './known-key.ts';

/** How often the keys in use are compared with the database, in milliseconds. */
const checkMs = 900;
/** How long after its last use a key is kept up to date, in milliseconds; used later, it is read again. */
const idleMs = 60_000;
/** How long it is remembered that a secret is not known, in milliseconds. */
const unknownMs = 5_000;

type Read = (database: Database) => Promise<StoredKey | null>;

export class KnownKeys {
  readonly #database: Database;
  readonly #logger: Logger;
  readonly #usage: KeyUsage;
  readonly #byId = new Map<string, KnownKey>();
  readonly #ids = new Map<string, string>();
  readonly #reading = new Map<string, Promise<void>>();
  readonly #unknown = new LRUCache<string, true>({ max: limits.unknownKeys, ttl: unknownMs });
  /** Raised when a key changes, so that what is being read meanwhile is read again. */
  #changes = 0;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
    this.#usage = new KeyUsage(database, logger);
  }

  /** A promise at the first use of a key alone. Null if the key is unknown, expired or revoked. */
  authenticate(secret: string): Identity | null | Promise<Identity | null> {
    const prefix = prefixOf(secret);
    if (prefix === null && !isOfEarlierFormat(secret)) return null;
    const hash = hashOf(secret);
    const lookup = prefix ?? hash.toString('hex');
    const known = this.#match(lookup, hash);
    if (known !== undefined) return known;
    if (this.#unknown.has(hash.toString('hex'))) return null;
    return this.#readAndMatch(lookup, hash, prefix === null ? readerByHash(lookup) : readerByPrefix(lookup));
  }

  /** The key with this id; null if it is unknown, expired or revoked. */
  async find(id: string): Promise<KnownKey | null> {
    if (!this.#byId.has(id)) {
      await this.#readOnce(id, async (database) => (await readKeysByIds(database, [id]))[0] ?? null);
    }
    const key = this.#byId.get(id);
    return key?.works(Date.now()) ? key : null;
  }

  /** Resolves when a change of this key is in effect here. */
  async changed(id: string): Promise<void> {
    this.#changes += 1;
    if (this.#byId.has(id)) await this.#refresh([id]);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#checking;
    await this.#usage.stop();
  }

  #match(lookup: string, hash: Buffer): Identity | null | undefined {
    const key = this.#byId.get(this.#ids.get(lookup) ?? '');
    if (key === undefined) return undefined;
    const now = Date.now();
    const identity = key.match(hash, now);
    if (identity) this.use(key, now);
    return identity;
  }

  /** Keeps the key up to date, and notes its last use. */
  use(key: KnownKey, now: number): void {
    this.#usage.note(key, now);
    if (now - key.usedAt > checkMs) {
      // The order of the map is, about, the order of use.
      this.#byId.delete(key.id);
      this.#byId.set(key.id, key);
    }
    key.usedAt = now;
  }

  /** A secret that does not match may have been made since its key was read. */
  async #readAndMatch(lookup: string, hash: Buffer, read: Read): Promise<Identity | null> {
    const begun = this.#reading.get(lookup);
    if (begun !== undefined) {
      await begun;
      const identity = this.#match(lookup, hash);
      if (identity !== undefined) return identity;
    }
    await this.#readOnce(lookup, read);
    const identity = this.#match(lookup, hash);
    if (identity === undefined) this.#unknown.set(hash.toString('hex'), true);
    return identity ?? null;
  }

  /** Those who want the same key at once share one read. */
  #readOnce(lookup: string, read: Read): Promise<void> {
    const begun = this.#reading.get(lookup);
    if (begun !== undefined) return begun;
    const reading = this.#read(lookup, read).finally(() => this.#reading.delete(lookup));
    this.#reading.set(lookup, reading);
    return reading;
  }

  async #read(lookup: string, read: Read): Promise<void> {
    for (;;) {
      const changes = this.#changes;
      const row = await read(this.#database);
      if (changes !== this.#changes) continue;
      if (row !== null) this.#keep(row, lookup);
      return;
    }
  }

  #keep(row: StoredKey, lookup: string): void {
    const known = this.#byId.get(row.id);
    if (row.revokedAt !== null) return this.#end(known);
    known?.update(row);
    const key = known ?? new KnownKey(row, Date.now());
    this.#byId.set(key.id, key);
    key.lookups.add(lookup);
    this.#ids.set(lookup, key.id);
    if (this.#byId.size > limits.knownKeys) this.#dropOldest();
    this.#checkLater();
  }

  /** It works no longer. */
  #end(key: KnownKey | undefined): void {
    if (key === undefined) return;
    this.#drop(key);
    key.end();
  }

  #drop(key: KnownKey): void {
    key.isDropped = true;
    this.#byId.delete(key.id);
    for (const lookup of key.lookups) this.#ids.delete(lookup);
  }

  /** Keeps credentials with open sockets or streams: these are notified when their key ends. */
  #dropOldest(): void {
    for (const key of this.#byId.values()) {
      if (!key.isHeld) return this.#drop(key);
    }
  }

  async #refresh(ids: readonly string[]): Promise<void> {
    const rows = await readKeysByIds(this.#database, ids);
    const found = new Map(rows.map((row) => [row.id, row]));
    for (const id of ids) {
      const key = this.#byId.get(id);
      const row = found.get(id);
      if (key === undefined) continue;
      if (row === undefined || row.revokedAt !== null) this.#end(key);
      else key.update(row);
    }
  }

  /** Nobody else changes keys of an embedded database. */
  #checkLater(): void {
    if (this.#database.kind === 'embedded' || this.#isStopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#checking = this.#check().then(() => {
        this.#timer = undefined;
        if (this.#byId.size > 0) this.#checkLater();
      });
    }, checkMs).unref();
  }

  async #check(): Promise<void> {
    const now = Date.now();
    for (const key of this.#byId.values()) {
      if (!key.isHeld && now - key.usedAt > idleMs) this.#drop(key);
    }
    const keys = [...this.#byId.values()];
    if (keys.length === 0) return;
    try {
      const ids = keys.map(({ id }) => id);
      const changed = await findChangedKeys(
        this.#database,
        ids,
        keys.map(({ hash }) => hash),
      );
      if (changed.length > 0) await this.#refresh(changed);
    } catch (error) {
      this.#logger.debug({ err: asError(error) }, 'the keys in use could not be checked');
    }
  }
}

function readerByPrefix(prefix: string): Read {
  return (database) => readKeyByPrefix(database, prefix);
}

function readerByHash(hash: string): Read {
  return (database) => readKeyByHash(database, hash);
}
