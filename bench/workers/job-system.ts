// What all job systems are asked: to take jobs in, and to have all of them done by workers who do nothing but say so.

export interface JobSystem {
  fill(count: number): Promise<void>;
  /** Has the jobs done and answers how many were done a second; rejects unless each was done once and is on record so. */
  drain(count: number): Promise<number>;
  close(): Promise<void>;
}

/** Ids of what was done; nothing may be done twice. */
export class Done {
  readonly #ids = new Set<string>();

  add(id: string): void {
    if (this.#ids.has(id)) throw new Error(`${id} was done twice`);
    this.#ids.add(id);
  }

  get count(): number {
    return this.#ids.size;
  }
}

export function expectCount(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what}: ${found} and not ${expected}`);
}
