// What is derived from CEL filters for a database and for indexes: never more than the filters say, and not nothing.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { celConditions } from '../../../src/domain/cel/necessary.ts';
import { type CheckedConditions, isGroup } from '../../../src/domain/conditions/conditions.ts';
import { conditionsMatch } from '../../../src/domain/conditions/match-conditions.ts';
import { limits } from '../../../src/base/limits.ts';
import { anyEvent, jsonRows } from '../conditions/condition-cases.ts';
import { anyFilter } from './random-filters.ts';
import { cel } from './subjects.ts';

/** Conditions as one line. */
function shown(checked: CheckedConditions | null): string {
  if (checked === null) return '-';
  if (isGroup(checked)) return `(${checked.conditions.map(shown).join(` ${checked.operator} `)})`;
  const place = 'field' in checked ? checked.field : checked.path.join('/');
  const value = 'value' in checked ? checked.value : 'values' in checked ? checked.values : undefined;
  return `${place} ${checked.comparison}${value === undefined ? '' : ` ${JSON.stringify(value)}`}`;
}

describe('Conditions of', () => {
  test.each([
    ["topic == 'a'", 'topic EQ "a"'],
    ["'a' == topic", 'topic EQ "a"'],
    ["event_type != 'a' && request_id < 'b'", '(eventType NE "a" AND requestId LT "b")'],
    ["user != 'a'", '(user NE "a" OR user ISNULL)'],
    ['project == null', 'project ISNULL'],
    ['sender != null', 'sender NOTNULL'],
    ['topic == null', '-'],
    ['topic == 1', '-'],
    ["status == 'FAILED'", 'status EQ "FAILED"'],
    ["status == 'failed'", '-'],
    ["status > 'A'", '-'],
    ["status in ['FAILED', 'no such']", 'status IN ["FAILED"]'],
    ["user in ['a', null]", '(user IN ["a"] OR user ISNULL)'],
    ['topic in []', 'topic IN []'],
    ["topic in ['a', data.x]", 'payload/x NOTNULL'],
    ["topic < '\uffee'", 'topic LT "\uffee"'],
    ["created_at >= timestamp('2025-01-01T01:00:00+01:00')", 'createdAt GTE "2025-01-01T00:00:00.000Z"'],
    ["timestamp('2025-01-01T00:00:00Z') < created_at", 'createdAt GT "2025-01-01T00:00:00.000Z"'],
    ["created_at > timestamp('2025-01-01T00:00:00.0001Z')", '-'],
    ['created_at > timestamp(data.x)', 'payload/x NOTNULL'],
    ["data.a.b == 'x'", 'payload/a/b EQ "x"'],
    ["data['a-b'].c == 1", 'payload/a-b/c EQ 1'],
    ['summary.n >= 1.5', 'summary/n GTE 1.5'],
    ['3 > data.n', 'payload/n LT 3'],
    ['data.n == -3', 'payload/n EQ -3'],
    ['data.n == 3u', 'payload/n EQ 3'],
    ['data.n == 9007199254740993', 'payload/n NOTNULL'],
    ['data.x == null', 'payload/x IN [null]'],
    ['data.x != null', 'payload/x NOTIN [null]'],
    ['data.x != "a"', 'payload/x NE "a"'],
    ['data.x == false', 'payload/x EQ false'],
    ['data.x > false', 'payload/x NOTNULL'],
    ['data.x < "\uffee"', 'payload/x LT "\uffee"'],
    ['data.x', 'payload/x EQ true'],
    ['!data.x', 'payload/x EQ false'],
    ['has(data.x.y)', 'payload/x/y NOTNULL'],
    ['!has(data.x.y)', 'payload/x/y ISNULL'],
    ["data.x in ['a', 1, null, true]", 'payload/x IN ["a",1,null,true]'],
    ["'a' in data.x", '(payload/x INCLUDES "a" OR payload/x/a NOTNULL)'],
    ['1 in data.x', 'payload/x INCLUDES 1'],
    ["data.x.startsWith('A_%\\\\')", 'payload/x LIKE "a\\\\_\\\\%\\\\\\\\%"'],
    ["data.x.endsWith('b')", 'payload/x LIKE "%b"'],
    ["topic.contains('B')", 'topic LIKE "%b%"'],
    ["status.startsWith('F')", '-'],
    [`data.x.startsWith('${'a'.repeat(600)}')`, 'payload/x NOTNULL'],
    ['data.l[0].x == 1', 'payload/l NOTNULL'],
    ['data.l.exists(x, x.y == data.z)', 'payload/l NOTNULL'],
    ['size(data.x) + data.y > 1', '(payload/x NOTNULL AND payload/y NOTNULL)'],
    ['data.x ? data.y : data.z', 'payload/x NOTNULL'],
    ["topic == 'a' || user == 'b'", '(topic EQ "a" OR user EQ "b")'],
    ["topic == 'a' || size(topic) > 3", '-'],
    ["size(topic) > 3 && (topic == 'a' || data.x == 1)", '(topic EQ "a" OR payload/x EQ 1)'],
    ["!(topic == 'a' && data.x == 1)", '-'],
    ["!(topic == 'a')", '-'],
    ['data.x == "\\u0000"', 'payload/x NOTNULL'],
    ['data["\\u0000"] == 1', '-'],
    ['true', '-'],
  ])('%s are %s', (text, expected) => {
    expect(shown(celConditions(cel(text)))).toBe(expected);
  });

  test('a filter with very many parts are as many as conditions may be', () => {
    const count = (checked: CheckedConditions): number =>
      isGroup(checked) ? checked.conditions.reduce((sum, one) => sum + count(one), 0) : 1;
    const parts = Array.from({ length: 120 }, (_, n) => `data.x==${n}`);
    expect(count(celConditions(cel(parts.join('&&')))!)).toBe(limits.conditions);
    expect(celConditions(cel(parts.join('||')))).toBeNull();
  });
});

test('No event that a filter matches fails its conditions', () => {
  const seen = { matched: 0, selected: 0, told: 0, failed: 0 };
  fc.assert(
    fc.property(anyFilter, fc.array(anyEvent, { minLength: 8, maxLength: 8 }), (text, random) => {
      const filter = cel(text);
      const conditions = celConditions(filter);
      for (const event of [...random, ...Object.values(jsonRows)]) {
        const { matches, error } = filter.test(event);
        const selected = conditions === null || conditionsMatch(conditions, event);
        if (matches && !selected) throw new Error(`${text} matches, but not ${shown(conditions)}`);
        seen.matched += Number(matches);
        seen.failed += Number(error !== null);
        seen.selected += Number(!selected);
      }
      seen.told += Number(conditions !== null);
    }),
    { numRuns: 3_000 },
  );
  // It would also hold of filters that match nothing, or for which there is no pre-filter.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(1_000);
});
