// Many small writes as few mutations: while one is under way, what else is to be written waits and goes in the next.

interface Waiting<Item, Outcome> {
  readonly item: Item;
  resolve(outcome: Outcome): void;
  reject(error: unknown): void;
}

/** Needs no timer: alone, an item goes at once; the more come together, the more share a mutation. */
export class Batches<Item, Outcome> {
  readonly #writeAll: (items: Item[]) => Promise<Outcome[]>;
  #waiting: Waiting<Item, Outcome>[] = [];
  #isWriting = false;

  /** `writeAll` returns one outcome for each item, in their order. */
  constructor(writeAll: (items: Item[]) => Promise<Outcome[]>) {
    this.#writeAll = writeAll;
  }

  write(item: Item): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#isWriting) void this.#writeWaiting();
    });
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const together = this.#waiting;
      this.#waiting = [];
      try {
        const outcomes = await this.#writeAll(together.map(({ item }) => item));
        together.forEach(({ resolve }, index) => {
          resolve(outcomes[index]!);
        });
      } catch (error) {
        for (const { reject } of together) reject(error);
      }
    }
    this.#isWriting = false;
  }
}
