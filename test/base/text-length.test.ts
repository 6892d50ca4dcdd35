// Lengths in characters: those of code points, for every text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstCharacters, isLongerThan, lengthOf } from '../../src/base/text-length.ts';

describe('The length of a text', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['💡', 1],
    ['💡💡', 2],
    ['\ud800', 1],
    ['\udc00\ud800', 2],
    ['\ud83d\ud83d\udca1', 2],
  ])('%j is %d characters', (text, length) => {
    expect(lengthOf(text)).toBe(length);
  });

  test('is the number of code points, and what is longer than a limit has more of them', () => {
    const texts = fc.string({ unit: fc.oneof(fc.constantFrom('a', '\ud83d', '\udca1', '💡'), fc.string()) });
    fc.assert(
      fc.property(texts, fc.nat(20), (text, limit) => {
        expect(lengthOf(text)).toBe([...text].length);
        expect(isLongerThan(text, limit)).toBe([...text].length > limit);
        expect(firstCharacters(text, limit)).toBe([...text].slice(0, limit).join(''));
      }),
    );
  });
});
