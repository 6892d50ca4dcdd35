// Shared phrases of messages about handlers and elements.
import { nearest } from '../domain/cel/language/suggest.ts';

/** ` (did you mean Process?)`, or empty if no known name is similar. */
export function didYouMean(given: string, known: Iterable<string>): string {
  const near = nearest(given, known);
  return near === null ? '' : ` (did you mean ${near}?)`;
}

/** A value for a message, shortened. */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
