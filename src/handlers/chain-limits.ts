// How long a chain of runs may get, and how many a request may have: handlers that cause one another end somewhere.
import DataLoader from 'dataloader';
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { type ChainPlace, type ChainStanding, readChainStandings } from '../store/handlers.ts';

const most = { depth: limits.chainDepth, steps: limits.chainEvents, runs: limits.requestRuns };

export class ChainLimits {
  /** Asked for together, read together; nothing is remembered. */
  readonly #standings: DataLoader<ChainPlace, ChainStanding, string>;
  /** Runs by request that are about to be written: the database does not know of them yet. */
  readonly #coming = new Map<string, number>();

  constructor(database: Database) {
    this.#standings = new DataLoader(
      async (places: readonly ChainPlace[]) => {
        const byKey = new Map(places.map((place) => [keyOf(place), place]));
        const standings = await readChainStandings(database, [...byKey.values()], most);
        const found = new Map([...byKey.keys()].map((key, n) => [key, standings[n]!]));
        return places.map((place) => found.get(keyOf(place))!);
      },
      { cache: false, maxBatchSize: limits.flushItems },
    );
  }

  /**
   * Room for so many runs below the event `parentId` in `requestId`, or why there is none. `release` is called when they
   * are written, or will not be. What is asked of a new request need not be read.
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
    // From here on at once: who is asked for in the same moment has to see it.
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
      `The chain has ${most.depth} levels of handlers above this one, which is the most there can be: do they cause one another?`,
    );
  }
  if (runs <= most.runs) return null;
  return new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The request ${requestId} has ${most.runs} runs of handlers, which is the most there can be.`,
  );
}

function keyOf({ parentId, requestId }: ChainPlace): string {
  return `${parentId ?? ''} ${requestId}`;
}
