// Errors in a CEL filter, with their position and the message for the author.
import { ThroughlineError } from '../../../base/errors.ts';

/** Thrown by the checks; `at` counts characters from 0. */
export class CelProblem extends Error {
  readonly at: number;
  /** What the author probably meant. */
  readonly suggestion: string | null;

  constructor(at: number, message: string, suggestion: string | null = null) {
    super(message);
    this.name = 'CelProblem';
    this.at = at;
    this.suggestion = suggestion;
  }
}

export interface SourcePosition {
  readonly line: number;
  readonly column: number;
}

/** Line and column, both counted from 1. */
export function placeOf(text: string, at: number): SourcePosition {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return { line, column: at - before.lastIndexOf('\n') };
}

/** INVALID_FILTER with line and column in its details; `argument` is the caller's name for the filter. */
export function invalidCel(argument: string, text: string, problem: CelProblem): ThroughlineError {
  const { at, message, suggestion } = problem;
  const place = placeOf(text, at);
  const hint = suggestion === null ? '' : ` Did you mean ${suggestion}?`;
  return new ThroughlineError(
    'INVALID_FILTER',
    `${argument}, line ${place.line}, column ${place.column}: ${message}.${hint}`,
    suggestion === null ? { ...place } : { ...place, suggestion },
  );
}
