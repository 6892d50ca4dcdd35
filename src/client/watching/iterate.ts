// Async iterators that can be ended at any time: by an AbortSignal, or by `return` while a `next` is waiting.

/**
 * Iterates over what `run` generates. Its signal is aborted when the iteration ends. Aborting `signal` ends the
 * iteration without an error.
 */
export function iterate<Item>(
  run: (signal: AbortSignal) => AsyncGenerator<Item>,
  signal?: AbortSignal,
): AsyncIterableIterator<Item> {
  const ending = new AbortController();
  const end = () => ending.abort();
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  const items = run(ending.signal);
  const finish = () => {
    signal?.removeEventListener('abort', end);
    end();
  };
  return {
    async next() {
      try {
        const result = await items.next();
        if (result.done) finish();
        return result;
      } catch (error) {
        // What was under way when it was ended fails for that reason.
        if (ending.signal.aborted) return { done: true, value: undefined };
        finish();
        throw error;
      }
    },
    async return() {
      finish();
      await items.return(undefined);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
