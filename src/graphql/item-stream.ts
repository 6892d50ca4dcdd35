// The stream behind a subscription field: before each item the loaders forget what the one before it read.
import type { EventLoaders } from './event-loaders.ts';

/** Calls to the stream go straight through, so that ending it ends a wait for its next item. */
export async function eachItemAfresh<T>(
  opening: Promise<AsyncIterable<T>>,
  loaders: EventLoaders,
): Promise<AsyncIterable<T>> {
  const stream = await opening;
  return { [Symbol.asyncIterator]: () => iterate(stream[Symbol.asyncIterator](), loaders) };
}

function iterate<T>(items: AsyncIterator<T>, loaders: EventLoaders): AsyncIterator<T> {
  return {
    next: async () => {
      const item = await items.next();
      loaders.reset();
      return item;
    },
    return: async (value) => (await items.return?.(value)) ?? { done: true, value },
  };
}
