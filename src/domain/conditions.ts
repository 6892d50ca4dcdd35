// AYON's query filter: conditions on any field of an event and on paths into its JSON, checked into one plain form.
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isLongerThan, lengthOf } from '../base/text-length.ts';
import { type ConditionField, invalidFilter, type JsonPath, placeOfKey, quoted } from './condition-keys.ts';
import { checkTest } from './condition-values.ts';

export const conditionOperators = ['AND', 'OR'] as const;
export type ConditionOperator = (typeof conditionOperators)[number];

export const comparisons = [
  'EQ',
  'NE',
  'LT',
  'GT',
  'LTE',
  'GTE',
  'LIKE',
  'ISNULL',
  'NOTNULL',
  'IN',
  'NOTIN',
  'INCLUDES',
  'EXCLUDES',
  'INCLUDESALL',
  'EXCLUDESALL',
  'INCLUDESANY',
  'EXCLUDESANY',
] as const;
export type Comparison = (typeof comparisons)[number];

type Given<T> = T | null | undefined;

/** As they arrive: null is the same as absent. */
export interface ConditionsInput {
  readonly operator?: Given<ConditionOperator>;
  readonly conditions: readonly ConditionInput[];
}

/** Has either a key or others nested in it. */
export interface ConditionInput {
  readonly key?: Given<string>;
  readonly value?: unknown;
  readonly comparison?: Given<Comparison>;
  readonly nested?: Given<ConditionsInput>;
}

/** A single test, or tests joined; none of them is known to be always true. */
export type CheckedConditions = ConditionGroup | Test;

/** Two members at least, and none that is joined by the same operator. */
export interface ConditionGroup {
  readonly operator: ConditionOperator;
  readonly conditions: readonly CheckedConditions[];
}

export type Test = FieldTest | PathTest;

export type FieldValue = string | number | Date;
export type FieldTest = { readonly field: ConditionField } & (
  | { readonly comparison: 'ISNULL' | 'NOTNULL' }
  | { readonly comparison: 'EQ' | 'NE' | Ordering; readonly value: FieldValue }
  | { readonly comparison: 'LIKE'; readonly value: string }
  | { readonly comparison: 'IN' | 'NOTIN'; readonly values: readonly FieldValue[] }
);

export type JsonScalar = string | number | boolean | null;
/** ISEMPTY is what EQ means with []. */
export type PathTest = { readonly path: JsonPath } & (
  | { readonly comparison: 'ISNULL' | 'NOTNULL' | 'ISEMPTY' }
  | { readonly comparison: 'EQ' | 'NE'; readonly value: Exclude<JsonScalar, null> }
  | { readonly comparison: Ordering; readonly value: string | number }
  | { readonly comparison: 'LIKE'; readonly value: string }
  | { readonly comparison: 'IN' | 'NOTIN'; readonly values: readonly JsonScalar[] }
  | ListTest
);

/** Tests that only a list passes. NOTEMPTY is what NE means with []. */
export type ListTest =
  | { readonly comparison: 'NOTEMPTY' }
  | { readonly comparison: 'INCLUDES' | 'EXCLUDES'; readonly value: Exclude<JsonScalar, null> }
  | {
      readonly comparison: 'INCLUDESALL' | 'EXCLUDESALL' | 'INCLUDESANY' | 'EXCLUDESANY';
      readonly values: readonly JsonScalar[];
    };

export type Ordering = 'LT' | 'GT' | 'LTE' | 'GTE';

/**
 * Null where nothing is filtered. Throws INVALID_FILTER, which names the key, or LIMIT_EXCEEDED; `argument` is what the
 * caller calls it all.
 */
export function checkConditions(
  input: Given<ConditionsInput>,
  argument = 'conditions',
): CheckedConditions | null {
  return input ? new Check(argument).group(input, 1) : null;
}

/** The same for equal conditions, however their keys and values are written. */
export function conditionsText(checked: CheckedConditions): string {
  return JSON.stringify(checked);
}

/** Whether something in it looks into a summary or payload. */
export function readsJson(checked: CheckedConditions): boolean {
  return isGroup(checked) ? checked.conditions.some(readsJson) : 'path' in checked;
}

export function isGroup(checked: CheckedConditions): checked is ConditionGroup {
  return 'operator' in checked;
}

/** All of them as one; null, which is always true, where there is none. */
export function join(
  operator: ConditionOperator,
  members: readonly CheckedConditions[],
): CheckedConditions | null {
  const conditions = members.flatMap((member) =>
    isGroup(member) && member.operator === operator ? member.conditions : [member],
  );
  return conditions.length < 2 ? (conditions[0] ?? null) : { operator, conditions };
}

/** One walk through the conditions that were given, which counts them. */
class Check {
  readonly #argument: string;
  #count = 0;

  constructor(argument: string) {
    this.#argument = argument;
  }

  /** Null where it is always true. */
  group({ operator, conditions }: ConditionsInput, depth: number): CheckedConditions | null {
    if (depth > limits.conditionDepth)
      this.#refuse(`nests conditions deeper than ${limits.conditionDepth} levels`);
    this.#count += conditions.length;
    if (this.#count > limits.conditions)
      this.#refuse(`has more than ${limits.conditions} conditions, nested ones included`);
    const checked = conditions.map((condition) => this.#condition(condition, depth));
    const members = checked.filter((member) => member !== null);
    // Beside one that is always true, others matter to AND alone.
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
    return checkTest(key, placeOfKey(key), comparison ?? 'EQ', value ?? null);
  }

  #refuse(fault: string): never {
    throw new ThroughlineError('LIMIT_EXCEEDED', `${this.#argument} ${fault}.`);
  }
}
