// Reads a stream as it comes, so that a test can wait for what it expects; a wait that is in vain fails.

const patienceMs = 20_000;

export class Reader<Item> {
  #items: Item[] = [];
  #end: { readonly failure: unknown } | undefined;
  #waiting: (() => void) | undefined;
  readonly #stop: () => void;

  /** `stop` lets go of the stream's source. */
  constructor(stop: () => void) {
    this.#stop = stop;
  }

  push(item: Item): void {
    this.#items.push(item);
    this.#waiting?.();
  }

  /** Nothing more comes; `failure` is undefined where that is as it should be. */
  end(failure?: unknown): void {
    this.#end ??= { failure };
    this.#waiting?.();
  }

  /** The next item; fails where the stream ends instead, or where nothing comes. */
  async next(): Promise<Item> {
    await this.#wait(() => this.#items.length > 0 || this.#end !== undefined);
    if (this.#items.length > 0) return this.#items.shift()!;
    throw new Error('the stream ended', { cause: this.#end?.failure });
  }

  async take(count: number): Promise<Item[]> {
    const taken: Item[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** All items up to and with the first of which it is so. */
  async until(isLast: (item: Item) => boolean): Promise<Item[]> {
    const taken: Item[] = [];
    do taken.push(await this.next());
    while (!isLast(taken.at(-1)!));
    return taken;
  }

  /** Resolves when the stream has ended, with what it failed with; undefined where it just ended. */
  async ended(): Promise<unknown> {
    await this.#wait(() => this.#end !== undefined);
    return this.#end?.failure;
  }

  stop(): void {
    this.#stop();
    this.end();
  }

  async #wait(isSo: () => boolean): Promise<void> {
    if (isSo()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('what the test waits for does not come')), patienceMs);
      this.#waiting = () => {
        if (!isSo()) return;
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve();
      };
    });
  }
}
