// What messages about handlers and elements say in the same words.
import { nearest } from '../domain/cel/suggest.ts';

/** ` (did you mean Process?)`, or nothing where none is near. */
export function didYouMean(given: string, known: Iterable<string>): string {
  const near = nearest(given, known);
  return near === null ? '' : ` (did you mean ${near}?)`;
}

/** A value in a message, shortened. */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
