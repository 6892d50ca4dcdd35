// Packing of handler arguments into events: a single object is the payload itself, anything else is packed into it.
import { isJsonObject, type JsonObject } from '../../domain/values/json.ts';
import type { HandledEvent } from '../../domain/handlers/handler.ts';

export interface Arguments {
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** The key in the summary of an event whose payload is `{ args, kwargs }`. */
const packedMark = 'packedArguments';

/** `args` and `kwargs` as payload and summary of an event. `summary` is null if it needs no mark. */
export function packArguments(given: Partial<Arguments>): {
  payload: Record<string, unknown>;
  summary: JsonObject | null;
} {
  const args = given.args ?? [];
  const kwargs = given.kwargs ?? {};
  const [only] = args;
  if (args.length === 0) return { payload: { ...kwargs }, summary: null };
  if (args.length === 1 && isPlainObject(only) && Object.keys(kwargs).length === 0) {
    return { payload: only, summary: null };
  }
  return { payload: { args, kwargs }, summary: { [packedMark]: true } };
}

/** Reverses `packArguments`. The payload of any other event is its only argument. */
export function argumentsOf(event: Pick<HandledEvent, 'payload' | 'summary'>): Arguments {
  const { payload, summary } = event;
  if (summary?.[packedMark] === true && Array.isArray(payload.args) && isJsonObject(payload.kwargs)) {
    return { args: payload.args, kwargs: payload.kwargs };
  }
  return { args: [payload], kwargs: {} };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Marks trailing keyword arguments, since JavaScript has none of its own. */
const keywords = new WeakSet<object>();

/** The arguments as one list; keyword arguments, if any, come last. */
export function joinArguments({ args, kwargs }: Arguments): readonly unknown[] {
  if (Object.keys(kwargs).length === 0) return args;
  keywords.add(kwargs);
  return [...args, kwargs];
}

/** Reverses `joinArguments`. */
export function splitArguments(joined: readonly unknown[]): Arguments {
  const last = joined.at(-1);
  if (typeof last === 'object' && last !== null && keywords.has(last)) {
    return { args: joined.slice(0, -1), kwargs: last as Record<string, unknown> };
  }
  return { args: joined, kwargs: {} };
}
