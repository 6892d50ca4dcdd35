// Checked conditions: tests of event fields and JSON paths, joined by AND and OR.
import type { ConditionField, JsonPath } from './condition-keys.ts';

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

/** A canonical text, the same for equal conditions however their keys and values are written. */
export function conditionsText(checked: CheckedConditions): string {
  return JSON.stringify(checked);
}

/** The conditions that were stored as their text: JSON turns times into strings. */
export function storedConditions(stored: unknown): CheckedConditions | null {
  if (stored === null || stored === undefined) return null;
  const conditions = stored as CheckedConditions;
  if (isGroup(conditions)) {
    return { ...conditions, conditions: conditions.conditions.map((each) => storedConditions(each)!) };
  }
  if (!('field' in conditions) || !conditions.field.endsWith('At')) return conditions;
  const time = (value: unknown) => new Date(value as string);
  if ('value' in conditions) return { ...conditions, value: time(conditions.value) } as CheckedConditions;
  return 'values' in conditions
    ? ({ ...conditions, values: conditions.values.map(time) } as CheckedConditions)
    : conditions;
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
