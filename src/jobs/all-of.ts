// Waits for several writes.
import { asError } from '../base/errors.ts';

/** Waits until all have settled, then rejects with the first failure, if any. */
export async function allOf(writes: readonly Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(writes);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw asError(outcome.reason);
}
