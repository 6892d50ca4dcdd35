// How long a chain of runs may get, and how many a request may have: handlers that cause one another end somewhere.
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { readChainStanding } from '../store/handlers.ts';

const most = { depth: limits.chainDepth, steps: limits.chainEvents, runs: limits.requestRuns };

export class ChainLimits {
  readonly #database: Database;
  /** Runs by request that are about to be written: the database does not know of them yet. */
  readonly #coming = new Map<string, number>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Why no run may be made for an event below `parentId` in `requestId`; null where it may. */
  async refusal(parentId: string | null, requestId: string): Promise<ThroughlineError | null> {
    const { depth, runs } = await readChainStanding(this.#database, parentId, requestId, most);
    if (depth >= most.depth) {
      return new ThroughlineError(
        'LIMIT_EXCEEDED',
        `The chain has ${most.depth} levels of handlers above this one, which is the most there can be: do they cause one another?`,
      );
    }
    if (runs + (this.#coming.get(requestId) ?? 0) < most.runs) return null;
    return new ThroughlineError(
      'LIMIT_EXCEEDED',
      `The request ${requestId} has ${most.runs} runs of handlers, which is the most there can be.`,
    );
  }

  /** The returned function is called when they are written, or will not be. */
  reserve(requestId: string, count: number): () => void {
    this.#coming.set(requestId, (this.#coming.get(requestId) ?? 0) + count);
    return () => {
      const left = (this.#coming.get(requestId) ?? 0) - count;
      if (left > 0) this.#coming.set(requestId, left);
      else this.#coming.delete(requestId);
    };
  }
}
