// The results of a subscription that is executed for one subscriber alone: each item when it is asked for, a batch at once.
import type { ExecutionResult } from 'graphql';
import { Batch } from './item-stream.ts';

/** `run` executes an item. The next item, or batch, is taken when the results of the one before have been. */
export function eachAlone(
  items: AsyncIterator<unknown>,
  run: (item: unknown) => Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult> {
  let ready: readonly ExecutionResult[] = [];
  let taken = 0;
  const results: AsyncIterableIterator<ExecutionResult> = {
    next: async () => {
      while (taken === ready.length) {
        const step = await items.next();
        if (step.done) return { value: undefined, done: true };
        ready = step.value instanceof Batch ? await runBatch(step.value, run) : [await run(step.value)];
        taken = 0;
      }
      const value = ready[taken]!;
      taken += 1;
      return { value, done: false };
    },
    return: async () => {
      await items.return?.();
      return { value: undefined, done: true };
    },
    [Symbol.asyncIterator]: () => results,
  };
  return results;
}

async function runBatch(
  batch: Batch<unknown>,
  run: (item: unknown) => Promise<ExecutionResult>,
): Promise<readonly ExecutionResult[]> {
  return Promise.all(
    batch.items.map(async (item) => {
      const result = await run(item);
      if (result.data == null) batch.unanswered(item);
      return result;
    }),
  );
}
