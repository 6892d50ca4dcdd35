// The outcome of a handler's function, in a form that an event can store: a JSON result, or an error.
import { asError } from '../../base/errors.ts';
import type { EventError } from '../../domain/events/event.ts';
import { failureOf } from '../../domain/events/failure-text.ts';
import { type JsonValue, toJsonText } from '../../domain/values/json.ts';

export interface Outcome {
  readonly result: JsonValue;
  /** Null if the function succeeded. */
  readonly error: EventError | null;
}

/** The function exceeded its timeout. */
export class HandlerTimeout extends Error {
  readonly code = 'HANDLER_TIMEOUT';

  constructor(ms: number) {
    super(`The handler did not return within ${ms} ms; anything it does later is ignored.`);
    this.name = 'HandlerTimeout';
  }
}

/** `undefined` means no result. A value that is not JSON is a failure, because it could not be stored. */
export function succeeded(value: unknown): Outcome {
  if (value === undefined) return { result: null, error: null };
  try {
    return { result: JSON.parse(toJsonText('result', value)) as JsonValue, error: null };
  } catch (error) {
    return failed(
      new Error(`The handler's return value cannot be stored as its result: ${asError(error).message}`),
    );
  }
}

/** Accepts any thrown value, an Error or not. */
export function failed(thrown: unknown): Outcome {
  const error = describe(thrown);
  const { code } = error as { code?: unknown };
  return {
    result: null,
    error: failureOf({
      message: String(error.message) || error.name,
      code: typeof code === 'string' && code.length > 0 ? code : null,
      stack: error.stack === undefined ? null : String(error.stack),
    }),
  };
}

function describe(thrown: unknown): Error {
  try {
    return asError(thrown);
  } catch {
    return new Error('The handler threw a value that cannot be shown.');
  }
}
