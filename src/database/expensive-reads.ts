// Limits concurrent expensive reads, so that most connections stay free for writes and small reads.
import { FairQueue } from '../base/fair-queue.ts';
import type { Database } from './database.ts';

/** Expensive reads at a time. The embedded database has a single connection. */
const lanesOf = { embedded: 1, postgres: 3 } as const;

/** Callers take turns, and so do the reads of one caller. A read is one bounded statement of a longer series. */
export class ReadLanes {
  #free: number;
  readonly #waiting = new FairQueue<() => void>();

  constructor(lanes: number) {
    this.#free = lanes;
  }

  async run<Result>(caller: string, read: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(caller);
    try {
      return await read();
    } finally {
      this.#next();
    }
  }

  #turn(caller: string): Promise<void> {
    return new Promise((start) => this.#waiting.push(caller, start));
  }

  /** Starts the next read. */
  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next.item();
  }
}

const lanes = new WeakMap<Database, ReadLanes>();

/** One instance per database. */
export function readLanes(database: Database): ReadLanes {
  const known = lanes.get(database) ?? new ReadLanes(lanesOf[database.kind]);
  lanes.set(database, known);
  return known;
}
