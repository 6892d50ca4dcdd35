// CEL filters: compiled once per text, and tested against events at a bounded cost.
import { LRUCache } from 'lru-cache';
import type { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { checkTree } from './language/check.ts';
import { compile } from './language/compile.ts';
import { CostExceeded, Meter } from './meter.ts';
import { CelProblem, invalidCel, placeOf } from './language/problem.ts';
import type { Compiled } from './language/run.ts';
import { type CelSubject, namesOf } from './subject.ts';
import { checkText, syntaxProblem } from './language/syntax.ts';
import { tokensOf } from './language/tokens.ts';
import { type Node, parseTree } from './language/tree.ts';
import { Fault, typeName } from './functions/value.ts';

export interface CelVerdict {
  readonly matches: boolean;
  /** Why the filter failed, without event data. A filter that failed does not match. */
  readonly error: string | null;
}

export const matched: CelVerdict = { matches: true, error: null };
export const unmatched: CelVerdict = { matches: false, error: null };
export const tooCostly: CelVerdict = {
  matches: false,
  error: 'cost limit: the filter takes too many steps for this event',
};

/** Whether the filter failed because it needed more steps than it was allowed. */
export function isOverBudget(verdict: CelVerdict): boolean {
  return verdict === tooCostly;
}

/** Created only by checkCel. */
export class CelFilter {
  readonly text: string;
  /** The syntax tree, for pre-filters. */
  readonly tree: Node;
  readonly #compiled: Compiled;
  readonly #verdicts = new WeakMap<Fault, CelVerdict>();

  constructor(text: string, tree: Node, compiled: Compiled) {
    this.text = text;
    this.tree = tree;
    this.#compiled = compiled;
  }

  /**
   * The value of the expression as text, if it is a string, a number or a truth value; null for all else, and if it
   * fails. Never throws.
   */
  valueText(subject: CelSubject, meter: Meter = new Meter()): string | null {
    try {
      const value = this.#compiled({ names: namesOf(subject), meter, items: [] });
      const isText = ['string', 'bigint', 'number', 'boolean'].includes(typeof value);
      return isText ? String(value) : null;
    } catch {
      return null;
    }
  }

  /** Never throws. Takes about a tenth of a second at most, unless `meter` has more steps. */
  test(subject: CelSubject, meter: Meter = new Meter()): CelVerdict {
    try {
      const result = this.#compiled({ names: namesOf(subject), meter, items: [] });
      if (result === true) return matched;
      if (result === false) return unmatched;
      return result instanceof Fault
        ? this.#failed(result)
        : { matches: false, error: `the filter is ${typeName(result)}, neither true nor false` };
    } catch (error) {
      if (error instanceof CostExceeded) return tooCostly;
      return { matches: false, error: 'the filter cannot be evaluated for this event' };
    }
  }

  #failed(fault: Fault): CelVerdict {
    const known = this.#verdicts.get(fault);
    if (known) return known;
    const { line, column } = placeOf(this.text, fault.at);
    const verdict = {
      matches: false,
      error: `line ${line}, column ${column}: ${fault.message.slice(0, 200)}`,
    };
    this.#verdicts.set(fault, verdict);
    return verdict;
  }
}

const filters = new LRUCache<string, CelFilter>({ max: limits.celFilters });

/**
 * Returns null, which matches everything, for blank text. Throws INVALID_FILTER with `line` and `column`, from 1, and
 * if possible a `suggestion`. `argument` is the caller's name for the filter.
 */
export function checkCel(text: string | null | undefined, argument = 'where'): CelFilter | null {
  if (text === null || text === undefined || text.trim() === '') return null;
  const known = filters.get(text);
  if (known) return known;
  const filter = checked(text, argument);
  filters.set(text, filter);
  return filter;
}

function checked(text: string, argument: string): CelFilter {
  try {
    checkText(text);
    const tree = parsed(text);
    checkTree(tree);
    return new CelFilter(text, tree, compile(tree, { variables: [], dottedNames: false }));
  } catch (error) {
    throw refusal(argument, text, error);
  }
}

function parsed(text: string): Node {
  try {
    const tree = parseTree(text);
    // The parser is lenient with escapes.
    tokensOf(text);
    return tree;
  } catch (error) {
    throw error instanceof CelProblem ? error : syntaxProblem(text, error);
  }
}

function refusal(argument: string, text: string, error: unknown): ThroughlineError | unknown {
  return error instanceof CelProblem ? invalidCel(argument, text, error) : error;
}
