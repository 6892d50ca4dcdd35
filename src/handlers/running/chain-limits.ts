// Limits on the depth of a chain of runs and on the runs of a request, so that handlers that trigger each other end.
import DataLoader from 'dataloader';
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { type ChainLocation, type ChainStanding, readChainStandings } from '../../store/control/handlers.ts';

const most = { depth: limits.chainDepth, steps: limits.chainEvents, runs: limits.requestRuns };

export class ChainLimits {
  /** Batches concurrent reads, without a cache. */
  readonly #standings: DataLoader<ChainLocation, ChainStanding, string>;
  /** Runs about to be committed, by request. The database does not know them yet. */
  readonly #coming = new Map<string, number>();

  constructor(database: Database) {
    this.#standings = new DataLoader(
      async (places: readonly ChainLocation[]) => {
        const byKey = new Map(places.map((place) => [keyOf(place), place]));
        const standings = await readChainStandings(database, [...byKey.values()], most);
        const found = new Map([...byKey.keys()].map((key, n) => [key, standings[n]!]));
        return places.map((place) => found.get(keyOf(place))!);
      },
      { cache: false, maxBatchSize: limits.flushItems },
    );
  }

  /**
   * Reserves room for this many runs below the event `parentId` in `requestId`, or returns why there is none. Call
   * `release` when the runs are committed or given up. A new request needs no read.
   */
  async reserve(
    parentId: string | null,
    requestId: string,
    count: number,
    isNew = false,
  ): Promise<{ readonly refusal: ThroughlineError | null; readonly release: () => void }> {
    const { depth, runs } = isNew
      ? { depth: 0, runs: 0 }
      : await this.#standings.load({ parentId, requestId });
    // No await from here on, so that concurrent reservations see each other.
    const coming = this.#coming.get(requestId) ?? 0;
    const refusal = refusalOf(depth, runs + coming + count, requestId);
    if (refusal) return { refusal, release: () => {} };
    this.#coming.set(requestId, coming + count);
    return { refusal, release: () => this.#release(requestId, count) };
  }

  #release(requestId: string, count: number): void {
    const left = (this.#coming.get(requestId) ?? 0) - count;
    if (left > 0) this.#coming.set(requestId, left);
    else this.#coming.delete(requestId);
  }
}

function refusalOf(depth: number, runs: number, requestId: string): ThroughlineError | null {
  if (depth >= most.depth) {
    return new ThroughlineError(
      'LIMIT_EXCEEDED',
      `The chain already has ${most.depth} levels of handlers, which is the limit. Do these handlers trigger each other?`,
    );
  }
  if (runs <= most.runs) return null;
  return new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The request ${requestId} already has ${most.runs} runs of handlers, which is the limit.`,
  );
}

function keyOf({ parentId, requestId }: ChainLocation): string {
  return `${parentId ?? ''} ${requestId}`;
}
