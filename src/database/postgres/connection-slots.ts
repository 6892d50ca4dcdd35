// Connects to a server that may have no free connection slot: waits for one in bounded time.
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { backoffMs } from '../../base/backoff.ts';
import { asError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { isNotNow } from './errors.ts';

const firstRetryMs = 50;
const lastRetryMs = 1_000;
/** How long callers share the connections there are before the pool tries to grow again. */
const shareMs = 1_000;
const warnEveryMs = 60_000;

/**
 * Connections of a pool. While the server refuses new ones, because it is starting or has no free slot, callers take
 * turns with those that are open; without any, they try again.
 */
export class ConnectionSlots {
  readonly #pool: pg.Pool;
  readonly #size: number;
  readonly #logger: Logger | undefined;
  #growth: NodeJS.Timeout | undefined;
  #warnedAt = -Infinity;

  constructor(pool: pg.Pool, logger: Logger | undefined) {
    this.#pool = pool;
    this.#size = pool.options.max;
    this.#logger = logger;
  }

  /** Rejects with the last refusal once `waitMs` have passed, and at once with any other failure. */
  async connect(waitMs: number): Promise<pg.PoolClient> {
    const deadline = performance.now() + waitMs;
    for (let failures = 1; ; failures++) {
      try {
        return await this.#pool.connect();
      } catch (failure) {
        if (!isNotNow(failure) || performance.now() >= deadline || this.#pool.ending) throw failure;
        this.#share();
        this.#warn(failure);
        if (this.#pool.totalCount === 0) await delay(backoffMs(failures, firstRetryMs, lastRetryMs));
      }
    }
  }

  /** A full pool queues its callers. */
  #share(): void {
    this.#pool.options.max = Math.max(1, this.#pool.totalCount);
    if (this.#growth) return;
    this.#growth = setTimeout(() => {
      this.#growth = undefined;
      this.#pool.options.max = this.#size;
    }, shareMs).unref();
  }

  #warn(failure: unknown): void {
    const now = performance.now();
    if (now - this.#warnedAt < warnEveryMs) return;
    this.#warnedAt = now;
    this.#logger?.warn(
      { err: asError(failure), open: this.#pool.totalCount, poolSize: this.#size },
      'the Postgres server accepts no further connection now; waiting',
    );
  }
}
