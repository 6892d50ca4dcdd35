// Validation of a condition's value by its comparison and the type of its field or path.
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { isLongerThan, lengthOf } from '../../base/text-length.ts';
import {
  checking,
  type ConditionField,
  type FieldKind,
  fieldKinds,
  invalidFilter,
  type JsonPath,
  type KeyLocation,
  quoted,
} from './condition-keys.ts';
import type { Comparison, FieldTest, FieldValue, JsonScalar, PathTest, Test } from './conditions.ts';
import { parseDateTime } from '../values/date-time.ts';
import { eventStatuses } from '../events/event.ts';
import { checkText, UnsafeNumber } from '../values/json.ts';
import { foldCase } from './like.ts';
import { checkId } from '../events/send.ts';

/** A comparison as given by the caller. */
interface Asked {
  readonly key: string;
  readonly comparison: Comparison;
  readonly value: unknown;
}

const equality = ['EQ', 'NE', 'IN', 'NOTIN'] as const;
const presence = ['ISNULL', 'NOTNULL'] as const;
const ordering = ['LT', 'GT', 'LTE', 'GTE'] as const;

const comparisonsOf: Readonly<Record<FieldKind, readonly Comparison[]>> = {
  text: [...equality, ...ordering, 'LIKE', ...presence],
  number: [...equality, ...ordering, ...presence],
  time: [...equality, ...ordering, ...presence],
  id: [...equality, ...presence],
  status: equality,
};

const scalar = 'a string, a number or a boolean';

/** Null if the comparison is always true. `value` is null if it was omitted. */
export function checkTest(
  key: string,
  place: KeyLocation,
  comparison: Comparison,
  value: unknown,
): Test | null {
  const asked = { key, comparison, value };
  const test = 'field' in place ? fieldTest(place.field, asked) : pathTest(place.path, asked);
  return test.comparison === 'NOTIN' && test.values.length === 0 ? null : test;
}

function fieldTest(field: ConditionField, asked: Asked): FieldTest {
  const kind = fieldKinds[field];
  const { key, comparison } = asked;
  if (!comparisonsOf[kind].includes(comparison)) {
    throw invalidFilter(
      key,
      `${quoted(key)} cannot be compared with ${comparison}; use ${comparisonsOf[kind].join(', ')}.`,
    );
  }
  const valueOf = (value: unknown) => fieldValue(kind, asked, value);
  switch (comparison) {
    case 'ISNULL':
    case 'NOTNULL':
      refuseValue(asked);
      return { field, comparison };
    case 'IN':
    case 'NOTIN':
      return { field, comparison, values: unique(listOf(asked).map(valueOf)) };
    case 'LIKE':
      return { field, comparison, value: patternOf(asked) };
    case 'EQ':
    case 'NE':
    case 'LT':
    case 'GT':
    case 'LTE':
    case 'GTE':
      return { field, comparison, value: valueOf(asked.value) };
    default:
      throw new Error(`no field takes ${comparison}`);
  }
}

function fieldValue(kind: FieldKind, asked: Asked, value: unknown): FieldValue {
  if (kind === 'number') {
    if (typeof value === 'number') return value;
    throw wrongValue(asked, 'a number', value);
  }
  if (typeof value !== 'string') throw wrongValue(asked, wordOf[kind], value);
  const text = textOf(asked, value);
  if (kind === 'time') return checkingValue(asked, () => parseDateTime(text));
  if (kind === 'id') return checkingValue(asked, () => checkId(text, 'the value'));
  if (kind === 'text') return text;
  const status = eventStatuses.find((name) => name === text.toUpperCase());
  if (status !== undefined) return status;
  throw wrongValue(asked, wordOf.status, value);
}

const wordOf = {
  text: 'a string',
  time: 'a time as a string, such as "2025-03-01T09:30:00Z"',
  id: 'the id of an event, a UUID as a string',
  status: `one of ${eventStatuses.join(', ')}`,
} as const;

function pathTest(path: JsonPath, asked: Asked): PathTest {
  const { comparison, value } = asked;
  switch (comparison) {
    case 'ISNULL':
    case 'NOTNULL':
      refuseValue(asked);
      return { path, comparison };
    case 'EQ':
    case 'NE':
      if (Array.isArray(value) && value.length === 0)
        return { path, comparison: comparison === 'EQ' ? 'ISEMPTY' : 'NOTEMPTY' };
      return { path, comparison, value: presentScalar(asked, `${scalar}, or [] for an empty list`) };
    case 'INCLUDES':
    case 'EXCLUDES':
      return { path, comparison, value: presentScalar(asked, scalar) };
    case 'LT':
    case 'GT':
    case 'LTE':
    case 'GTE': {
      const given = presentScalar(asked, 'a string or a number');
      if (typeof given === 'boolean') throw wrongValue(asked, 'a string or a number', given);
      return { path, comparison, value: given };
    }
    case 'LIKE':
      return { path, comparison, value: patternOf(asked) };
    default:
      return {
        path,
        comparison,
        values: unique(listOf(asked).map((item) => scalarOf(asked, item, `${scalar}, or null`))),
      };
  }
}

function refuseValue(asked: Asked): void {
  if (asked.value !== null) throw wrongValue(asked, 'no value', asked.value);
}

function presentScalar(asked: Asked, allowed: string): Exclude<JsonScalar, null> {
  const given = scalarOf(asked, asked.value, allowed);
  if (given !== null) return given;
  throw wrongValue(asked, `${allowed} (use ISNULL to find missing values)`, null);
}

function scalarOf(asked: Asked, value: unknown, allowed: string): JsonScalar {
  if (typeof value === 'string') return textOf(asked, value);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  throw wrongValue(asked, allowed, value);
}

function textOf(asked: Asked, text: string): string {
  checkingValue(asked, () => checkText('the value', text));
  return text;
}

function checkingValue<T>({ key, comparison }: Asked, check: () => T): T {
  return checking(key, `${quoted(key)} ${comparison}`, check);
}

function listOf(asked: Asked): readonly unknown[] {
  const { key, comparison, value } = asked;
  if (!Array.isArray(value)) throw wrongValue(asked, 'a list', value);
  if (value.length > limits.conditionItems) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `${quoted(key)} ${comparison} has ${value.length} items; at most ${limits.conditionItems} are allowed.`,
      { key },
    );
  }
  return value;
}

/** The LIKE pattern with A to Z in lower case. */
function patternOf(asked: Asked): string {
  const { key, value } = asked;
  if (typeof value !== 'string') throw wrongValue(asked, 'a string, in which % and _ are wildcards', value);
  if (isLongerThan(value, limits.likeLength)) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `${quoted(key)} LIKE has ${lengthOf(value)} characters; at most ${limits.likeLength} are allowed.`,
      { key },
    );
  }
  if (!/^(?:[^\\]|\\.)*$/s.test(value)) {
    throw invalidFilter(
      key,
      `${quoted(key)} LIKE ${quoted(value)} ends with an unfinished escape; write \\\\ for a backslash.`,
    );
  }
  return foldCase(textOf(asked, value));
}

function wrongValue({ key, comparison }: Asked, allowed: string, value: unknown): ThroughlineError {
  const given =
    value instanceof UnsafeNumber
      ? `the number ${value.text.slice(0, 60)}, which cannot be represented exactly`
      : value === null
        ? 'null'
        : quoted(value);
  return invalidFilter(key, `${quoted(key)} ${comparison} takes ${allowed}, not ${given}.`);
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
