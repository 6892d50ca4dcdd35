// Evaluation of conditions in process. One table of test cases covers it and src/store/events/conditions-sql.ts.
import { Meter } from '../cel/meter.ts';
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
  type Test,
} from './conditions.ts';
import type { EventRecord } from '../events/event.ts';
import { isJsonObject, type JsonValue } from '../values/json.ts';
import { foldCase, LikePattern } from './like.ts';
import { compareText } from '../values/text-order.ts';

/** The event fields that conditions can test. */
export type Conditionable = Pick<EventRecord, ConditionField | 'summary' | 'payload'>;

/** Throws CostExceeded if `meter` has too few steps. */
export function conditionsMatch(
  checked: CheckedConditions,
  event: Conditionable,
  meter: Meter = new Meter(Infinity),
): boolean {
  return matches(checked, { event, meter });
}

interface Run {
  readonly event: Conditionable;
  readonly meter: Meter;
}

function matches(checked: CheckedConditions, run: Run): boolean {
  if (isGroup(checked)) {
    const holds = (member: CheckedConditions) => matches(member, run);
    return checked.operator === 'AND' ? checked.conditions.every(holds) : checked.conditions.some(holds);
  }
  run.meter.charge(1);
  return 'field' in checked
    ? fieldMatches(checked, run.event[checked.field], run)
    : pathMatches(checked, valueAt(run.event[checked.path[0]], checked.path), run);
}

function fieldMatches(test: FieldTest, value: FieldValue | null, run: Run): boolean {
  if (value === null) return test.comparison === 'ISNULL';
  switch (test.comparison) {
    case 'ISNULL':
      return false;
    case 'NOTNULL':
      return true;
    case 'EQ':
      return isSame(value, test.value);
    case 'NE':
      return !isSame(value, test.value);
    case 'IN':
      return isAmong(value, test.values, run);
    case 'NOTIN':
      return !isAmong(value, test.values, run);
    case 'LIKE':
      return isLike(String(value), test, run);
    default:
      return isOrdered(test.comparison, compare(value, test.value, run));
  }
}

function isSame(a: FieldValue, b: FieldValue): boolean {
  return a instanceof Date ? Number(a) === Number(b) : a === b;
}

function isAmong(value: FieldValue, values: readonly FieldValue[], { meter }: Run): boolean {
  meter.charge(values.length / 20);
  return values.some((item) => isSame(value, item));
}

/** `value` is undefined if the path does not exist. */
function pathMatches(test: PathTest, value: JsonValue | undefined, run: Run): boolean {
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
      return typeof value === 'string' && isLike(value, test, run);
    case 'LT':
    case 'GT':
    case 'LTE':
    case 'GTE':
      if (typeof value === 'string' || typeof value === 'number')
        return (
          typeof value === typeof test.value && isOrdered(test.comparison, compare(value, test.value, run))
        );
      return false;
    case 'IN':
      run.meter.charge(test.values.length / 20);
      return test.values.some((item) => item === value);
    case 'NOTIN':
      run.meter.charge(test.values.length / 20);
      return value !== undefined && test.values.every((item) => item !== value);
    case 'NOTNULL':
      return value !== undefined;
    default:
      return isList(value) && listMatches(test, value, run);
  }
}

function listMatches(test: ListTest, list: readonly JsonValue[], { meter }: Run): boolean {
  const has = (item: JsonScalar) => {
    meter.charge(1 + list.length / 20);
    return list.includes(item);
  };
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

/** A missing value counts as false when compared with a boolean. */
function orFalse(value: JsonValue | undefined, comparedWith: JsonScalar): JsonValue | undefined {
  return value === undefined && typeof comparedWith === 'boolean' ? false : value;
}

/** The value at the path. The first part of the path is `from` itself. */
function valueAt(from: JsonValue, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = from;
  for (let n = 1; n < path.length; n += 1) {
    const key = path[n]!;
    value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Compares two values of one type: negative, 0 or positive. */
function compare(a: FieldValue, b: FieldValue, { meter }: Run): number {
  if (typeof a !== 'string' || typeof b !== 'string') return Number(a) - Number(b);
  meter.charge(Math.min(a.length, b.length) / 50);
  return compareText(a, b);
}

const patterns = new WeakMap<Test, LikePattern>();

function isLike(text: string, test: Test & { readonly comparison: 'LIKE' }, { event, meter }: Run): boolean {
  const pattern = patterns.get(test) ?? new LikePattern(test.value);
  patterns.set(test, pattern);
  return pattern.test(folded(text, event, meter), meter);
}

/** Folded text of this length or more is cached with the event, for its other conditions and other filters. */
const keptLength = 1_000;
const foldedTexts = new WeakMap<Conditionable, Map<string, string>>();

function folded(text: string, event: Conditionable, meter: Meter): string {
  if (text.length < keptLength) return foldCase(text);
  const known = foldedTexts.get(event) ?? new Map<string, string>();
  foldedTexts.set(event, known);
  const kept = known.get(text);
  if (kept !== undefined) return kept;
  meter.charge(text.length / 16);
  const made = foldCase(text);
  known.set(text, made);
  return made;
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
