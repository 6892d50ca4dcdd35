// Lanes for reads that may take long: a few at a time, so that most connections are free for writes and small reads.
import type { Database } from './database.ts';

/** Of the connections to a server; the embedded database has one connection, and makes one statement after another. */
const lanesOf = { embedded: 1, postgres: 3 } as const;

type Start = () => void;

/** Callers take turns, and so do the reads of each caller: a read is one bounded statement of many. */
export class ReadLanes {
  #free: number;
  /** By caller, those whose turn is next first. */
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

  /** The lane goes to who is next; a caller that was served goes to the end of the line. */
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

/** Those of all who read from this database. */
export function readLanes(database: Database): ReadLanes {
  const known = lanes.get(database) ?? new ReadLanes(lanesOf[database.kind]);
  lanes.set(database, known);
  return known;
}
