// Key pairs that sign and verify access tokens: created monthly, stored in the database, cached here.
import { exportJWK, generateKeyPair, importJWK, type JWK, type CryptoKey as Key } from 'jose';
import { LRUCache } from 'lru-cache';
import { newId } from '../../base/ids.ts';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import {
  insertSigningKey,
  readPublicKey,
  readSigningKey,
  type SigningKey,
} from '../../store/control/signing-keys.ts';

export const signingAlgorithm = 'ES256';

/** How long a pair signs, in days. */
const signingDays = 30;

interface Signer {
  readonly id: string;
  readonly privateKey: Key;
  readonly signsUntil: Date;
}

export class SigningKeys {
  readonly #database: Database;
  #signer: Promise<Signer> | undefined;
  readonly #publicKeys = new LRUCache<string, Promise<Key | null>>({ max: 100, ttl: 3_600_000 });

  constructor(database: Database) {
    this.#database = database;
  }

  /** The pair that signs now. Gateways that need a new one at once may each make one. */
  async signer(): Promise<Signer> {
    const known = await this.#signer?.catch(() => undefined);
    if (known !== undefined && known.signsUntil.getTime() > Date.now()) return known;
    this.#signer = this.#open();
    return this.#signer;
  }

  /** Null if there is no such pair. */
  async publicKey(id: string): Promise<Key | null> {
    const known = this.#publicKeys.get(id);
    if (known !== undefined) return known;
    const reading = this.#readPublic(id);
    this.#publicKeys.set(id, reading);
    // What is not there yet may be there soon.
    const forget = () => void this.#publicKeys.delete(id);
    reading.then((key) => key ?? forget(), forget);
    return reading;
  }

  async #open(): Promise<Signer> {
    const { id, privateKey, signsUntil } = (await readSigningKey(this.#database, 60)) ?? (await this.#make());
    return {
      id,
      privateKey: (await importJWK(JSON.parse(privateKey) as JWK, signingAlgorithm)) as Key,
      signsUntil,
    };
  }

  async #make(): Promise<SigningKey> {
    const pair = await generateKeyPair(signingAlgorithm, { extractable: true });
    const [publicKey = '', privateKey = ''] = await Promise.all(
      [pair.publicKey, pair.privateKey].map(async (key) => JSON.stringify(await exportJWK(key))),
    );
    return insertSigningKey(
      this.#database,
      { id: newId(), publicKey, privateKey },
      { days: signingDays, keptSeconds: 2 * limits.tokenSeconds },
    );
  }

  async #readPublic(id: string): Promise<Key | null> {
    const jwk = await readPublicKey(this.#database, id);
    return jwk === null ? null : ((await importJWK(JSON.parse(jwk) as JWK, signingAlgorithm)) as Key);
  }
}
