// Limits concurrent expensive reads, so that most connections stay free for writes and small reads.
import type { Database } from './database.ts';

/** Expensive reads at a time. The embedded database has a single connection. */
const lanesOf = { embedded: 1, postgres: 3 } as const;

type Start = () => void;

/** Callers take turns, and so do the reads of one caller. A read is one bounded statement of a longer series. */
export class ReadLanes {
  #free: number;
  /** By caller; the next in turn comes first. */
  readonly #waiting = new Map<string, Start[]>();

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
    return new Promise((start) => {
      const others = this.#waiting.get(caller);
      if (others) others.push(start);
      else this.#waiting.set(caller, [start]);
    });
  }

  /** Starts the next read. A served caller moves to the end of the queue. */
  #next(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    const [caller, starts] = next;
    const start = starts.shift()!;
    this.#waiting.delete(caller);
    if (starts.length > 0) this.#waiting.set(caller, starts);
    start();
  }
}

const lanes = new WeakMap<Database, ReadLanes>();

/** One instance per database. */
export function readLanes(database: Database): ReadLanes {
  const known = lanes.get(database) ?? new ReadLanes(lanesOf[database.kind]);
  lanes.set(database, known);
  return known;
}
