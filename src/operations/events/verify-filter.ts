// Checks a CEL expression without using it.
import { ThroughlineError } from '../../base/errors.ts';
import { checkCel } from '../../domain/cel/filter.ts';
import type { FilterVerdict } from '../operations.ts';

export function verifyFilter(expression: string): FilterVerdict {
  try {
    checkCel(expression);
    return { valid: true, message: null, line: null, column: null, suggestion: null };
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    const { line = null, column = null, suggestion = null } = error.details as Partial<FilterVerdict>;
    return { valid: false, message: error.message, line, column, suggestion };
  }
}
