// A queue between one that pushes and one that iterates, with a bound instead of an ever growing buffer.

/** Items in order; `push` answers false when the queue is full, and the item is not taken. */
export class BoundedQueue<Item> implements AsyncIterableIterator<Item> {
  readonly #limit: number;
  readonly #onReturn: () => void;
  #items: Item[] = [];
  #head = 0;
  #ended = false;
  #failure: Error | undefined;
  /** Readers that came before their items, in order. */
  #waiting: { resolve: (result: IteratorResult<Item>) => void; reject: (error: Error) => void }[] = [];

  /** `onReturn` runs once, when the queue ends or its reader goes away. */
  constructor(limit: number, onReturn: () => void = () => {}) {
    this.#limit = limit;
    this.#onReturn = onReturn;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: Item): boolean {
    if (this.#ended) return true;
    const reader = this.#waiting.shift();
    if (reader) {
      reader.resolve({ value: item, done: false });
      return true;
    }
    if (this.size >= this.#limit) return false;
    this.#items.push(item);
    return true;
  }

  /** What is queued is still read, then the iteration ends, or throws `failure`. */
  end(failure?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = failure;
    this.#onReturn();
    for (const { resolve, reject } of this.#waiting.splice(0)) this.#finish().then(resolve, reject);
  }

  next(): Promise<IteratorResult<Item>> {
    if (this.size > 0) return Promise.resolve({ value: this.#shift(), done: false });
    if (this.#ended) return this.#finish();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  /** Forgets what is queued. */
  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  return(): Promise<IteratorResult<Item>> {
    this.clear();
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #shift(): Item {
    const item = this.#items[this.#head] as Item;
    this.#head += 1;
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  #finish(): Promise<IteratorResult<Item>> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure ? Promise.reject(failure) : Promise.resolve({ value: undefined, done: true });
  }
}
