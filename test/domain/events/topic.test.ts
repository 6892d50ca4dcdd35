// Topics and their patterns: what is a name, and that a pattern means the same in process and in SQL.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  checkTopic,
  checkTopicPattern,
  isExactTopic,
  likePattern,
  topicMatches,
} from '../../../src/domain/events/topic.ts';

const badUserInput = expect.objectContaining({ code: 'BAD_USER_INPUT' });

/** Few letters, so that random patterns often match. */
const text = (letters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength: 1, maxLength });
const topic = text('aaab_%', 6);
const pattern = text('aab_%***', 6);

/** The definition, with all the back-tracking that the real one avoids. */
function naiveMatch(glob: string, value: string): boolean {
  const source = [...glob].map((char) => (char === '*' ? '.*' : char.replace(/[^\w]/, '\\$&'))).join('');
  return new RegExp(`^${source}$`).test(value);
}

/** LIKE as Postgres documents it: `%` any run, `_` any one character, `\` takes the next one literally. */
function like(glob: string, value: string): boolean {
  const [first = '', second = ''] = glob;
  if (glob === '') return value === '';
  if (first === '%') return like(glob.slice(1), value) || (value !== '' && like(glob, value.slice(1)));
  if (first === '_') return value !== '' && like(glob.slice(1), value.slice(1));
  const [literal, length] = first === '\\' ? [second, 2] : [first, 1];
  return value[0] === literal && like(glob.slice(length), value.slice(1));
}

describe('a topic', () => {
  test.each(['a', 'github.push', 'A-1_b.c', '_', '-', '0.0.0', 'a'.repeat(200)])('may be %s', (name) => {
    expect(checkTopic(name)).toBe(name);
  });

  test.each([
    ['', 'nothing'],
    ['.', 'a dot alone'],
    ['a.', 'an empty last part'],
    ['.a', 'an empty first part'],
    ['a..b', 'an empty part'],
    ['a b', 'a space'],
    ['a\n', 'a line end'],
    ['a*', 'a star'],
    ['ä', 'a letter beyond ASCII'],
    ['a/b', 'a slash'],
    ['a'.repeat(201), '201 characters'],
  ])('may not be %j (%s), and the message quotes it shortly', (name) => {
    expect(() => checkTopic(name)).toThrow(badUserInput);
    expect(() => checkTopic(name)).toThrow(JSON.stringify(name.slice(0, 60)).slice(0, -1));
    expect(() => checkTopic(name, 'here')).toThrow(/^here .{1,250}$/);
  });
});

describe('a topic pattern', () => {
  test('may hold stars and dots anywhere', () => {
    for (const glob of ['*', '**', 'a.*', '*.b', 'a*b', '.a', 'a.', 'a', '*'.repeat(200)]) {
      expect(checkTopicPattern(glob)).toBe(glob);
    }
  });

  test('is refused where it holds anything else, or is empty or too long', () => {
    for (const glob of ['', 'a b', 'a%', 'a?', '[a]', 'a\\', 'a\n', '*'.repeat(201)]) {
      expect(() => checkTopicPattern(glob)).toThrow(badUserInput);
    }
  });

  test('is exact where it has no star', () => {
    expect(isExactTopic('a.b')).toBe(true);
    expect(isExactTopic('a.*')).toBe(false);
  });

  test('matches what its definition matches: a star is any run of characters, also none', () => {
    fc.assert(
      fc.property(pattern, topic, (glob, value) => {
        expect(topicMatches(glob, value)).toBe(naiveMatch(glob, value));
      }),
      { numRuns: 1_000 },
    );
  });

  test('matches every topic that it was made from by putting stars in the place of runs', () => {
    const pieces = fc.array(fc.record({ text: topic, starred: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(pieces, (parts) => {
        const glob = parts.map((part) => (part.starred ? '*' : part.text)).join('');
        expect(topicMatches(glob, parts.map((part) => part.text).join(''))).toBe(true);
      }),
    );
  });

  test('matches in process what LIKE matches in the database', () => {
    fc.assert(
      fc.property(pattern, topic, (glob, value) => {
        expect(like(likePattern(glob), value)).toBe(topicMatches(glob, value));
      }),
      { numRuns: 1_000 },
    );
  });

  test('for LIKE takes _, % and \\ literally, and a run of stars as one', () => {
    expect(likePattern('a_b.%\\***c')).toBe('a\\_b.\\%\\\\%c');
  });

  test('does not use one character twice', () => {
    expect(topicMatches('a*a', 'a')).toBe(false);
    expect(topicMatches('*ab*bc*', 'abc')).toBe(false);
    expect(topicMatches('a*a', 'aa')).toBe(true);
  });

  test('made to back-track is answered without doing so', () => {
    // A regular expression would try some 10^58 matches.
    expect(topicMatches(`${'*a'.repeat(100)}`, `${'a'.repeat(199)}b`)).toBe(false);
    expect(topicMatches(`${'*a'.repeat(100)}`, 'a'.repeat(200))).toBe(true);
  });
});
