// Lists of writes: each item on its own, so that one that is refused leaves the others alone.
import { asError, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { DatabaseUnavailable } from '../database/database.ts';
import type { PartialEvent } from '../domain/event.ts';
import type { BatchOutcome, ItemError } from './operations.ts';

/** Logs what should not have happened, and returns the id under which. */
export type Report = (error: Error) => string;

/** Runs all at once, so that they share the writer's flushes. */
export async function runBatch<Input>(
  name: string,
  inputs: readonly Input[],
  run: (input: Input, index: number) => Promise<PartialEvent>,
  report: Report,
): Promise<BatchOutcome> {
  if (inputs.length > limits.batchItems) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `${name} has ${inputs.length} items; at most ${limits.batchItems} are allowed at once.`,
    );
  }
  const settled = await Promise.allSettled(inputs.map(run));
  const errors: ItemError[] = [];
  const events = settled.map((outcome, index) => {
    if (outcome.status === 'fulfilled') return outcome.value;
    errors.push(itemError(index, asError(outcome.reason), report));
    return null;
  });
  return { events, errors };
}

function itemError(index: number, error: Error, report: Report): ItemError {
  if (error instanceof ThroughlineError || error instanceof DatabaseUnavailable) {
    return {
      index,
      code: error.code,
      message: error.message,
      details: 'details' in error ? error.details : {},
    };
  }
  const errorId = report(error);
  return { index, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.', details: { errorId } };
}
