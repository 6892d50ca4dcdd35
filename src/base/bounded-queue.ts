// A bounded queue between a producer that pushes and a consumer that iterates.

/** Keeps items in order. `push` returns false, and drops the item, if the queue is full. */
export class BoundedQueue<Item> implements AsyncIterableIterator<Item> {
  readonly #limit: number;
  readonly #onReturn: () => void;
  #items: Item[] = [];
  #head = 0;
  #ended = false;
  #failure: Error | undefined;
  /** Reads that wait for an item, in order. */
  #waiting: { resolve: (result: IteratorResult<Item>) => void; reject: (error: Error) => void }[] = [];

  /** `onReturn` is called once, when the queue ends or the consumer stops. */
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

  /** Ends the queue. The remaining items are still read; then the iteration ends, or throws `failure`. */
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

  /** Discards the queued items. */
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
