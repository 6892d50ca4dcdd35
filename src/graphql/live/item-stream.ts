// Streams of subscription fields: clears the loaders before each item.
import type { EventLoaders } from '../event/event-loaders.ts';

/** Items that a subscription field yields together: they are executed together, so that what they select is read together. */
export class Batch<Item> {
  readonly items: readonly Item[];
  /** The item could not be delivered to the subscriber. */
  readonly unanswered: (item: Item) => void;

  constructor(items: readonly Item[], unanswered: (item: Item) => void) {
    this.items = items;
    this.unanswered = unanswered;
  }
}

/** Passes calls straight to the stream, so that ending it also ends a pending read. */
export async function eachItemAfresh<T>(
  opening: Promise<AsyncIterable<T>>,
  loaders: EventLoaders,
): Promise<AsyncIterable<T>> {
  const stream = await opening;
  return { [Symbol.asyncIterator]: () => iterate(stream[Symbol.asyncIterator](), loaders, (item) => item) };
}

/** The same for a stream of batches. The field is executed for each item: to the schema, it is a stream of items. */
export async function eachBatchAfresh<T>(
  opening: Promise<AsyncIterable<readonly T[]> & { unanswered(item: T): void }>,
  loaders: EventLoaders,
): Promise<AsyncIterable<T>> {
  const stream = await opening;
  const toBatch = (items: readonly T[]) => new Batch(items, (item) => stream.unanswered(item));
  const batches = { [Symbol.asyncIterator]: () => iterate(stream[Symbol.asyncIterator](), loaders, toBatch) };
  return batches as unknown as AsyncIterable<T>;
}

function iterate<From, To>(
  items: AsyncIterator<From>,
  loaders: EventLoaders,
  map: (item: From) => To,
): AsyncIterator<To> {
  return {
    next: async () => {
      const step = await items.next();
      loaders.reset();
      return step.done ? step : { value: map(step.value), done: false };
    },
    return: async (value) => {
      await items.return?.(value);
      return { done: true, value };
    },
  };
}
