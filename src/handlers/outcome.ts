// What came of a function: its result as JSON, or why there is none, in what an event can hold.
import { asError } from '../base/errors.ts';
import type { EventError } from '../domain/event.ts';
import { failureOf } from '../domain/failure-text.ts';
import { type JsonValue, toJsonText } from '../domain/json.ts';

export interface Outcome {
  readonly result: JsonValue;
  /** Null where it succeeded. */
  readonly error: EventError | null;
}

/** The function took longer than it may. */
export class HandlerTimeout extends Error {
  readonly code = 'HANDLER_TIMEOUT';

  constructor(ms: number) {
    super(`The handler did not come back within ${ms} ms; what it still does counts for nothing.`);
    this.name = 'HandlerTimeout';
  }
}

/** Undefined is no result. What is no JSON is a failure: it could not be shown to anybody. */
export function succeeded(value: unknown): Outcome {
  if (value === undefined) return { result: null, error: null };
  try {
    return { result: JSON.parse(toJsonText('result', value)) as JsonValue, error: null };
  } catch (error) {
    return failed(new Error(`What the handler returned can not be its result: ${asError(error).message}`));
  }
}

/** Whatever was thrown, an Error or not. */
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
    return new Error('Something was thrown that can not be shown.');
  }
}
