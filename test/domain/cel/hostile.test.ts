// Filters and events made to be slow or large: each evaluation ends by its count of steps, whatever the clock says.
import { RE2JS } from '@bufbuild/re2';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { compile } from '../../../src/domain/cel/language/compile.ts';
import { CostExceeded, Meter } from '../../../src/domain/cel/meter.ts';
import { keptPatterns, Pattern, patternSize } from '../../../src/domain/cel/functions/pattern.ts';
import { namesOf } from '../../../src/domain/cel/subject.ts';
import { parseTree } from '../../../src/domain/cel/language/tree.ts';
import type { JsonObject } from '../../../src/domain/values/json.ts';
import { cel, issue, refusalOf, withPayload } from './subjects.ts';

const numbers = Array.from({ length: 10_000 }, (_, n) => n);
const mega = 'a'.repeat(1_000_000);
const halves = { text: 'a'.repeat(500_000), part: `${'a'.repeat(250_000)}b${'a'.repeat(200_000)}` };
const patterns = Array.from({ length: 5_000 }, (_, n) => `a{${n % 900}}b{${n % 50}}${n}`);
const wide = Object.fromEntries(numbers.map((n) => [`k${n}`, n]));
const chain = (times: number, step: string) =>
  `[data.s]${Array.from({ length: times }, () => `.map(a, ${step})`).join('')}`;

const costly: readonly (readonly [string, string, JsonObject])[] = [
  ['two macros over a long list', 'data.l.all(a, data.l.all(b, a + b >= 0))', { l: numbers }],
  ['macros that do nothing', 'data.l.all(a, data.l.all(b, true))', { l: numbers }],
  ['macros whose errors are absorbed', 'data.l.exists(a, data.l.exists(b, b.x == a))', { l: numbers }],
  ['macros that count', 'data.l.exists_one(a, data.l.exists_one(b, b == a))', { l: numbers }],
  ['lists within a list', 'data.l.map(a, data.l.map(b, [a, b])).size() > 0', { l: numbers }],
  ['maps within a list', "data.l.map(a, data.l.map(b, {'k': b})).size() > 0", { l: numbers }],
  ['macros over keys', 'data.m.all(a, data.m.all(b, a != b || true))', { m: wide }],
  ['filters after each other', 'data.l.all(a, data.l.filter(b, b > a).size() >= 0)', { l: numbers }],
  ['a search in a list for each item', 'data.l.all(a, (a - 1) in data.l || true)', { l: numbers }],
  ['a search for what is not there', 'data.l.all(a, !(-1 in data.l))', { l: numbers }],
  ['comparing lists for each item', 'data.l.all(a, data.l == data.k)', { l: numbers, k: [...numbers] }],
  [
    'comparing objects for each item',
    'data.l.all(a, data.m == data.k)',
    { l: numbers, m: wide, k: { ...wide } },
  ],
  [
    'comparing long texts for each item',
    'data.l.all(a, data.s == data.t)',
    { l: numbers, s: mega, t: `${'a'.repeat(999_999)}a` },
  ],
  [
    'ordering long texts for each item',
    'data.l.all(a, data.s <= data.t)',
    { l: numbers, s: mega, t: `${mega}b` },
  ],
  ['matches on a long text', "data.s.matches('^(a|aa|aaa)+$')", { s: `${mega}!` }],
  [
    'matches for each item',
    "data.l.all(a, data.s.matches('^(a+)+$') || true)",
    { l: numbers, s: 'a'.repeat(1_000) },
  ],
  [
    'a pattern that is an alternative of everything',
    "data.s.matches('(?:a?){100}a{100}$')",
    { s: 'a'.repeat(50_000) },
  ],
  ['many patterns out of the event', 'data.p.exists(p, data.s.matches(p))', { p: patterns, s: 'x' }],
  ['a text joined to itself', `${chain(20, 'a + a')}[0].size() > 0`, { s: 'a'.repeat(1_000) }],
  ['a list joined to itself', `${chain(25, 'a + a')}[0].size() > 0`, { s: [1, 2] }],
  ['a text replaced by longer ones', `${chain(8, "a.replace('a', 'aaaaaaaaaa')")}.size() > 0`, { s: 'a' }],
  ['replacing in a long text', "data.s.replace('a', 'b').size() > 0", { s: mega }],
  [
    'replacing nothing',
    "data.s.replace('', data.t).size() > 0",
    { s: 'a'.repeat(10_000), t: 'a'.repeat(10_000) },
  ],
  ['a long text in a long text', 'data.text.contains(data.part)', halves],
  ['its place', 'data.text.indexOf(data.part) > 0', halves],
  ['its last place', 'data.s.lastIndexOf(data.p) > 0', { s: mega, p: `${'a'.repeat(1_000)}b` }],
  ['a long number', 'int(data.s) > 0', { s: '9'.repeat(1_000_001) }],
  ['splitting', "data.l.all(a, data.s.split('').size() > 0)", { l: numbers, s: 'a'.repeat(1_000) }],
  [
    'joining',
    'data.l.all(a, data.k.join(data.s).size() > 0)',
    { l: numbers, k: ['a', 'b', 'c'], s: 'a'.repeat(10_000) },
  ],
  ['formatting', "data.l.all(a, '%s'.format([data.l]).size() > 0)", { l: numbers }],
  ['formatting an object', "data.l.all(a, '%s'.format([data.m]).size() > 0)", { l: numbers, m: wide }],
  ['formatting numbers', "data.l.all(a, '%.50f'.format([1.5]).size() > 0)", { l: numbers }],
  ['counting the letters of a long text', 'data.l.all(a, size(data.s) > 0)', { l: numbers, s: mega }],
  ['small letters', 'data.l.all(a, data.s.lowerAscii().size() > 0)', { l: numbers, s: 'A'.repeat(10_000) }],
  ['trimming', 'data.l.all(a, data.s.trim().size() == 0)', { l: numbers, s: ' '.repeat(10_000) }],
  ['quoting', 'data.l.all(a, strings.quote(data.s).size() > 0)', { l: numbers, s: 'a'.repeat(10_000) }],
  ['bytes of a long text', 'data.l.all(a, bytes(data.s).size() > 0)', { l: numbers, s: mega }],
  ['times in a zone', "data.l.all(a, created_at.getHours('Europe/Berlin') >= 0)", { l: numbers }],
];

describe('What would take too long', () => {
  test.each(costly)('%s ends at the cost limit', (_what, text, payload) => {
    expect(cel(text).test(withPayload(payload))).toEqual({
      matches: false,
      error: 'cost limit: the filter takes too many steps for this event',
    });
  });

  test('is not taken for one side of || or &&, nor for the error of an item', () => {
    const slow = 'data.l.all(a, data.l.all(b, true))';
    for (const text of [
      `${slow} || true`,
      `!(${slow} && false)`,
      'data.l.exists(a, data.l.all(b, true) && false)',
    ])
      expect(cel(text).test(withPayload({ l: numbers })).error).toContain('cost limit');
  });

  test('is refused before it is done', () => {
    const run = { names: namesOf(withPayload({ s: mega })), meter: new Meter(10_000), items: [] };
    const compiled = compile(parseTree("data.s.matches('b+')"), { variables: [], dottedNames: false });
    expect(() => compiled(run)).toThrow(CostExceeded);
    expect(run.meter.left, 'nothing of it was done').toBe(10_000);
  });

  test('is charged for every item by the size of what is done with it', () => {
    const spent = (text: string) => {
      const run = { names: namesOf(withPayload({ l: numbers })), meter: new Meter(), items: [] };
      compile(parseTree(text), { variables: [], dottedNames: false })(run);
      return limits.celCost - run.meter.left;
    };
    const small = spent('data.l.all(a, true)');
    expect(small).toBeGreaterThan(numbers.length * 2);
    expect(spent('data.l.all(a, (a >= 0 || a < 0) && !(a < 0))')).toBeGreaterThan(small + numbers.length * 8);
    expect(spent('data.l.map(a, [a, a])')).toBeGreaterThan(small + numbers.length * 5);
  });

  test('and the next evaluation begins anew', () => {
    const filter = cel('data.l.all(a, data.l.all(b, a + b >= 0))');
    expect(filter.test(withPayload({ l: numbers })).error).toContain('cost limit');
    expect(filter.test(withPayload({ l: [1, 2] }))).toEqual({ matches: true, error: null });
  });
});

test.each<[string, string, JsonObject]>([
  ['a long list', 'data.l.exists(x, x == 9999)', { l: numbers }],
  [
    'a long list made over',
    'data.l.map(x, x + 1).filter(x, x % 2 == 0).exists(x, x == 9000)',
    { l: numbers },
  ],
  [
    'a list in a list',
    'data.l.exists(x, data.k.exists(y, x + y == 298))',
    { l: numbers.slice(0, 150), k: numbers.slice(0, 150) },
  ],
  ['a long text', "data.s.contains('ab') || data.s.startsWith('aa')", { s: mega }],
  ['a pattern on a text of some pages', "data.s.matches('^a+$')", { s: 'a'.repeat(10_000) }],
  ['a large object', 'data == data && size(data.m) == 10000', { m: wide }],
])('%s stays below the limit', (_what, text, payload) => {
  expect(cel(text).test(withPayload(payload))).toEqual({ matches: true, error: null });
});

describe('Patterns', () => {
  test('that come out of events are kept only so many', () => {
    const filter = cel('data.s.matches(data.p)');
    for (let n = 0; n < limits.celPatterns * 2; n += 1)
      expect(filter.test(withPayload({ s: `x${n}y`, p: `^x${n}y$` })).matches).toBe(true);
    expect(keptPatterns()).toBe(limits.celPatterns);
  });

  test('that are wrong or too large are errors without their text', () => {
    const filter = cel('data.s.matches(data.p)');
    for (const p of ['(secret', '(?=secret)', 'secret'.repeat(1_000), '((a{100}){100}){100}', '\\pL{1000}']) {
      const { error } = filter.test(withPayload({ s: 'x', p }));
      expect(error).toBe('line 1, column 8: the pattern of matches() cannot be used');
    }
  });

  test('are never larger than their announced size', () => {
    for (const source of [
      'a',
      'a{10}',
      '(ab{3}){7}c',
      '(?:a?){50}b',
      '[a-z]{20}',
      '\\Qa{9}\\E',
      'a|b|c{5,}',
      '\\x41{6}',
      '(?i)abc{3}',
      '\\d{4}-\\d{2}',
    ])
      expect(patternSize(source) + 10, source).toBeGreaterThanOrEqual(instructions(source));
  });

  test('forget their states, of which a hostile text makes many', () => {
    let state = 1;
    const letter = () => 'ab'[((state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) >> 16) & 1];
    const text = Array.from({ length: 3_000 }, letter).join('');
    const kept = RE2JS.compile('(.*a.{14})$');
    kept.test(text);
    expect(kept.re2().dfa.stateCount).toBeGreaterThan(1_000);
    const pattern = new Pattern('(.*a.{14})$');
    pattern.test(text, new Meter());
    expect(pattern.states).toBeLessThanOrEqual(100);
  });

  function instructions(source: string): number {
    const meter = new Meter();
    const before = meter.left;
    new Pattern(source).test('x'.repeat(1_000), meter);
    return (before - meter.left - 5) / 500;
  }
});

describe('Names of JavaScript', () => {
  const names = [
    'constructor',
    '__proto__',
    'toString',
    'hasOwnProperty',
    'prototype',
    'valueOf',
    '__defineGetter__',
  ];

  test.each(names)('%s is a key like any other', (name) => {
    for (const text of [
      `data.${name} == 1`,
      `data['${name}'] == 1`,
      `data.items[0].${name} == 1`,
      `summary.${name} == 1`,
    ]) {
      expect(cel(text).test(issue)).toMatchObject({
        matches: false,
        error: expect.stringContaining('no key'),
      });
    }
    expect(cel(`has(data.${name})`).test(issue)).toEqual({ matches: false, error: null });
    expect(cel(`'${name}' in data`).test(issue)).toEqual({ matches: false, error: null });
    const own = withPayload(JSON.parse(`{"${name}": 1}`) as JsonObject);
    expect(cel(`data.${name} == 1 && has(data.${name}) && '${name}' in data`).test(own).matches).toBe(true);
  });

  test.each([...names, 'process', 'globalThis', 'this'])('unknown name and no function %s', (name) => {
    expect(refusalOf(`${name} == 1`)).toMatchObject({
      code: 'INVALID_FILTER',
      details: { line: 1, column: 1 },
    });
    expect(refusalOf(`data.${name}()`)).toMatchObject({
      code: 'INVALID_FILTER',
      details: { line: 1, column: 6 },
    });
  });
});

describe('A filter that is too much is refused:', () => {
  const line = (column: number) => ({ code: 'INVALID_FILTER', details: { line: 1, column } });
  test.each<[string, string, object]>([
    ['length', `data.x == '${'a'.repeat(3_000)}'`, line(limits.celLength + 1)],
    ['parts', Array.from({ length: 300 }, () => '1<2').join('||'), { code: 'INVALID_FILTER' }],
    ['brackets', `${'('.repeat(900)}true${')'.repeat(900)}`, line(limits.celDepth + 1)],
    ['open brackets', '('.repeat(2_000), line(2_000)],
    ['lists', `data.x == ${'['.repeat(100)}${']'.repeat(100)}`, { code: 'INVALID_FILTER' }],
    ['depth', `data.x == 1${' + 1'.repeat(60)}`, { code: 'INVALID_FILTER' }],
    ['macros', 'data.l.all(a, a.all(b, b.all(c, true)))', line(26)],
    ['a pattern', "data.x.matches('a{1000}{1000}')", line(16)],
    ['a long pattern', `data.x.matches('${'a'.repeat(1_001)}')`, line(16)],
    ['a number', 'data.x == 99999999999999999999', line(11)],
  ])('%s', (_what, text, refused) => {
    expect(refusalOf(text)).toMatchObject(refused);
  });

  test('not one within the limits', () => {
    expect(refusalOf(Array.from({ length: 60 }, (_, n) => `data.x == ${n}`).join(' || '))).toBeNull();
    expect(refusalOf('data.a.filter(x, x > 1).map(x, x).all(x, data.l.all(y, y > x))')).toBeNull();
    expect(refusalOf(`${'!'.repeat(40)}(data.x)`)).toBeNull();
  });
});
