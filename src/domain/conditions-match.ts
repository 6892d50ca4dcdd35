// Conditions answered in process, as src/store/conditions-sql.ts answers them in SQL: one table of cases holds both.
import type { ConditionField } from './condition-keys.ts';
import {
  type CheckedConditions,
  type FieldTest,
  type FieldValue,
  isGroup,
  type JsonScalar,
  type ListTest,
  type Ordering,
  type PathTest,
} from './conditions.ts';
import type { EventRecord } from './event.ts';
import { isJsonObject, type JsonValue } from './json.ts';
import { foldCase, isLike } from './like.ts';
import { compareText } from './text-order.ts';

/** What of an event conditions can look at. */
export type Conditionable = Pick<EventRecord, ConditionField | 'summary' | 'payload'>;

export function conditionsMatch(checked: CheckedConditions, event: Conditionable): boolean {
  if (isGroup(checked)) {
    const matches = (member: CheckedConditions) => conditionsMatch(member, event);
    return checked.operator === 'AND' ? checked.conditions.every(matches) : checked.conditions.some(matches);
  }
  return 'field' in checked
    ? fieldMatches(checked, event[checked.field])
    : pathMatches(checked, valueAt(event[checked.path[0]], checked.path.slice(1)));
}

function fieldMatches(test: FieldTest, value: FieldValue | null): boolean {
  if (value === null) return test.comparison === 'ISNULL';
  switch (test.comparison) {
    case 'ISNULL':
      return false;
    case 'NOTNULL':
      return true;
    case 'EQ':
      return compare(value, test.value) === 0;
    case 'NE':
      return compare(value, test.value) !== 0;
    case 'IN':
      return test.values.some((item) => compare(value, item) === 0);
    case 'NOTIN':
      return test.values.every((item) => compare(value, item) !== 0);
    case 'LIKE':
      return isLike(foldCase(String(value)), test.value);
    default:
      return isOrdered(test.comparison, compare(value, test.value));
  }
}

/** `value` is undefined where the path leads to nothing. */
function pathMatches(test: PathTest, value: JsonValue | undefined): boolean {
  switch (test.comparison) {
    case 'ISNULL':
      return value === undefined;
    case 'ISEMPTY':
      return value === undefined || (isList(value) && value.length === 0);
    case 'EQ':
      return orFalse(value, test.value) === test.value;
    case 'NE': {
      const present = orFalse(value, test.value);
      return present !== undefined && present !== test.value;
    }
    case 'LIKE':
      return typeof value === 'string' && isLike(foldCase(value), test.value);
    case 'LT':
    case 'GT':
    case 'LTE':
    case 'GTE':
      if (typeof value === 'string' || typeof value === 'number')
        return typeof value === typeof test.value && isOrdered(test.comparison, compare(value, test.value));
      return false;
    case 'IN':
      return test.values.some((item) => item === value);
    case 'NOTIN':
      return value !== undefined && test.values.every((item) => item !== value);
    case 'NOTNULL':
      return value !== undefined;
    default:
      return isList(value) && listMatches(test, value);
  }
}

function listMatches(test: ListTest, list: readonly JsonValue[]): boolean {
  const has = (item: JsonScalar) => list.includes(item);
  switch (test.comparison) {
    case 'NOTEMPTY':
      return list.length > 0;
    case 'INCLUDES':
      return has(test.value);
    case 'EXCLUDES':
      return !has(test.value);
    case 'INCLUDESALL':
      return test.values.every(has);
    case 'EXCLUDESALL':
      return !test.values.every(has);
    case 'INCLUDESANY':
      return test.values.some(has);
    case 'EXCLUDESANY':
      return !test.values.some(has);
  }
}

/** Compared with a boolean, what is missing counts as false. */
function orFalse(value: JsonValue | undefined, comparedWith: JsonScalar): JsonValue | undefined {
  return value === undefined && typeof comparedWith === 'boolean' ? false : value;
}

function valueAt(from: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = from;
  for (const key of path) {
    value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Of two of one type; below, at or above 0 as the first is less, equal or more. */
function compare(a: FieldValue, b: FieldValue): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return Number(a) - Number(b);
}

function isOrdered(comparison: Ordering, order: number): boolean {
  switch (comparison) {
    case 'LT':
      return order < 0;
    case 'GT':
      return order > 0;
    case 'LTE':
      return order <= 0;
    case 'GTE':
      return order >= 0;
  }
}
