// What a topic's schema refuses of an event: the paths, for the fields of a form, and the places in a JSON text.
import { isThroughlineError } from '../../../client/client.ts';
import type { Problem } from '../editor/problems.ts';
import { rangeAt } from './json-ranges.ts';

export interface Mismatch {
  /** Keys and indexes, such as `payload`, `customer`, `email`. */
  readonly path: readonly string[];
  readonly message: string;
}

const requiredPattern = /^must have required property '(.*)'$/s;

/** Null for an error of another kind. A property that is missing is the place of its mismatch. */
export function mismatchesOf(error: unknown): readonly Mismatch[] | null {
  if (!isThroughlineError(error, 'TOPIC_SCHEMA_MISMATCH')) return null;
  const failures = error.extensions.failures as readonly { path: string; message: string }[] | undefined;
  return (failures ?? []).map(({ path, message }) => {
    const keys = path.split('/').map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const missing = requiredPattern.exec(message)?.[1];
    return missing === undefined
      ? { path: keys, message }
      : { path: [...keys, missing], message: 'is required' };
  });
}

/** The mismatches in the text of a payload or summary; null where the error is of another kind or none is in it. */
export function schemaProblems(
  error: unknown,
  text: string,
  part: 'payload' | 'summary' = 'payload',
): readonly Problem[] | null {
  const mismatches = mismatchesOf(error)?.filter(({ path }) => path[0] === part);
  if (!mismatches || mismatches.length === 0) return null;
  return mismatches.map(({ path, message }) => {
    const inner = path.slice(1);
    const range = rangeAt(text, inner) ?? rangeAt(text, inner.slice(0, -1)) ?? { from: 0, to: 1 };
    // A long value is marked at its beginning.
    const to = Math.min(range.to, range.from + 80);
    return { from: range.from, to, message: `${path.join('.')} ${message}` };
  });
}
