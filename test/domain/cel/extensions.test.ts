// The functions of cel-go's extensions: what they answer, what they refuse, and that none costs more than a filter may.
import { describe, expect, test } from 'vitest';
import { cel, issue, refusalOf, withPayload } from './subjects.ts';

const event = withPayload({
  n: -5,
  half: 2.5,
  list: [3, 1, 2.5, 1],
  words: ['b', 'a', '😀', '\uff5e', 'a'],
  text: 'a😀b😀c',
  items: [
    { name: 'x', size: 3 },
    { name: 'y', size: 1.5 },
    { name: 'z', size: 2 },
  ],
  mixed: [1, 'a'],
  none: [],
});

const right = [
  'math.greatest(data.n, 3, 2.5) == 3 && math.greatest(data.list) == 3 && math.greatest(1u) == 1u',
  'math.least(data.list) == 1 && math.least(1, 2u, -0.5) == -0.5',
  'math.greatest(9007199254740993, 9007199254740992.0) == 9007199254740993',
  'math.ceil(data.half) == 3.0 && math.floor(data.half) == 2.0 && math.trunc(-2.5) == -2.0',
  'math.round(data.half) == 3.0 && math.round(-0.49999999999999994) == 0.0 && math.round(double(data.n)) == -5.0',
  'math.abs(data.n) == 5 && math.sign(data.n) == -1 && math.sqrt(16) == 4.0 && math.isNaN(math.sqrt(-1.0))',
  'math.bitAnd(6, 3) == 2 && math.bitOr(4u, 1u) == 5u && math.bitXor(5, 1) == 4 && math.bitNot(0) == -1',
  'math.bitShiftLeft(1, 63) == -9223372036854775808 && math.bitShiftRight(-1, 63) == 1',
  'sets.contains(data.list, [1.0, 3u]) && !sets.contains(data.list, [4]) && sets.contains([], [])',
  'sets.equivalent(data.list, [1, 2.5, 3]) && !sets.equivalent([1], [])',
  "sets.intersects(data.words, ['c', '😀']) && !sets.intersects(data.words, [1]) && !sets.intersects([], [1])",
  "sets.intersects([[1], {'a': [2]}], [{'a': [2.0]}]) && !sets.intersects([0.0 / 0.0], [0.0 / 0.0])",
  "data.text.charAt(1) == '😀' && data.text.charAt(5) == '' && data.text.charAt(2) == 'b'",
  "data.text.indexOf('b') == 2 && data.text.indexOf('😀', 2) == 3 && data.text.indexOf('', 5) == 5",
  "data.text.lastIndexOf('😀') == 3 && data.text.lastIndexOf('😀', 2) == 1 && data.text.lastIndexOf('') == 5",
  "data.text.substring(1, 3) == '😀b' && data.text.substring(3) == '😀c' && data.text.substring(5) == ''",
  "data.text.split('😀') == ['a', 'b', 'c'] && data.text.split('😀', 2) == ['a', 'b😀c']",
  "data.text.split('', 3) == ['a', '😀', 'b😀c'] && data.text.split('x', 0) == [] && ''.split('') == []",
  "['a', 'b'].join('-') == 'a-b' && [].join() == '' && '\\u0085 a\\u2003'.trim() == 'a' && '\\ufeff'.trim() != ''",
  "data.text.reverse() == 'c😀b😀a' && 'aÄ'.upperAscii() == 'AÄ' && 'AÄ'.lowerAscii() == 'aÄ'",
  "'%s and %d'.format(['a', 5]) == 'a and 5' && strings.quote('a\\n') == '\"a\\\\n\"'",
  'data.list.sort() == [1, 1, 2.5, 3] && data.none.sort() == [] && data.list.reverse() == [1, 2.5, 1, 3]',
  "data.words.sort() == ['a', 'a', 'b', '\uff5e', '😀'] && data.words.distinct() == ['b', 'a', '😀', '\uff5e']",
  '[1, 1.0, 1u, 2].distinct() == [1, 2] && [[1], [1.0]].distinct().size() == 1',
  "data.items.sortBy(item, item.size).map(item, item.name) == ['y', 'z', 'x']",
  'data.items.sortBy(i, i.name).all(i, i.size > 1) && data.items.exists(i, [i].sortBy(j, j.size)[0] == i)',
  '[1, [2, [3]]].flatten() == [1, 2, [3]] && [1, [2, [3]]].flatten(2) == [1, 2, 3] && [[1]].flatten(0) == [[1]]',
  'lists.range(3) == [0, 1, 2] && lists.range(0) == [] && lists.range(4).slice(1, 3) == [1, 2]',
  'data.list.first() == 3 && data.list.last() == 1 && lists.range(5).first() == 0',
  "base64.encode(b'hello') == 'aGVsbG8=' && base64.decode('aGVsbG8') == b'hello'",
];

test.each(right)('%s', (text) => {
  expect(cel(text).test(event)).toEqual({ matches: true, error: null });
});

/** They pass the checks, as it takes an event to know. */
const failing: readonly (readonly [text: string, saying: string])[] = [
  ['math.ceil(data.n) == -5.0', 'math.ceil cannot be applied to int'],
  ['math.abs(-9223372036854775807 - 1) > 0', 'too large for an int'],
  ['math.greatest(data.none) == 1', 'the list is empty'],
  ['math.greatest(data.mixed) == 1', 'cannot be applied'],
  ['math.bitShiftLeft(1, data.n) == 1', 'is negative'],
  ['math.bitAnd(1, dyn(1u)) == 1', 'cannot be applied to int and uint'],
  ["data.text.charAt(6) == ''", 'the offset is outside the text'],
  ["data.text.substring(3, 2) == ''", 'the offset is outside the text'],
  ["data.text.indexOf('a', 5) == 0", 'the offset is outside the text'],
  ["data.mixed.join() == ''", 'a list of strings'],
  ['data.mixed.sort() == []', 'number and string have no order'],
  ['data.items.sort() == []', 'map has no order'],
  ['data.items.sortBy(i, i) == []', 'map has no order'],
  ['{"a": 1}.sortBy(i, i) == []', 'goes through a list, not map'],
  ['data.list.slice(2, 9) == []', 'within the list'],
  ['data.list.flatten(-1) == []', 'is negative'],
  ['lists.range(data.n) == []', 'is negative'],
  ['data.none.first() == 1', 'the list is empty'],
  ["base64.decode('a') == b''", 'not valid base64'],
];

test.each(failing)('%s fails', (text, saying) => {
  const { matches, error } = cel(text).test(event);
  expect(matches).toBe(false);
  expect(error).toContain(saying);
});

const refused: readonly (readonly [text: string, saying: string, suggestion?: string])[] = [
  ["math.ceil('a') == 1.0", 'ceil() takes a double, not a string'],
  ['math.ceil(1) == 1.0', 'ceil() takes a double, not an int'],
  ["math.greatest(1, 'a') == 1", 'greatest() takes a number, not a string'],
  ["math.greatest('a') == 1", 'greatest() takes a list or a number, not a string'],
  ['math.greatest() == 1', 'takes 1 or more values, not 0'],
  ['math.abs(1, 2) == 1', 'takes 1 value, not 2'],
  ['math.bitShiftLeft(1, 1.5) == 1', 'takes an int, not a double'],
  ["sets.contains(topic, ['a'])", 'takes a list, not a string'],
  ["topic.charAt('a') == 'b'", 'takes an int, not a string'],
  ["[1].trim() == ''", 'trim() is called on a string, not on a list'],
  ["'a'.sort() == []", 'sort() is called on a list, not on a string'],
  ['data.list.sortBy(1) == []', 'sortBy() takes a variable and a key'],
  ["lists.range('a') == []", 'takes an int, not a string'],
  ['math.Ceil(data.x) == 1.0', 'unknown function math.Ceil', 'math.ceil'],
  ['math.cel(data.x) == 1.0', 'unknown function math.cel', 'math.ceil'],
  ['math.nothing(data.x) == 1.0', 'unknown function math.nothing'],
  ['sets.intersect(data.x, [1])', 'unknown function sets.intersect', 'sets.intersects'],
  ['ceil(data.x) == 1.0', 'unknown function ceil', 'math.ceil'],
  ['data.x.distinkt() == []', 'unknown function distinkt', 'distinct'],
];

describe('Refused when it is given:', () => {
  for (const [text, saying, suggestion] of refused) {
    test(text, () => {
      const refusal = refusalOf(text);
      expect(refusal).toMatchObject({ code: 'INVALID_FILTER' });
      expect(refusal!.message).toContain(saying);
      expect(refusal!.details.suggestion).toBe(suggestion);
    });
  }
});

test('A variable of a macro may have any name, and any type', () => {
  const filter = cel('data.list.all(topic, math.abs(topic) > 0) && data.items.all(math, math.size > 1)');
  expect(filter.test(event)).toEqual({ matches: true, error: null });
});

describe('However large an event is, the cost is bounded:', () => {
  const large = withPayload({
    text: 'ab'.repeat(250_000),
    pairs: '😀'.repeat(125_000),
    ints: Array.from({ length: 100_000 }, (_, n) => n),
    words: Array.from({ length: 20_000 }, (_, n) => `word ${n}`),
    lists: Array.from({ length: 5_000 }, (_, n) => [n]),
  });

  /** Each is done at once, or ended by the meter; each is repeated as a list would have it. */
  test.each([
    'data.ints.all(x, data.ints.reverse().size() == 0 || data.ints.sort().size() > 0)',
    'data.ints.all(x, data.ints.distinct().size() > 0)',
    'data.ints.all(x, sets.contains(data.ints, data.ints))',
    'data.lists.all(x, data.lists.distinct().size() > 0)',
    'data.ints.all(x, lists.range(100000).size() > 0)',
    'data.ints.all(x, math.greatest(data.ints) > 0)',
    'data.words.all(x, data.words.sortBy(w, w).size() > 0)',
    'data.words.all(x, data.words.join(data.text).size() > 0)',
    'data.ints.all(x, [data.ints, data.ints].flatten().size() > 0)',
    'data.ints.all(x, data.ints.slice(0, 90000).size() > 0)',
    "data.ints.all(x, data.text.split('').size() > 0)",
    "data.ints.all(x, data.pairs.reverse() != '')",
    'data.ints.all(x, data.pairs.charAt(100000) != "")',
    "data.ints.all(x, data.text.lastIndexOf('b') > 0)",
    "data.ints.all(x, data.text.indexOf('c') < 0)",
    'data.ints.all(x, data.text.trim() != "" && data.text > "abab")',
    'data.ints.all(x, base64.encode(bytes(data.text)) != "")',
  ])('%s', (text) => {
    const before = process.memoryUsage().heapUsed;
    expect(cel(text).test(large).error).toContain('cost limit');
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000_000);
  });
});

test('No error tells what an event holds', () => {
  for (const [text] of failing) expect(cel(text).test(issue).error ?? '').not.toContain('meow');
});
