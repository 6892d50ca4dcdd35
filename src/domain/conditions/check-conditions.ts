// Validation of AYON's query filter: conditions on event fields and JSON paths, as they arrive, become checked ones.
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isLongerThan, lengthOf } from '../../base/text-length.ts';
import { invalidFilter, locationOfKey, quoted } from './condition-keys.ts';
import { checkTest } from './condition-values.ts';
import { type CheckedConditions, type Comparison, type ConditionOperator, join } from './conditions.ts';

type Given<T> = T | null | undefined;

/** Conditions as they arrive. Null means absent. */
export interface ConditionsInput {
  readonly operator?: Given<ConditionOperator>;
  readonly conditions: readonly ConditionInput[];
}

/** Either has a key or nests other conditions. */
export interface ConditionInput {
  readonly key?: Given<string>;
  readonly value?: unknown;
  readonly comparison?: Given<Comparison>;
  readonly nested?: Given<ConditionsInput>;
}

/**
 * Returns null if nothing is filtered. Throws INVALID_FILTER with the key, or LIMIT_EXCEEDED. `argument` is the
 * caller's name for the conditions.
 */
export function checkConditions(
  input: Given<ConditionsInput>,
  argument = 'conditions',
): CheckedConditions | null {
  return input ? new Check(argument).group(input, 1) : null;
}

/** One walk through the given conditions, which also counts them. */
class Check {
  readonly #argument: string;
  #count = 0;

  constructor(argument: string) {
    this.#argument = argument;
  }

  /** Null if the group is always true. */
  group({ operator, conditions }: ConditionsInput, depth: number): CheckedConditions | null {
    if (depth > limits.conditionDepth)
      this.#refuse(`nests conditions deeper than ${limits.conditionDepth} levels`);
    this.#count += conditions.length;
    if (this.#count > limits.conditions)
      this.#refuse(`has more than ${limits.conditions} conditions, nested ones included`);
    const checked = conditions.map((condition) => this.#condition(condition, depth));
    const members = checked.filter((member) => member !== null);
    // An OR with an always-true member is always true; an AND ignores such members.
    if (operator === 'OR' && members.length < checked.length) return null;
    return join(operator ?? 'AND', members);
  }

  #condition({ key, value, comparison, nested }: ConditionInput, depth: number): CheckedConditions | null {
    if (nested) {
      if (key == null && value == null) return this.group(nested, depth + 1);
      throw invalidFilter(
        key ?? null,
        `A condition of ${this.#argument} has both nested and ${key == null ? 'a value' : `the key ${quoted(key)}`}; give one of them.`,
      );
    }
    if (key == null) {
      throw invalidFilter(
        null,
        `A condition of ${this.#argument} has neither key nor nested; give one of them.`,
      );
    }
    if (isLongerThan(key, limits.conditionKeyLength)) {
      this.#refuse(
        `has a key of ${lengthOf(key)} characters; at most ${limits.conditionKeyLength} are allowed`,
      );
    }
    return checkTest(key, locationOfKey(key), comparison ?? 'EQ', value ?? null);
  }

  #refuse(fault: string): never {
    throw new ThroughlineError('LIMIT_EXCEEDED', `${this.#argument} ${fault}.`);
  }
}
