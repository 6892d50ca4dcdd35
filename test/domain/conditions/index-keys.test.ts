// What an index of filters goes by: for every event that is selected, one key at least of each choice.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { celConditions } from '../../../src/domain/cel/necessary.ts';
import { celPreFilter } from '../../../src/domain/cel/pre-filter.ts';
import type { CheckedConditions } from '../../../src/domain/conditions/conditions.ts';
import { checkConditions } from '../../../src/domain/conditions/check-conditions.ts';
import { type Conditionable, conditionsMatch } from '../../../src/domain/conditions/match-conditions.ts';
import {
  type IndexKey,
  type IndexKeys,
  indexKeysOf,
  mostTelling,
} from '../../../src/domain/conditions/index-keys.ts';
import { isJsonObject } from '../../../src/domain/values/json.ts';
import { anyFilter } from '../cel/random-filters.ts';
import { cel } from '../cel/subjects.ts';
import { anyConditions, anyEvent, jsonRows } from './condition-cases.ts';

function shown(conditions: CheckedConditions | null): string {
  const one = ({ path, values }: IndexKey) => {
    const written = values.map((value) => (value === undefined ? 'nothing' : JSON.stringify(value)));
    return `${path.join('/')} ${written.join(' ')}`;
  };
  const choices = conditions ? indexKeysOf(conditions) : [];
  return choices.map((keys) => keys.map(one).join(' | ') || 'none').join(', ') || '-';
}

describe('The keys of a filter in CEL', () => {
  test.each([
    ["topic == 'a'", 'topic "a"'],
    ["'a' == topic", 'topic "a"'],
    ["topic in ['a', 'b', 'a']", 'topic "a" "b"'],
    ["data.a.b == 'x' && data['c-d'] == 2", 'payload/a/b "x", payload/c-d 2'],
    ["status == 'FAILED' && data.n > 1", 'status "FAILED"'],
    ['data.yes && !data.no', 'payload/yes true, payload/no false nothing'],
    ["event_type == 'a' || event_type == 'b'", 'eventType "a" | eventType "b"'],
    ["event_type == 'a' || topic in ['b', 'c']", 'eventType "a" | topic "b" "c"'],
    ["(event_type == 'a' || data.n == 1) && user == 'u'", 'eventType "a" | payload/n 1, user "u"'],
    ["user == 'u' && request_id == 'r' || topic == 't'", 'requestId "r" | topic "t"'],
    ["event_type == 'a' || data.n > 1", '-'],
    ['project == null', 'project null'],
    ['data.x == null', 'payload/x null'],
    ['data.n == 1', 'payload/n 1'],
    ['data.n == 1.0', 'payload/n 1'],
    ['data.n == 1u', 'payload/n 1'],
    ['data.n == 9007199254740993', '-'],
    ["data.__proto__.constructor == 'x'", 'payload/__proto__/constructor "x"'],
    ["data.x != 'a'", '-'],
    ['topic in []', 'topic '],
    ["created_at == timestamp('2025-01-01T00:00:00Z')", '-'],
    ["data.l.exists(topic, topic == 'a')", '-'],
    ["data.x ? topic == 'a' : topic == 'b'", '-'],
  ])('%s are %s', (text, expected) => {
    expect(shown(celConditions(cel(text)))).toBe(expected);
  });

  test('whose failures count also let through what it fails on', () => {
    expect(shown(celPreFilter(cel("data.x == 'a' && topic == 'b'")))).toBe(
      'payload/x nothing | payload/x "a", topic "b"',
    );
    expect(shown(celPreFilter(cel('data.x || data.y > 1')))).toBe('-');
  });
});

function valueAt(event: Conditionable, path: readonly string[]): unknown {
  let value: unknown = event;
  for (const name of path)
    value = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

function fits(event: Conditionable, keys: IndexKeys): boolean {
  return keys.some(({ path, values }) => (values as readonly unknown[]).includes(valueAt(event, path)));
}

const checked: fc.Arbitrary<CheckedConditions | null> = fc.oneof(
  anyConditions.map((input) => checkConditions(input)),
  anyFilter.map((text) => celConditions(cel(text))),
  anyFilter.map((text) => celPreFilter(cel(text))),
);

test('No event that conditions select fails one of their keys', () => {
  const seen = { selected: 0, keyed: 0, left: 0 };
  fc.assert(
    fc.property(checked, fc.array(anyEvent, { minLength: 8, maxLength: 8 }), (conditions, random) => {
      const choices = conditions ? indexKeysOf(conditions) : [];
      seen.keyed += Number(choices.length > 0);
      for (const event of [...random, ...Object.values(jsonRows)]) {
        const isSelected = conditions === null || conditionsMatch(conditions, event);
        const fitsAll = choices.every((keys) => fits(event, keys));
        if (isSelected && !fitsAll) throw new Error(`selected, but not by ${shown(conditions)}`);
        seen.selected += Number(isSelected);
        seen.left += Number(!fitsAll);
      }
    }),
    { numRuns: 3_000 },
  );
  // It would also hold of conditions that select nothing, or that have no keys.
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(400);
});

describe('Of several choices', () => {
  const choices = (text: string) => indexKeysOf(celConditions(cel(text))!);
  const pathsOf = (keys: IndexKeys | null) => keys?.map(({ path }) => path.join('/'));

  test.each([
    ["status == 'FAILED' && data.method == 'GET'", ['payload/method']],
    ["project == 'p' && topic == 't'", ['topic']],
    ["topic in ['a', 'b', 'c'] && data.id == 7", ['payload/id']],
    ["data.flag && event_type == 'a'", ['eventType']],
    ["request_id == 'r' && (user == 'u' || sender == 's')", ['requestId']],
  ])('%s goes by %s, as long as nothing is filed', (text, expected) => {
    expect(pathsOf(mostTelling(choices(text), () => 0))).toEqual(expected);
  });

  test('one is taken under whose values few are filed', () => {
    const given = choices("data.method == 'GET' && topic == 't'");
    const filed = (path: readonly string[]) => (path[0] === 'payload' ? 10 : 0);
    expect(pathsOf(mostTelling(given, filed))).toEqual(['topic']);
    expect(mostTelling([], filed)).toBeNull();
  });
});
