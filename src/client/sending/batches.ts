// Batches of what an iterable yields: closed by number, by size or by time.

export interface BatchLimits<Item> {
  readonly items: number;
  readonly bytes: number;
  /** How long the first item of a batch waits for further ones, in milliseconds. */
  readonly waitMs: number;
  readonly sizeOf: (item: Item) => number;
}

const late = Symbol('late');

/** Reads no further item before a batch is taken. */
export async function* batchesOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  { items: maxItems, bytes: maxBytes, waitMs, sizeOf }: BatchLimits<Item>,
): AsyncGenerator<Item[]> {
  const iterator = iteratorOf(items);
  let reading: Promise<IteratorResult<Item>> | undefined;
  let isDone = false;
  try {
    while (!isDone) {
      const batch: Item[] = [];
      const deadline = new Deadline(waitMs);
      for (let bytes = 0; batch.length < maxItems && bytes < maxBytes;) {
        reading ??= Promise.resolve(iterator.next());
        const result = batch.length === 0 ? await reading : await Promise.race([reading, deadline.passed()]);
        if (result === late) break;
        reading = undefined;
        isDone = result.done ?? false;
        if (isDone) break;
        batch.push(result.value);
        bytes += sizeOf(result.value);
      }
      deadline.clear();
      if (batch.length > 0) yield batch;
    }
  } finally {
    if (!isDone) void iterator.return?.();
  }
}

function iteratorOf<Item>(items: Iterable<Item> | AsyncIterable<Item>): Iterator<Item> | AsyncIterator<Item> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

/** Begins when it is first asked for. */
class Deadline {
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #passed: Promise<typeof late> | undefined;

  constructor(ms: number) {
    this.#ms = ms;
  }

  passed(): Promise<typeof late> {
    this.#passed ??= new Promise((resolve) => (this.#timer = setTimeout(() => resolve(late), this.#ms)));
    return this.#passed;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
