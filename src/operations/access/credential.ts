// A credential: an accepted secret or token, its owner, and the listeners to notify when it ends.
import type { Caller } from '../callers.ts';

/** The owner of a key or token. */
export interface Identity extends Pick<Caller, 'name' | 'keyId' | 'scopes' | 'rows' | 'expiresAt'> {
  /**
   * Calls `listener` once when the key or token stops working: revoked, rotated or expired. The function returned removes
   * the listener. Absent if it works as long as the gateway runs.
   */
  readonly onEnd?: ((listener: () => void) => () => void) | undefined;
  /** Requests a minute; null or absent: the gateway's default. */
  readonly rateLimit?: number | null | undefined;
}

/** The longest delay of a timer of Node's. */
const longestDelayMs = 2 ** 31 - 1;

export class Credential {
  readonly identity: Identity;
  /** In milliseconds since 1970. */
  #until: number;
  #isEnded = false;
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(identity: Omit<Identity, 'onEnd'>, until: Date | null) {
    this.identity = { ...identity, onEnd: (listener) => this.#onEnd(listener) };
    this.#until = until?.getTime() ?? Infinity;
  }

  /** Whether somebody waits for its end: it has open sockets, streams or waiting calls. */
  get isHeld(): boolean {
    return this.#listeners.size > 0;
  }

  works(now: number): boolean {
    return !this.#isEnded && now < this.#until;
  }

  /** It ends at this time, unless it was to end earlier. */
  endAt(until: Date): void {
    this.#until = Math.min(this.#until, until.getTime());
    if (this.isHeld) this.#arm();
  }

  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    clearTimeout(this.#timer);
    for (const listener of this.#listeners) listener();
    this.#listeners.clear();
  }

  #onEnd(listener: () => void): () => void {
    if (this.#isEnded) queueMicrotask(listener);
    else this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#arm();
    return () => {
      this.#listeners.delete(listener);
      if (!this.isHeld) clearTimeout(this.#timer);
    };
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#until === Infinity || this.#isEnded) return;
    const left = this.#until - Date.now();
    if (left <= 0) return queueMicrotask(() => this.end());
    this.#timer = setTimeout(() => this.#arm(), Math.min(left, longestDelayMs)).unref();
  }
}
