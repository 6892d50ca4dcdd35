// Lists of writes: each item succeeds or fails on its own.
import { setImmediate as turn } from 'node:timers/promises';
import { asError, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { pauseIfDue } from '../../base/time-slices.ts';
import { DatabaseUnavailable } from '../../database/database.ts';
import type { PartialEvent } from '../../domain/events/event.ts';
import type { BatchOutcome, ItemError } from '../operations.ts';

/** Logs what should not have happened, and returns the id under which. */
export type Report = (error: Error) => string;

/** An item that was refused while it was prepared. */
class Refused {
  readonly cause: unknown;

  constructor(cause: unknown) {
    this.cause = cause;
  }
}

export interface Batch<Input, Prepared extends object> {
  readonly name: string;
  /** Whose share of the time slices it uses. */
  readonly caller: string;
  /** May take its time; nothing that comes after is run before. */
  readonly prepare: (input: Input) => Prepared | Promise<Prepared>;
  readonly run: (prepared: Prepared, index: number) => Promise<PartialEvent>;
  /** JSON that it takes along, in bytes, roughly. */
  readonly sizeOf: (prepared: Prepared) => number;
  readonly report: Report;
}

/** JSON that is prepared before the database gets something to do, in bytes. */
const sliceBytes = 1_000_000;

/**
 * Begun in their order, so that they share the writer's flushes: all at once, unless they are large. Others have their
 * turn while the items are prepared.
 */
export async function runBatch<Input, Prepared extends object>(
  { name, caller, prepare, run, sizeOf, report }: Batch<Input, Prepared>,
  inputs: readonly Input[],
): Promise<BatchOutcome> {
  if (inputs.length > limits.batchItems) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `${name} has ${inputs.length} items; at most ${limits.batchItems} are allowed at once.`,
    );
  }
  const running: Promise<PromiseSettledResult<PartialEvent>[]>[] = [];
  const runOne = async (item: Prepared | Refused, index: number) => {
    if (item instanceof Refused) throw item.cause;
    return run(item, index);
  };
  let begun = 0;
  for (let next = 0; next < inputs.length;) {
    const slice: (Prepared | Refused | Promise<Prepared | Refused>)[] = [];
    for (let bytes = 0; next < inputs.length && bytes < sliceBytes; next += 1) {
      const pause = pauseIfDue(caller);
      if (pause !== undefined) await pause;
      const item = attempt(() => prepare(inputs[next]!));
      slice.push(item);
      if (!(item instanceof Promise || item instanceof Refused)) bytes += sizeOf(item);
    }
    const isReady = slice.every((item) => !(item instanceof Promise));
    const prepared = (isReady ? slice : await Promise.all(slice)) as readonly (Prepared | Refused)[];
    const first = begun;
    running.push(Promise.allSettled(prepared.map((item, n) => runOne(item, first + n))));
    begun = next;
    if (next < inputs.length) await turn();
  }
  const settled = (await Promise.all(running)).flat();
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

function attempt<T>(work: () => T | Promise<T>): T | Refused | Promise<T | Refused> {
  try {
    const item = work();
    return item instanceof Promise ? item.catch((cause: unknown) => new Refused(cause)) : item;
  } catch (cause) {
    return new Refused(cause);
  }
}
