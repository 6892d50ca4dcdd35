// A subscription's results as an async iterator, and the buffer between a transport that pushes and a reader that pulls.

/** The results of one subscription, until the connection ends. */
export type OpenStream = <Data>(
  document: string,
  variables: object,
  options: StreamOptions,
) => AsyncIterable<Data>;

export interface StreamOptions {
  readonly signal: AbortSignal;
  /** Called when the gateway has been asked. */
  readonly onOpen: () => void;
}

/** Results that wait for a slow reader. */
const bufferedItems = 1_000;

/** Items that are pushed, until it is ended. A reader that is far behind gets what is buffered, then the end. */
export class StreamBuffer<Item> implements AsyncIterable<Item> {
  readonly #items: Item[] = [];
  #read = 0;
  #wake = () => {};
  #failure: unknown;
  #isEnded = false;

  /** Returns false if there is no more room: the stream has then ended. */
  push(item: Item): boolean {
    if (this.#isEnded) return false;
    this.#items.push(item);
    if (this.#items.length - this.#read >= bufferedItems) this.#isEnded = true;
    this.#wake();
    return !this.#isEnded;
  }

  /** With a failure, the reader gets it after the last item. */
  end(failure?: unknown): void {
    if (!this.#isEnded) this.#failure = failure;
    this.#isEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    for (;;) {
      while (this.#read < this.#items.length) {
        const item = this.#items[this.#read] as Item;
        this.#read += 1;
        yield item;
      }
      this.#items.length = this.#read = 0;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
