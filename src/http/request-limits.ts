// Limits of requests: rate and concurrency per key, and a rate of wrong keys per address.
import { LRUCache } from 'lru-cache';
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/logger.ts';
import { TokenBucket } from '../base/token-bucket.ts';
import type { Config } from '../config.ts';
import type { Refusal, Who } from '../operations/access/audit.ts';
import type { Identity } from './credentials.ts';

const windowSeconds = 60;

interface KeyState {
  readonly bucket: TokenBucket | null;
  readonly rate: number;
  running: number;
}

/** The caller's rate limit as HTTP headers; empty for a key without one. */
export type RateHeaders = Readonly<Record<string, string>>;

export interface Admission {
  /** The error with which the request is refused; null if it is admitted. */
  readonly refusal: ThroughlineError | null;
  readonly headers: RateHeaders;
}

export type RequestLimitSettings = Pick<Config, 'keyRateLimit' | 'keyConcurrency'> & {
  readonly logger: Logger;
  /** Told of each request that is refused for its key. */
  readonly onRefused?: ((who: Who, refusal: Refusal) => void) | undefined;
};

export class RequestLimits {
  readonly #settings: RequestLimitSettings;
  readonly #keys = new LRUCache<string, KeyState>({ max: limits.knownKeys });
  readonly #addresses = new LRUCache<string, TokenBucket>({ max: limits.unknownKeys });
  readonly #logged = new TokenBucket(limits.wrongKeyLogLines / windowSeconds, limits.wrongKeyLogLines, 0);

  constructor(settings: RequestLimitSettings) {
    this.#settings = settings;
  }

  /** Counts a request of this key. */
  admit(identity: Identity, address: string | null): Admission {
    const admission = this.#admission(identity);
    if (admission.refusal !== null) this.#tell({ ...identity, address }, admission.refusal);
    return admission;
  }

  #admission(identity: Identity): Admission {
    const { keyRateLimit, keyConcurrency } = this.#settings;
    if (identity.rateLimit == null && keyRateLimit === null && keyConcurrency === null) return free;
    const state = this.#stateOf(identity);
    if (keyConcurrency !== null && state.running >= keyConcurrency)
      return { refusal: tooManyAtOnce(keyConcurrency), headers: { 'Retry-After': '1' } };
    const { bucket, rate } = state;
    if (bucket === null) return free;
    const now = Date.now();
    const waitSeconds = waitOf(bucket, rate, now);
    if (waitSeconds === 0) bucket.take(1, now);
    const headers = {
      'RateLimit-Policy': `"key";q=${rate};w=${windowSeconds}`,
      RateLimit: `"key";r=${Math.max(0, Math.floor(bucket.left(now)))};t=${Math.ceil(windowSeconds / rate)}`,
    };
    if (waitSeconds === 0) return { refusal: null, headers };
    return {
      refusal: tooMany(rate, waitSeconds),
      headers: { ...headers, 'Retry-After': String(waitSeconds) },
    };
  }

  /** Counts an operation that runs now, until the function returned is called. */
  enter(identity: Identity): () => void {
    if (this.#settings.keyConcurrency === null) return nothing;
    const state = this.#stateOf(identity);
    state.running += 1;
    let isOver = false;
    return () => {
      if (!isOver) state.running -= 1;
      isOver = true;
    };
  }

  /** Counts a wrong key from this address: the error to answer with, once there were too many. */
  refuseWrongKey(address: string): ThroughlineError | null {
    const now = Date.now();
    const most = limits.wrongKeysPerMinute;
    const bucket = this.#addresses.get(address) ?? new TokenBucket(most / windowSeconds, most, now);
    this.#addresses.set(address, bucket);
    const waitSeconds = waitOf(bucket, most, now);
    if (waitSeconds === 0) bucket.take(1, now);
    this.#log(address, now);
    const error = waitSeconds === 0 ? null : tooManyWrong(waitSeconds);
    this.#tell({ name: null, keyId: null, address }, error ?? unknownKey);
    return error;
  }

  #tell(
    { name, keyId, address }: Omit<Who, 'requestId'>,
    { code, message }: Pick<Refusal, 'code' | 'message'>,
  ): void {
    this.#settings.onRefused?.({ name, keyId, address, requestId: null }, { operation: null, code, message });
  }

  #log(address: string, now: number): void {
    if (this.#logged.waitMs(now) > 0) return;
    this.#logged.take(1, now);
    this.#settings.logger.warn({ address }, 'a request with a missing or unknown key was refused');
  }

  #stateOf({ keyId, name, rateLimit }: Identity): KeyState {
    const id = keyId ?? `name ${name}`;
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const rate = rateLimit ?? this.#settings.keyRateLimit;
    const bucket = rate === null ? null : new TokenBucket(rate / windowSeconds, rate, Date.now());
    const state = { bucket, rate: rate ?? 0, running: 0 };
    this.#keys.set(id, state);
    return state;
  }
}

/** Seconds until a whole request is allowed at `rate` a minute; 0 if it is now. */
function waitOf(bucket: TokenBucket, rate: number, now: number): number {
  return Math.max(0, Math.ceil((1 - bucket.left(now)) * (windowSeconds / rate)));
}

const free: Admission = { refusal: null, headers: {} };
const nothing = () => {};
const unknownKey = { code: 'UNAUTHENTICATED', message: 'The key is missing or unknown.' };

function tooMany(rate: number, retryAfterSeconds: number): ThroughlineError {
  return new ThroughlineError(
    'RATE_LIMITED',
    `Your key has made more than ${rate} requests a minute; try again in ${retryAfterSeconds} s.`,
    { retryAfterSeconds },
  );
}

function tooManyAtOnce(most: number): ThroughlineError {
  return new ThroughlineError(
    'RATE_LIMITED',
    `Your key has ${most} operations running at this gateway, the most it may have at once; wait for some to end.`,
    { retryAfterSeconds: 1 },
  );
}

function tooManyWrong(retryAfterSeconds: number): ThroughlineError {
  return new ThroughlineError(
    'RATE_LIMITED',
    `More than ${limits.wrongKeysPerMinute} requests a minute with wrong keys came from your address; try again in ${retryAfterSeconds} s.`,
    { retryAfterSeconds },
  );
}
