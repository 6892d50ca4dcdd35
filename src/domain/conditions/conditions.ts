// AYON's query filter: conditions on event fields and JSON paths, checked and normalised.
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isLongerThan, lengthOf } from '../../base/text-length.ts';
import {
  type ConditionField,
  invalidFilter,
  type JsonPath,
  locationOfKey,
  quoted,
} from './condition-keys.ts';
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

/** A test, or a group of tests. None of them is known to be always true. */
export type CheckedConditions = ConditionGroup | Test;

/** At least two members, none of which is a group with the same operator. */
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
/** ISEMPTY stands for EQ with []. */
export type PathTest = { readonly path: JsonPath } & (
  | { readonly comparison: 'ISNULL' | 'NOTNULL' | 'ISEMPTY' }
  | { readonly comparison: 'EQ' | 'NE'; readonly value: Exclude<JsonScalar, null> }
  | { readonly comparison: Ordering; readonly value: string | number }
  | { readonly comparison: 'LIKE'; readonly value: string }
  | { readonly comparison: 'IN' | 'NOTIN'; readonly values: readonly JsonScalar[] }
  | ListTest
);

/** Tests that only lists can pass. NOTEMPTY stands for NE with []. */
export type ListTest =
  | { readonly comparison: 'NOTEMPTY' }
  | { readonly comparison: 'INCLUDES' | 'EXCLUDES'; readonly value: Exclude<JsonScalar, null> }
  | {
      readonly comparison: 'INCLUDESALL' | 'EXCLUDESALL' | 'INCLUDESANY' | 'EXCLUDESANY';
      readonly values: readonly JsonScalar[];
    };

export type Ordering = 'LT' | 'GT' | 'LTE' | 'GTE';

/**
 * Null if nothing is filtered. Throws INVALID_FILTER, which names the key, or LIMIT_EXCEEDED; `argument` is the caller's
 * name for the conditions.
 */
export function checkConditions(
  input: Given<ConditionsInput>,
  argument = 'conditions',
): CheckedConditions | null {
  return input ? new Check(argument).group(input, 1) : null;
}

/** A canonical text: equal conditions give the same, however their keys and values are written. */
export function conditionsText(checked: CheckedConditions): string {
  return JSON.stringify(checked);
}

/** Whether any test reads summary or payload. */
export function readsJson(checked: CheckedConditions): boolean {
  return isGroup(checked) ? checked.conditions.some(readsJson) : 'path' in checked;
}

export function isGroup(checked: CheckedConditions): checked is ConditionGroup {
  return 'operator' in checked;
}

/** Joins conditions into one; null, which is always true, if there are none. */
export function join(
  operator: ConditionOperator,
  members: readonly CheckedConditions[],
): CheckedConditions | null {
  const conditions = members.flatMap((member) =>
    isGroup(member) && member.operator === operator ? member.conditions : [member],
  );
  return conditions.length < 2 ? (conditions[0] ?? null) : { operator, conditions };
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
