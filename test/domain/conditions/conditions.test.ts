// Conditions in process: what they select, what is refused, and the one form that equal conditions have.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { fieldNames } from '../../../src/domain/conditions/condition-keys.ts';
import {
  type Comparison,
  comparisons,
  conditionsText,
  readsJson,
} from '../../../src/domain/conditions/conditions.ts';
import {
  checkConditions,
  type ConditionInput,
  type ConditionsInput,
} from '../../../src/domain/conditions/check-conditions.ts';
import { conditionsMatch } from '../../../src/domain/conditions/match-conditions.ts';
import { checkFilter } from '../../../src/domain/conditions/event-filter.ts';
import { filterMatches } from '../../../src/domain/conditions/checked-filter.ts';
import { UnsafeNumber } from '../../../src/domain/values/json.ts';
import {
  anyConditions,
  fieldCases,
  fieldRows,
  joinedCases,
  jsonCases,
  jsonRows,
  namesIn,
  type Rows,
  uuid,
} from './condition-cases.ts';

const one = (key: string, comparison: Comparison, value: unknown): ConditionsInput => ({
  conditions: [{ key, comparison, value }],
});

function selected(rows: Rows, input: ConditionsInput): string[] {
  const checked = checkConditions(input);
  return Object.keys(rows).filter((name) => checked === null || conditionsMatch(checked, rows[name]!));
}

describe('In process', () => {
  test.each(jsonCases)('%s %s %j selects %s', (key, comparison, value, expected) => {
    expect(selected(jsonRows, one(key, comparison, value))).toEqual(namesIn(jsonRows, expected));
  });

  test.each(fieldCases)('%s %s %j selects %s', (key, comparison, value, expected) => {
    expect(selected(fieldRows, one(key, comparison, value))).toEqual(namesIn(fieldRows, expected));
  });

  test.each(joinedCases)('%s selects as it should', (_what, input, expected) => {
    expect(selected(jsonRows, input)).toEqual(namesIn(jsonRows, expected));
  });

  test('the table uses every comparison, on a path and on a field where one takes it', () => {
    const uses = (cases: readonly (readonly [string, Comparison, ...unknown[]])[]) =>
      comparisons.filter((name) => cases.some(([, comparison]) => comparison === name));
    expect(uses(jsonCases)).toEqual([...comparisons]);
    expect(uses(fieldCases)).toEqual(comparisons.filter((name) => !/CLUDES/.test(name)));
    expect(jsonCases.length + fieldCases.length + joinedCases.length).toBeGreaterThan(300);
  });

  test('a pattern made to be slow is not', () => {
    const checked = checkConditions(one('payload/v', 'LIKE', `${'%a'.repeat(200)}%b`))!;
    const started = performance.now();
    const payload = { v: 'a'.repeat(100_000) };
    expect(conditionsMatch(checked, { ...jsonRows.missing!, payload })).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('Equal conditions have one form', () => {
  const text = (input: ConditionsInput) => conditionsText(checkConditions(input)!);
  const a = { key: 'topic', value: 'a' };
  const b = { key: 'payload/b', value: 1 };

  test.each<[string, ConditionsInput, ConditionsInput]>([
    [
      'without the defaults',
      { conditions: [a, b] },
      {
        operator: 'AND',
        conditions: [
          { ...a, comparison: 'EQ', nested: null },
          { ...b, comparison: null },
        ],
      },
    ],
    ['with other separators', { conditions: [b] }, { conditions: [{ ...b, key: 'payload.b' }] }],
    [
      'nested',
      { conditions: [a, b] },
      { conditions: [{ nested: { conditions: [a, { nested: { conditions: [b] } }] } }] },
    ],
    [
      'with several nested',
      { conditions: [a, b, a] },
      { conditions: [a, { nested: { operator: 'AND', conditions: [b, a] } }] },
    ],
    ['alone by OR', { conditions: [a] }, { operator: 'OR', conditions: [a] }],
    ['beside nothing', { conditions: [a] }, { conditions: [a, { nested: { conditions: [] } }] }],
    [
      'with an id in capitals',
      one('id', 'EQ', uuid(1)),
      one('id', 'EQ', uuid(1).toUpperCase().replaceAll('-', '')),
    ],
    [
      'with a time elsewhere',
      one('createdAt', 'LT', '2025-01-01T00:00:00Z'),
      one('created_at', 'LT', '2025-01-01T01:00:00+01:00'),
    ],
    ['with a status in small letters', one('status', 'EQ', 'FAILED'), one('status', 'EQ', 'failed')],
    ['with a pattern in capitals', one('user', 'LIKE', 'A%'), one('user', 'LIKE', 'a%')],
    ['with an item twice', one('user', 'IN', ['a', 'b']), one('user', 'IN', ['a', 'b', 'a'])],
    ['with a number written otherwise', one('payload/b', 'EQ', 100), one('payload/b', 'EQ', 1e2)],
  ])('%s', (_what, given, same) => expect(text(same)).toBe(text(given)));

  test('and others another', () => {
    const texts = [
      { conditions: [a] },
      { conditions: [b] },
      { conditions: [{ ...a, comparison: 'NE' as const }] },
      { conditions: [{ ...a, value: 'b' }] },
      { conditions: [{ ...b, value: '1' }] },
      { conditions: [{ ...b, value: true }] },
      { conditions: [{ ...b, value: [] }] },
      { conditions: [{ ...b, key: 'summary/b' }] },
      { conditions: [a, b] },
      { operator: 'OR' as const, conditions: [a, b] },
      one('payload/b/c', 'EQ', 1),
    ].map(text);
    expect(new Set(texts).size).toBe(texts.length);
    expect(texts.every((each) => typeof JSON.parse(each) === 'object')).toBe(true);
  });

  test('whose form says whether it reads JSON', () => {
    const reads = (input: ConditionsInput) => readsJson(checkConditions(input)!);
    expect(reads({ conditions: [a] })).toBe(false);
    expect(reads({ conditions: [b] })).toBe(true);
    expect(reads({ conditions: [a, { nested: { operator: 'OR', conditions: [a, b] } }] })).toBe(true);
    expect(reads({ conditions: [a, { nested: { operator: 'OR', conditions: [a, a] } }] })).toBe(false);
  });

  test('null where they always hold', () => {
    for (const input of [null, undefined, { conditions: [] }, one('payload/v', 'NOTIN', [])])
      expect(checkConditions(input)).toBeNull();
  });
});

describe('Every field', () => {
  const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

  test('has its name in snake_case too', () => {
    expect(fieldNames).toHaveLength(18);
    for (const name of fieldNames) {
      expect(checkConditions(one(snake(name), 'IN', []))).toEqual(checkConditions(one(name, 'IN', [])));
    }
    expect(checkConditions(one('project_name', 'IN', []))).toEqual(checkConditions(one('project', 'IN', [])));
    expect(checkConditions(one('user_name', 'IN', []))).toEqual(checkConditions(one('user', 'IN', [])));
  });
});

/** How a condition is refused. */
function refusalOf(input: ConditionsInput) {
  try {
    checkConditions(input, 'filter');
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: { key?: unknown } };
    return { code, message, key: details.key };
  }
  throw new Error(`${JSON.stringify(input)} was not refused`);
}

describe('INVALID_FILTER names the key for', () => {
  test.each([
    '',
    'Topic',
    'topics',
    'position',
    'result',
    'error',
    'result/code',
    'creation_order',
    'dependsOnId',
    'kwargs/x',
    'user-name',
    'toString',
    '__proto__',
    'constructor',
    'topic/x',
    'created_at.x',
    ' topic',
    '/payload/x',
    'x/payload/y',
    "payload'; DROP TABLE events; --/x",
  ])('the key %j, which there is not', (key) => {
    const { code, message, key: named } = refusalOf(one(key, 'EQ', 'x'));
    expect({ code, named }).toEqual({ code: 'INVALID_FILTER', named: key });
    expect(message).toContain(`${JSON.stringify(key)} is not a condition key`);
    for (const name of [...fieldNames, 'project_name', 'payload/newValue']) expect(message).toContain(name);
  });

  test.each(['payload', 'summary', 'payload/', 'payload//x', 'summary.', 'payload/x/', 'payload/x..y'])(
    'the path %j, which leads nowhere',
    (key) => {
      expect(refusalOf(one(key, 'EQ', 'x'))).toMatchObject({
        code: 'INVALID_FILTER',
        key,
        message: expect.stringMatching(/names all of the|has an empty element/),
      });
    },
  );

  test.each(['payload/\u0000', 'payload/\ud800', 'a\u0000'])('the key %j, which is no text', (key) => {
    expect(refusalOf(one(key, 'EQ', 'x'))).toMatchObject({ code: 'INVALID_FILTER', key });
  });

  const huge = new UnsafeNumber('12345678901234567890');
  test.each<[string, Comparison, unknown, string]>([
    ['topic', 'EQ', 1, 'takes a string, not 1'],
    ['topic', 'EQ', null, 'takes a string, not null'],
    ['topic', 'EQ', undefined, 'takes a string, not null'],
    ['topic', 'NE', true, 'takes a string, not true'],
    ['topic', 'EQ', [], 'takes a string, not []'],
    ['topic', 'EQ', ['a'], 'takes a string, not ["a"]'],
    ['topic', 'LT', {}, 'takes a string, not {}'],
    ['topic', 'IN', 'a', 'takes a list, not "a"'],
    ['topic', 'IN', null, 'takes a list, not null'],
    ['topic', 'NOTIN', { length: 0 }, 'takes a list'],
    ['topic', 'IN', ['a', 1], 'takes a string, not 1'],
    ['topic', 'IN', [null], 'takes a string, not null'],
    ['topic', 'LIKE', 1, 'takes a string, in which % and _ are wildcards, not 1'],
    ['topic', 'LIKE', ['a'], 'takes a string, in which'],
    ['topic', 'LIKE', 'a\\', 'ends with an unfinished escape'],
    ['topic', 'LIKE', '\\\\\\', 'ends with an unfinished escape'],
    ['topic', 'ISNULL', 'a', 'takes no value, not "a"'],
    ['topic', 'NOTNULL', false, 'takes no value, not false'],
    ['topic', 'INCLUDES', 'a', 'cannot be compared with INCLUDES'],
    ['topic', 'EXCLUDES', 'a', 'cannot be compared with EXCLUDES'],
    ['topic', 'INCLUDESALL', ['a'], 'cannot be compared with INCLUDESALL'],
    ['topic', 'EXCLUDESANY', ['a'], 'cannot be compared with EXCLUDESANY'],
    ['topic', 'EQ', 'a\u0000', 'NUL'],
    ['topic', 'IN', ['\udc00'], 'surrogate'],
    ['topic', 'LIKE', '%\u0000', 'NUL'],
    ['retries', 'EQ', '1', 'takes a number, not "1"'],
    ['retries', 'IN', [1, '2'], 'takes a number, not "2"'],
    ['retries', 'LIKE', '1', 'cannot be compared with LIKE'],
    ['retries', 'EQ', huge, 'cannot be represented exactly'],
    ['retries', 'GT', true, 'takes a number, not true'],
    ['id', 'EQ', 'seven', 'is not an event'],
    ['id', 'EQ', 7, 'takes the id of an event'],
    ['id', 'IN', [uuid(1), 'x'], 'is not an event'],
    ['id', 'LT', uuid(1), 'cannot be compared with LT; use EQ, NE, IN, NOTIN, ISNULL, NOTNULL'],
    ['id', 'LIKE', '0%', 'cannot be compared with LIKE'],
    ['depends_on', 'GTE', uuid(1), 'cannot be compared with GTE'],
    ['status', 'EQ', 'DONE', 'takes one of PENDING, IN_PROGRESS'],
    ['status', 'EQ', 1, 'takes one of PENDING, IN_PROGRESS'],
    ['status', 'LT', 'FAILED', 'cannot be compared with LT; use EQ, NE, IN, NOTIN.'],
    ['status', 'ISNULL', null, 'cannot be compared with ISNULL'],
    ['status', 'IN', ['FAILED', 'x'], 'not "x"'],
    ['createdAt', 'GT', 1_700_000_000, 'takes a time as a string'],
    ['createdAt', 'GT', '2025-01-01', 'RFC 3339'],
    ['createdAt', 'GT', '2025-01-01T00:00:00', 'RFC 3339'],
    ['created_at', 'EQ', '2025-02-30T00:00:00Z', 'no such day'],
    ['createdAt', 'EQ', 'infinity', 'RFC 3339'],
    ['createdAt', 'LIKE', '2025%', 'cannot be compared with LIKE'],
    ['finishedAt', 'IN', ['now'], 'RFC 3339'],
    ['payload/v', 'EQ', null, 'ISNULL'],
    ['payload/v', 'EQ', undefined, 'ISNULL'],
    ['payload/v', 'EQ', {}, 'takes a string, a number or a boolean, or [] for an empty list, not {}'],
    ['payload/v', 'EQ', [1], 'or [] for an empty list, not [1]'],
    ['payload/v', 'NE', ['a'], 'or [] for an empty list, not ["a"]'],
    ['payload/v', 'EQ', huge, 'cannot be represented exactly'],
    ['payload/v', 'IN', [1, huge], 'cannot be represented exactly'],
    ['payload/v', 'GT', huge, 'cannot be represented exactly'],
    ['payload/v', 'INCLUDESANY', [huge], 'cannot be represented exactly'],
    ['payload/v', 'LT', true, 'takes a string or a number, not true'],
    ['payload/v', 'GTE', null, 'takes a string or a number'],
    ['payload/v', 'GT', [], 'takes a string or a number, not []'],
    ['payload/v', 'LIKE', 1, 'takes a string'],
    ['payload/v', 'LIKE', null, 'takes a string'],
    ['payload/v', 'LIKE', '%\\', 'ends with an unfinished escape'],
    ['payload/v', 'LIKE', '\n\\', 'ends with an unfinished escape'],
    ['payload/v', 'ISNULL', 1, 'takes no value'],
    ['payload/v', 'NOTNULL', [], 'takes no value'],
    ['payload/v', 'IN', 1, 'takes a list, not 1'],
    ['payload/v', 'IN', null, 'takes a list'],
    ['payload/v', 'NOTIN', [[]], 'or null, not []'],
    ['payload/v', 'IN', [{}], 'or null, not {}'],
    ['payload/v', 'INCLUDES', null, 'takes a string, a number or a boolean'],
    ['payload/v', 'INCLUDES', [1], 'takes a string, a number or a boolean, not [1]'],
    ['payload/v', 'EXCLUDES', {}, 'takes a string, a number or a boolean, not {}'],
    ['payload/v', 'INCLUDESALL', 1, 'takes a list'],
    ['payload/v', 'EXCLUDESALL', 'a', 'takes a list'],
    ['payload/v', 'INCLUDESANY', null, 'takes a list'],
    ['payload/v', 'EXCLUDESANY', [{}], 'or null, not {}'],
    ['payload/v', 'EQ', 'a\u0000', 'NUL'],
    ['payload/v', 'INCLUDESALL', ['\ud800'], 'surrogate'],
  ])('%s %s %j', (key, comparison, value, saying) => {
    const { code, message, key: named } = refusalOf(one(key, comparison, value));
    expect({ code, named }).toEqual({ code: 'INVALID_FILTER', named: key });
    expect(message).toContain(key);
    expect(message).toContain(comparison);
    expect(message).toContain(saying);
  });

  const nested = { conditions: [] };
  test.each<[string, ConditionInput, string | null, string]>([
    ['neither a key nor others', {}, null, 'has neither key nor nested'],
    ['a value alone', { value: 1 }, null, 'has neither key nor nested'],
    ['nulls', { key: null, nested: null }, null, 'has neither key nor nested'],
    ['both', { key: 'topic', value: 'a', nested }, 'topic', 'has both nested and the key "topic"'],
    ['others and a value', { value: 'a', nested }, null, 'has both nested and a value'],
  ])('a condition with %s', (_what, condition, key, saying) => {
    const refused = refusalOf({ operator: 'OR', conditions: [{ nested: { conditions: [condition] } }] });
    expect(refused).toMatchObject({ code: 'INVALID_FILTER', key, message: expect.stringContaining(saying) });
    expect(refused.message).toContain('filter');
  });
});

describe('LIMIT_EXCEEDED beyond', () => {
  const many = (count: number) => Array.from({ length: count }, () => ({ key: 'payload/v', value: 1 }));
  const deep = (levels: number): ConditionsInput =>
    levels === 1
      ? { operator: 'OR', conditions: many(2) }
      : { operator: levels % 2 ? 'OR' : 'AND', conditions: [...many(1), { nested: deep(levels - 1) }] };
  const key = (length: number) => `payload/${'x'.repeat(length - 8)}`;
  const items = (count: number) => Array.from({ length: count }, (_, n) => n);

  const inside: [string, (size: number) => ConditionsInput, number][] = [
    ['conditions', (size) => ({ conditions: many(size) }), limits.conditions],
    [
      'conditions, nested ones included',
      (size) => ({ conditions: [{ nested: { conditions: many(50) } }, ...many(size - 51)] }),
      limits.conditions,
    ],
    ['levels', deep, limits.conditionDepth],
    ['characters of a key', (size) => one(key(size), 'EQ', 1), limits.conditionKeyLength],
    ['items', (size) => one('payload/v', 'IN', items(size)), limits.conditionItems],
    ['items of a field', (size) => one('retries', 'NOTIN', items(size)), limits.conditionItems],
    ['items of INCLUDESALL', (size) => one('payload/v', 'INCLUDESALL', items(size)), limits.conditionItems],
    ['characters of a pattern', (size) => one('topic', 'LIKE', '%'.repeat(size)), limits.likeLength],
    [
      'characters of a pattern on a path',
      (size) => one('payload/v', 'LIKE', 'a'.repeat(size)),
      limits.likeLength,
    ],
  ];
  test.each(inside)('so many %s', (_what, sized, limit) => {
    expect(() => checkConditions(sized(limit))).not.toThrow();
    const { code, message } = refusalOf(sized(limit + 1));
    expect(code).toBe('LIMIT_EXCEEDED');
    expect(message).toContain(String(limit));
  });
});

describe('In a filter', () => {
  const within = (conditions: ConditionInput[], others = {}) =>
    checkFilter({ ...others, conditions: { conditions } });

  test.each<[string, ConditionInput, object]>([
    ['topic', { key: 'topic', value: 'a.b' }, { topics: ['a.b'] }],
    ['topics', { key: 'topic', comparison: 'IN', value: ['a', 'b', 'a'] }, { topics: ['a', 'b'] }],
    ['status', { key: 'status', value: 'failed' }, { statuses: ['FAILED'] }],
    ['project', { key: 'project_name', value: 'p' }, { projects: ['p'] }],
    ['user', { key: 'user', value: 'u' }, { users: ['u'] }],
    ['sender', { key: 'sender', value: 's' }, { senders: ['s'] }],
    ['request', { key: 'request_id', value: 'r' }, { requestIds: ['r'] }],
    ['id', { key: 'id', value: uuid(1).toUpperCase() }, { ids: [uuid(1)] }],
    ['nothing', { key: 'sender', comparison: 'IN', value: [] }, { senders: [] }],
  ])('EQ or IN on %s is the list', (_what, condition, list) => {
    expect(within([condition])).toEqual(checkFilter(list));
  });

  test('only what is required whatever else holds is taken into a list, and only what a list says', () => {
    const kept: ConditionInput[] = [
      { key: 'topic', comparison: 'NE', value: 'a' },
      { key: 'topic', comparison: 'LIKE', value: 'a' },
      { key: 'nodeId', value: 'a' },
      { key: 'payload/topic', value: 'a' },
      {
        nested: {
          operator: 'OR',
          conditions: [
            { key: 'topic', value: 'a' },
            { key: 'user', value: 'a' },
          ],
        },
      },
    ];
    for (const condition of kept) {
      const checked = within([condition, { key: 'project', value: 'p' }]);
      const conditions = checkConditions({ conditions: [condition] });
      expect(checked).toEqual({ ...checkFilter({ projects: ['p'] }), conditions });
    }
  });

  test('a list keeps what both say', () => {
    const topic = { key: 'topic', comparison: 'IN' as const, value: ['a.b', 'c', 'a.*'] };
    expect(within([topic], { topics: ['a.*', 'd'] }).topics).toEqual(['a.b']);
    expect(within([topic]).topics).toEqual(['a.b', 'c']);
    expect(within([{ key: 'user', value: 'u' }], { users: ['v', 'w'] }).users).toEqual([]);
    const twice = within([
      { key: 'user', comparison: 'IN', value: ['u', 'v'] },
      { key: 'user', comparison: 'IN', value: ['v', 'w'] },
    ]);
    expect(twice).toEqual(checkFilter({ users: ['v'] }));
  });

  test('conditions select the same as by themselves', () => {
    fc.assert(
      fc.property(
        anyConditions,
        fc.constantFrom(...Object.values(jsonRows), ...Object.values(fieldRows)),
        (input, event) => {
          const alone = checkConditions(input);
          const filter = checkFilter({ conditions: input });
          expect(filterMatches(filter, event)).toBe(alone === null || conditionsMatch(alone, event));
        },
      ),
      { numRuns: 500 },
    );
  });
});
