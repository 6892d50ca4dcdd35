// Lists of writes: each item on its own, so that one that is refused leaves the others alone.
import { asError, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { DatabaseUnavailable } from '../database/database.ts';
import type { PartialEvent } from '../domain/event.ts';
import type { BatchOutcome, ItemError } from './operations.ts';

/** Logs what should not have happened, and returns the id under which. */
export type Report = (error: Error) => string;

/** An item that was refused while it was prepared. */
class Refused {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

/**
 * Runs all at once, begun in their order, so that they share the writer's flushes. `prepare` may take its time with some
 * of them: none is run before all are prepared.
 */
export async function runBatch<Input, Prepared extends object>(
  name: string,
  inputs: readonly Input[],
  prepare: (input: Input) => Prepared | Promise<Prepared>,
  run: (prepared: Prepared, index: number) => Promise<PartialEvent>,
  report: Report,
): Promise<BatchOutcome> {
  if (inputs.length > limits.batchItems) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `${name} has ${inputs.length} items; at most ${limits.batchItems} are allowed at once.`,
    );
  }
  const preparing = inputs.map((input) => attempt(() => prepare(input)));
  const prepared = preparing.some((item) => item instanceof Promise)
    ? await Promise.all(
        preparing.map((item) => (item instanceof Promise ? item.catch((cause) => new Refused(cause)) : item)),
      )
    : (preparing as readonly (Prepared | Refused)[]);
  const settled = await Promise.allSettled(
    prepared.map(async (item, index) => {
      if (item instanceof Refused) throw item.cause;
      return run(item, index);
    }),
  );
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

function attempt<T>(work: () => T): T | Refused {
  try {
    return work();
  } catch (cause) {
    return new Refused(cause);
  }
}
