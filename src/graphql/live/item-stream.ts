// Streams of subscription fields: clears the loaders before each item.
import type { EventLoaders } from '../event/event-loaders.ts';

/** Passes calls straight to the stream, so that ending it also ends a pending read. */
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
