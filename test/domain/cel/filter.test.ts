// CEL filters: what they match, what is refused where and with what advice, and what an error tells.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { checkCel } from '../../../src/domain/cel/filter.ts';
import { subjectNames } from '../../../src/domain/cel/subject.ts';
import { editDistance, nearest } from '../../../src/domain/cel/language/suggest.ts';
import type { JsonObject } from '../../../src/domain/values/json.ts';
import { cel, issue, refusalOf, withPayload } from './subjects.ts';

const matches = (text: string, event = issue) => cel(text).test(event).matches;

describe('The filters of the seed', () => {
  test.each<[string, boolean]>([
    ["event_type == 'issue_created' || event_type == 'issue_updated'", true],
    ["event_type.startsWith('issue_')", true],
    ["event_type.endsWith('_created')", true],
    ["event_type.contains('substring')", false],
    ["event_type.matches('regular expression')", false],
    ["data.method in ['GET', 'HEAD'] && data.url.path.endsWith('/meow')", true],
    ['size(data.collection_value) < 5 || size(data.string_value) > 10', true],
    ["data.list_value[0].bar == 'bar value of first element in foo list'", true],
    ["data.dictionary_value['key'] != 'value'", true],
    [
      "// Either 'issue_created' or 'issue_updated' events\nevent_type == 'issue_created' || event_type == 'issue_updated'",
      true,
    ],
    [
      "// Any issue-related events (e.g. issue_created / issue_updated),\n// but not other entities (e.g. page_created / page_updated)\nevent_type.startsWith('issue_')",
      true,
    ],
    ["data.method == 'GET' && data.url.path.endsWith('/meow')", true],
    ["data.method == 'POST' && data.url.path.endsWith('/meow')", false],
  ])('%s', (text, expected) => {
    expect(cel(text).test(issue)).toEqual({ matches: expected, error: null });
  });

  test.each(['GET', 'POST'])('the misspelt one for %s is refused where it is saved', (method) => {
    const text = `data.method == '${method}' && data.url.path.endswith('/meow')`;
    expect(refusalOf(text, 'triggers[0].filter')).toMatchObject({
      code: 'INVALID_FILTER',
      message: `triggers[0].filter, line 1, column ${text.indexOf('endswith') + 1}: unknown function endswith. Did you mean endsWith?`,
      details: { line: 1, column: text.indexOf('endswith') + 1, suggestion: 'endsWith' },
    });
  });

  test('that match other events', () => {
    const other = { ...issue, eventType: 'page_updated', payload: { method: 'PUT' } };
    expect(matches("event_type.startsWith('issue_')", other)).toBe(false);
    expect(matches("event_type.endsWith('_created')", other)).toBe(false);
    expect(matches("event_type.contains('age_u')", other)).toBe(true);
    expect(matches("event_type.matches('^(issue|page)_[a-z]+$')", other)).toBe(true);
    expect(matches("data.method in ['GET', 'HEAD'] && data.url.path.endsWith('/meow')", other)).toBe(false);
  });
});

describe('A filter', () => {
  test.each([null, undefined, '', ' ', '\n\t '])('that is %j is none', (text) => {
    expect(checkCel(text)).toBeNull();
  });

  test('has the names of an event and no others', () => {
    expect(Object.keys(subjectNames).sort()).toEqual(
      [
        'event_type',
        'data',
        'topic',
        'project',
        'user',
        'sender',
        'summary',
        'status',
        'request_id',
        'created_at',
      ].sort(),
    );
    expect(matches("topic == 'tracker' && user == 'ada' && request_id == 'r1' && status == 'FINISHED'")).toBe(
      true,
    );
    expect(matches('project == null && sender == null && summary.count == 5')).toBe(true);
    expect(matches("created_at == timestamp('2025-03-01T10:30:00+01:00')")).toBe(true);
    expect(matches("created_at > timestamp('2025-03-01T09:29:59.999Z') && created_at.getHours() == 9")).toBe(
      true,
    );
    expect(matches("timestamp('2025-03-01T12:00:00Z') - created_at > duration('2h')")).toBe(true);
    expect(matches('type(event_type) == string && type(created_at) == google.protobuf.Timestamp')).toBe(true);
    expect(matches("project == 'x'")).toBe(false);
    expect(matches("project != 'x'")).toBe(true);
  });

  test('is shared by equal texts, as far as they are kept', () => {
    const text = "data.kept == 'first'";
    const first = cel(text);
    expect(cel(text)).toBe(first);
    for (let n = 0; n < limits.celFilters; n += 1) cel(`data.kept == ${n}`);
    expect(cel(text)).not.toBe(first);
    expect(first.test(withPayload({ kept: 'first' })).matches).toBe(true);
  });

  test('finds in an event what was there when it was first asked', () => {
    const event = { ...issue, payload: { a: { b: [1, { c: 2 }] } } };
    const filter = cel('data.a.b[1].c == 2');
    expect(filter.test(event).matches).toBe(true);
    expect(filter.test(event).matches).toBe(true);
    expect(filter.test({ ...event, payload: { a: { b: [1, { c: 3 }] } } }).matches).toBe(false);
  });
});

test('An event is converted once for all filters, and only what they look at', () => {
  const seen: string[] = [];
  const watched = (path: string, object: JsonObject): JsonObject =>
    new Proxy(object, {
      get: (target, key) => (seen.push(`${path}.${String(key)}`), target[String(key)]!),
      ownKeys: (target) => (seen.push(`keys of ${path}`), Reflect.ownKeys(target)),
    });
  const event = withPayload(watched('data', { a: watched('a', { b: 1 }), other: watched('other', {}) }));
  for (let n = 0; n < 100; n += 1)
    cel(`data.a.b == ${n} || size(data) == ${n} || data.a.exists(k, k == '${n}')`).test(event);
  expect(seen).toEqual(['data.a', 'a.b', 'keys of data', 'keys of a']);
});

describe('Numbers of JSON', () => {
  test.each([
    'data.n + 1 > 3',
    'data.n + 1.5 == 6.5',
    'data.n % 2 == 1',
    'data.n / 2 == 2',
    'data.n * 2.5 > 1',
    'data.half * 2 == 1',
    'data.half + data.n == 5.5',
    '2 - data.half == 1.5',
    'data.n - 1u == 4',
    'data.n == 5 && data.n == 5.0 && data.n == 5u',
    'data.n in [4, 5] && data.n in [5.0]',
    'data.n > 4.5 && data.half < 1 && 1u > data.half',
    'data.list[data.n - 4] == 2',
    'type(data.n) == int && type(data.half) == double && type(data.big) == double',
    'data.big > 1e20 && data.big == 1e21',
    'data.items.all(i, i.size + 0.5 < 4)',
  ])('%s', (text) => expect(cel(text).test(issue)).toEqual({ matches: true, error: null }));

  test.each([
    ['data.half % 2 == 1', 'line 1, column 11: % cannot be applied to double and int'],
    ['data.n / 0 == 1', 'line 1, column 8: a number is divided by zero'],
    ['data.n * 9223372036854775807 > 1', 'line 1, column 8: the result is too large for an int'],
    ["data.n + 'x' == 'x'", 'line 1, column 8: + cannot be applied to int and string'],
  ])('%s is an error', (text, error) => {
    expect(cel(text).test(issue)).toEqual({ matches: false, error });
  });
});

describe('Null, missing and errors', () => {
  test.each([
    'data.nothing == null',
    'has(data.nothing)',
    "'nothing' in data",
    'data.list[4] == null',
    '!has(data.missing)',
    '!(data.n == 6)',
    'data.missing == 1 || true',
    '!(false && data.missing == 1)',
    'data.items.exists(i, i.missing == 1 || i.size == 2)',
    "[1, 'a', 2].exists(x, x > 1)",
    '!data.items.all(i, i.size < 3)',
    'data.items.exists_one(i, i.size == 2)',
    "data.dictionary_value.exists(k, k == 'key')",
    'data.items.map(i, i.size * 2) == [2, 4, 6]',
    'data.items.filter(i, i.size > 1).size() == 2',
    'data.items.map(i, i.size > 1, i.size) == [2, 3]',
    'data.yes ? !data.no : data.missing',
    "['a', 'b'].exists(data, data == 'b')",
    '{"a": data.n}["a"] == 5',
  ])('%s holds', (text) => expect(cel(text).test(issue)).toEqual({ matches: true, error: null }));

  test.each([
    ['data.missing == 1', 'line 1, column 6: there is no key "missing"'],
    ['data.missing != 1', 'line 1, column 6: there is no key "missing"'],
    ['true &&\n  data.url.missing', 'line 2, column 12: there is no key "missing"'],
    ['has(data.missing.x)', 'line 1, column 10: there is no key "missing"'],
    ['data.n.x == 1', 'line 1, column 8: int has no keys, and so no "x"'],
    ['data.list[9] == 1', 'line 1, column 10: the list is shorter'],
    ["data['x y'] == 1", 'line 1, column 5: there is no key "x y"'],
    ['data[data.method] == 1', 'line 1, column 5: there is no key with that value'],
    ['data.method > 1', 'line 1, column 13: > cannot be applied to string and int'],
    ['data.n && true', 'line 1, column 6: a boolean is needed, not int'],
    ['data.n', 'the filter is int, neither true nor false'],
    ['data.n.all(x, true)', 'line 1, column 8: all() goes through a list or a map, not int'],
    ['data.items.all(i, i.size)', 'line 1, column 21: a boolean is needed, not int'],
    ['int(data.method) == 1', 'line 1, column 1: int cannot take the value given'],
    ['timestamp(data.method) == created_at', 'line 1, column 1: timestamp cannot take the value given'],
    ["data.method.matches('a') && data.n.matches('a')", null],
    ["data.n.startsWith('a')", 'line 1, column 8: startsWith cannot be applied to int and string'],
  ])('%s does not match, and says why', (text, error) => {
    expect(cel(text).test(issue)).toEqual({ matches: false, error });
  });

  test('no error tells what the event holds', () => {
    const secret = 'zzqqsecret';
    const event = { ...withPayload({ s: secret, m: { [secret]: secret }, l: [secret] }), user: secret };
    for (const text of [
      'int(data.s) == 1',
      'bool(data.s)',
      'timestamp(data.s) == created_at',
      'duration(data.s) == duration("1s")',
      'data.m[data.s].x == 1',
      'data.s + 1 == 2',
      'data.s',
      'data[data.s] == 1',
      '{data.s: 1, data.s: 2}.size() == 1',
      'data.l[0][data.s] == 1',
      "'%d'.format([data.s]) == ''",
      'created_at.getHours(data.s) == 1',
      'data.s.matches("(" + data.s)',
      'data.s.charAt(100) == data.s',
      'data.s.substring(5, 2) == user',
      'data.m < 1',
    ]) {
      const { matches: matched, error } = cel(text).test(event);
      expect({ text, matched, told: error?.includes(secret) }).toEqual({ text, matched: false, told: false });
      expect(error!.length).toBeLessThan(250);
    }
  });
});

/** A text, the line and the column at fault, what the message has in it, and the suggestion. */
const wrong: readonly (readonly [
  text: string,
  line: number,
  column: number,
  saying: string,
  suggestion?: string,
])[] = [
  ['evnt_type == "x"', 1, 1, 'unknown name evnt_type', 'event_type'],
  ['true &&\n  datta.x == 1', 2, 3, 'unknown name datta', 'data'],
  ["// first\n// second\npayload.x == 'y'", 3, 1, 'unknown name payload', 'data'],
  ['eventType == "x"', 1, 1, 'eventType', 'event_type'],
  ['x == 1', 1, 1, 'unknown name x'],
  ['id == "x"', 1, 1, 'available names are event_type, data, topic'],
  ['data.l.all(item, itm > 1)', 1, 18, 'and here item', 'item'],
  ['data.l.all(x, true) && x', 1, 24, 'unknown name x'],
  ['True', 1, 1, 'True', 'true'],
  ["data.x.endswith('y')", 1, 8, 'unknown function endswith', 'endsWith'],
  ["data.x\n  .starts_with('y')", 2, 4, 'starts_with', 'startsWith'],
  ["data.x.contain('y')", 1, 8, 'contain', 'contains'],
  ['data.x.exist(x, x)', 1, 8, 'exist', 'exists'],
  ['lenght(data.x) > 1', 1, 1, 'unknown function lenght'],
  ['data.x.frobnicate()', 1, 8, 'unknown function frobnicate'],
  ["contains(data.x, 'y')", 1, 1, 'contains is called as value.contains(…)'],
  ['data.x.int() == 1', 1, 8, 'int is called as int(…)'],
  ['size(data.x, 1) == 1', 1, 1, 'size() takes 1 value, not 2'],
  ["data.x.startsWith('a', 'b')", 1, 8, 'startsWith() takes 1 value, not 2'],
  ['data.x.all(y)', 1, 8, 'all() takes a variable and a condition'],
  ['data.x.all(1, true)', 1, 8, 'all() takes a variable and a condition'],
  ['has(data)', 1, 1, 'has() takes a path'],
  ['has(data["x"])', 1, 1, 'has() takes a path'],
  ['event_type = "x"', 1, 12, '= is not an operator', '=='],
  ['data.x === 1', 1, 8, '===', '=='],
  ['data.x !== 1', 1, 8, '!==', '!='],
  ['data.x <> 1', 1, 8, '<>', '!='],
  ['data.x => 1', 1, 8, '=>', '>='],
  ['data.x & data.y', 1, 8, '& is not an operator', '&&'],
  ['data.x | data.y', 1, 8, '| is not an operator', '||'],
  ['data.x and data.y', 1, 8, 'and is not an operator', '&&'],
  ['data.x == 1\nOR data.y', 2, 1, 'OR is not an operator', '||'],
  ['not data.x', 1, 1, 'not is not an operator', '!'],
  ["data.x == 'a' || ", 1, 15, 'a value is missing after ||'],
  ['data.x ==', 1, 8, 'a value is missing after =='],
  ['== 1', 1, 1, 'a value is missing before =='],
  ['data.x == && true', 1, 8, 'a value is missing after =='],
  ['(data.x == ) && true', 1, 9, 'a value is missing after =='],
  ['data.x 1', 1, 8, 'an operator is missing before 1'],
  ["data.x 'a'", 1, 8, 'an operator is missing'],
  ["data.x == 'abc", 1, 11, 'the text that begins here is not closed'],
  ["data.x ==\n'abc\ndef'", 2, 1, 'not closed'],
  ['data.x == "\\d+"', 1, 12, '\\d is not an escape'],
  ["data.x.matches('\\d')", 1, 17, '\\d is not an escape'],
  ["data.x == 'a\\x1'", 1, 13, '\\x is not an escape'],
  ["data.x == '\\u12'", 1, 12, '\\u is not an escape'],
  ["data.x == '\\ud83d'", 1, 12, 'a lone surrogate'],
  ["data.x == '\\U00110000'", 1, 12, '\\U is not an escape'],
  ['(data.x == 1', 1, 1, 'this ( is not closed'],
  ['data.x == 1)', 1, 12, 'no bracket that this ) closes'],
  ['data.x in [1, 2', 1, 11, 'this [ is not closed'],
  ['data.x in [1, 2)', 1, 16, '[ is closed by )', ']'],
  ['data.x == “a”', 1, 11, 'not a quotation mark', '"'],
  ['data.`a+b` == 1', 1, 6, "['a+b']"],
  ['`data`.x == 1', 1, 1, 'after a dot only'],
  ['data.x == $y', 1, 11, '"$" has no meaning'],
  ['data. == 1', 1, 5, 'a name is missing after the dot'],
  ['data.in == 1', 1, 6, "['in']"],
  ['data.x == if', 1, 11, 'if is a reserved word'],
  ['// only this', 1, 1, 'only comments'],
  ['Thing{a: 1}', 1, 1, 'messages cannot be built'],
  ['1 + 2', 1, 3, 'must be a boolean, but the result of + is a number or a text'],
  ["'a'", 1, 1, 'must be a boolean, but this is a string'],
  ['null', 1, 1, 'this is null'],
  ['3.5', 1, 1, 'this is a double'],
  ['data.x + 1', 1, 8, 'the result of +'],
  ['-data.x', 1, 1, 'the result of -'],
  ['[data.x]', 1, 1, 'this is a list'],
  ["{'a': 1}", 1, 1, 'this is a map'],
  ['size(data.x)', 1, 1, 'this is an int'],
  ['data.x.lowerAscii()', 1, 8, 'this is a string'],
  ['event_type', 1, 1, 'this is a string'],
  ['data', 1, 1, 'this is a map'],
  ['created_at', 1, 1, 'this is a timestamp'],
  ['string', 1, 1, 'this is a type'],
  ['data.x.map(y, y)', 1, 8, 'this is a list'],
  ['data.x == 1 && "b"', 1, 16, 'this is a string'],
  ['!event_type', 1, 2, 'this is a string'],
  ['data.x ? true : 1', 1, 17, 'this is an int'],
  ["data.x.matches('(?=a)')", 1, 16, 'look-ahead'],
  ["data.x.matches('(?<!a)b')", 1, 16, 'look-behind'],
  ["data.x.matches('(a)\\\\1')", 1, 16, 'back references'],
  ["data.x.matches('(a')", 1, 16, 'missing closing )'],
  ["data.x.matches('*')", 1, 16, 'the pattern of matches() is invalid'],
  ["data.l.exists(x, x.matches('['))", 1, 28, 'missing closing ]'],
  ["created_at > timestamp('yesterday')", 1, 24, 'not a timestamp'],
  ["duration('soon') == duration('1s')", 1, 10, 'not a duration'],
  ['data.x == 9223372036854775808', 1, 11, 'too large for an int'],
  ['data.x == 18446744073709551616u', 1, 11, 'too large for a uint'],
  ['data.x == "a\u0000"', 1, 13, 'is not valid'],
];

describe('Refused with its place:', () => {
  for (const [text, line, column, saying, suggestion] of wrong) {
    test(JSON.stringify(text), () => {
      const refusal = refusalOf(text, 'where');
      expect(refusal).toMatchObject({ code: 'INVALID_FILTER', details: { line, column } });
      expect(refusal!.message).toContain(`where, line ${line}, column ${column}: `);
      expect(refusal!.message).toContain(saying);
      if (suggestion !== undefined) expect(refusal!.details.suggestion).toBe(suggestion);
    });
  }

  test('the table is long', () => expect(wrong.length).toBeGreaterThan(75));

  test('half a surrogate pair', () => {
    expect(refusalOf('data.x == "\ud800"')).toMatchObject({ details: { line: 1, column: 12 } });
  });
});

test.each([
  'data.flag',
  'has(data.x)',
  'data["a b"]',
  'data.l[0]',
  'dyn(data.x)',
  'bool(data.x)',
  'data.x ? data.y : false',
  'data.x in data.l',
  "data.x.matches('(?i)^a\\\\.b$') && data.y.matches(r'\\d+')",
  "data.x == '\\a\\n\\x41\\u00fc\\U0001f600\\101\\\\' && data.y == b'\\377'",
  "data.x == 'it''s' || true".replace("''", "\\'"),
  'data.x == -9223372036854775808',
  "strings.quote('a') == data.x",
  ".data.x == 1 && .topic == 'a'",
  "data.x.all(data, data == 'shadowed')",
  'data.__x__ == 1',
])('%s is taken', (text) => expect(refusalOf(text)).toBeNull());

describe('Suggestions', () => {
  test.each<[string, string, number]>([
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'acb', 1],
    ['abc', 'ab', 1],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
  ])('%s and %s are %i apart', (a, b, apart) => {
    expect(editDistance(a, b)).toBe(apart);
    expect(editDistance(b, a)).toBe(apart);
  });

  test('are near, or there is none', () => {
    expect(nearest('topc', ['topic', 'data'])).toBe('topic');
    expect(nearest('zebra', ['topic', 'data'])).toBeNull();
    expect(nearest('ENDSWITH', ['startsWith', 'endsWith'])).toBe('endsWith');
  });
});

test('No text makes the check throw anything but INVALID_FILTER, at a place in the text', () => {
  const piece = fc.constantFrom(
    ...[
      'data',
      '.x',
      'event_type',
      ' == ',
      '&&',
      '||',
      '!',
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      "'a'",
      '"',
      "'",
      '1',
      '2.5',
      '1u',
    ],
    ...[
      'has(',
      '.all(a, ',
      '.map(b, ',
      'size(',
      '.matches(',
      "'(a'",
      ',',
      ':',
      '?',
      '-',
      '+',
      '%',
      ' in ',
      '\n',
      '//',
      '\\',
      '`',
      'r"',
      '=',
      'x',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const text = pieces.join('');
      const refusal = refusalOf(text);
      if (refusal === null) return checkCel(text)?.test(issue) !== undefined || text.trim() === '';
      const { line, column } = refusal.details as { line: number; column: number };
      const lines = text.split('\n');
      return (
        refusal.code === 'INVALID_FILTER' &&
        line >= 1 &&
        line <= lines.length &&
        column >= 1 &&
        column <= lines[line - 1]!.length + 1
      );
    }),
    { numRuns: 3_000 },
  );
});

describe('Names that every object of JavaScript has', () => {
  const inherited = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'isPrototypeOf'];
  const forms: readonly ((name: string) => [text: string, saying: string])[] = [
    (name) => [`${name} == 1`, `unknown name ${name}; available names are`],
    (name) => [`data.x.all(y, ${name} == y)`, `unknown name ${name}; available names are`],
    (name) => [`${name}(data.x)`, `unknown function ${name}.`],
    (name) => [`data.x.${name}(1)`, `unknown function ${name}.`],
    (name) => [`math.${name}(1)`, `unknown function math.${name}.`],
    (name) => [`data.x ${name} 1`, 'an operator is missing'],
  ];

  test.each(inherited)('are not known, and suggest nothing of JavaScript: %s', (name) => {
    for (const form of forms) {
      const [text, saying] = form(name);
      const refusal = refusalOf(text);
      expect(refusal, text).toMatchObject({ code: 'INVALID_FILTER' });
      expect(refusal!.message).toContain(saying);
      // `toString` may be meant as `string`.
      expect(refusal!.details.suggestion ?? 'string').toBe('string');
      expect(refusal!.message).not.toMatch(/object|native code/);
    }
  });

  test.each(inherited)('are keys only where an event has them: %s', (name) => {
    const filter = cel(`data.${name} == 1 || (has(data.o.${name}) && '${name}' in data.o)`);
    expect(filter.test(withPayload({ o: {} })).matches).toBe(false);
    const own = (value: number) => JSON.parse(`{"${name}": ${value}}`) as JsonObject;
    expect(filter.test(withPayload({ ...own(1), o: {} })).matches).toBe(true);
    expect(filter.test(withPayload({ o: own(2) })).matches).toBe(true);
  });
});

describe('Comments', () => {
  test.each([
    'data.n == 5 // five',
    '// five\ndata.n == 5',
    '// five\r\n\n  // once more "\ndata // x `\n . // y\n n == 5',
    "data.n == 5 && '//' == r'/' + \"/\" // the end",
    "data.n == 5 || data.n == '''//\n'''",
    '//\ndata.n == 5//',
  ])('are passed over: %j', (text) => {
    expect(cel(text).test(issue)).toEqual({ matches: true, error: null });
  });

  test('do not move the place of what is wrong', () => {
    const refusal = refusalOf('// one\ndata.n == // two\n  data.url.path.endswith("x")');
    expect(refusal!.details).toMatchObject({ line: 3, column: 17, suggestion: 'endsWith' });
  });

  test('are no filter alone', () => {
    expect(refusalOf('// all')!.message).toContain('only comments');
  });
});

test('Names in back quotes are keys', () => {
  const event = withPayload({ 'a-b': { 'c/d.e f': 1 }, _0: 2, __0: 3 });
  expect(cel('data.`a-b`.`c/d.e f` == 1').test(event).matches).toBe(true);
  expect(
    cel('has(data.`a-b`) && !has(data.`a-c`) && data._0 == 2 && data.__0 == 3').test(event).matches,
  ).toBe(true);
  expect(cel('data.`in` == 1').test(withPayload({ in: 1 })).matches).toBe(true);
  expect(cel('data.`a` == "`b`" // `').test(withPayload({ a: '`b`' })).matches).toBe(true);
});

describe('Order', () => {
  /** From the least to the greatest. */
  const texts = [
    '',
    'a',
    'ab',
    'b',
    'ü',
    '\ud7ff',
    '\ue000',
    '\uff5e',
    '\uffff',
    '\u{10000}',
    '😀',
    '😀a',
    '\u{10ffff}',
  ];
  const numbers = [
    ...['-1e300', '-9223372036854775808', '-9007199254740993', '-9007199254740992.0', '-1', '0u', '0.5'],
    ...[
      '9007199254740991',
      '9007199254740992.0',
      '9007199254740993',
      '9007199254740994u',
      '9007199254740996.0',
    ],
    ...[
      '9223372036854775807',
      '9223372036854775808.0',
      '9223372036854775809u',
      '18446744073709551615u',
      '1e300',
    ],
  ];
  const ordered = (values: readonly string[]) => {
    for (const [n, left] of values.entries()) {
      for (const [m, right] of values.entries()) {
        const holds = { '<': n < m, '<=': n <= m, '>': n > m, '>=': n >= m, '==': n === m, '!=': n !== m };
        for (const [sign, expected] of Object.entries(holds)) {
          const text = `dyn(${left}) ${sign} dyn(${right})`;
          expect(cel(text).test(issue), text).toEqual({ matches: expected, error: null });
        }
      }
    }
  };

  test('of texts is that of their code points', () => ordered(texts.map((text) => JSON.stringify(text))));
  test('of numbers is that of their values, whatever their types', () => ordered(numbers));
});
