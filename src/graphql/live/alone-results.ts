// The results of a subscription that is executed for one subscriber alone: one item per request, resolved in batches.
import type { ExecutionResult } from 'graphql';
import { resultText } from '../result-text.ts';
import { Batch } from './item-stream.ts';
import type { Direct } from './shared-subscriber.ts';

/**
 * `run` executes an item. The next item, or batch, is taken when the results of the one before have been. Those of a batch
 * go to `direct`, if given, as long as it takes them.
 */
export function eachAlone(
  items: AsyncIterator<unknown>,
  run: (item: unknown) => Promise<ExecutionResult>,
  direct?: Direct,
): AsyncIterableIterator<ExecutionResult> {
  let ready: readonly ExecutionResult[] = [];
  let taken = 0;
  let isOver = false;
  let isBatch = false;
  /** Undefined where all results have been taken. */
  const takeReady = (): ExecutionResult | undefined => {
    while (taken < ready.length && !isOver) {
      const result = ready[taken]!;
      taken += 1;
      if (!isBatch || !direct || result.errors || !direct(resultText(result))) return result;
    }
    return undefined;
  };
  const results: AsyncIterableIterator<ExecutionResult> = {
    next: async () => {
      for (;;) {
        const value = takeReady();
        if (value) return { value, done: false };
        const step = await items.next();
        if (step.done) return { value: undefined, done: true };
        isBatch = step.value instanceof Batch;
        ready = step.value instanceof Batch ? await runBatch(step.value, run) : [await run(step.value)];
        taken = 0;
      }
    },
    return: async () => {
      isOver = true;
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
