// LIKE in process, beside a plain reading of what it means; and its cost.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CostExceeded, Meter } from '../../../src/domain/cel/meter.ts';
import { foldCase, LikePattern } from '../../../src/domain/conditions/like.ts';
import { compareText } from '../../../src/domain/values/text-order.ts';

const isLike = (text: string, pattern: string) => new LikePattern(pattern).test(text, new Meter(Infinity));

/** By definition, character by character, however long that takes. */
function means([sign, ...rest]: readonly string[], text: readonly string[]): boolean {
  if (sign === undefined) return text.length === 0;
  if (sign === '%') return means(rest, text) || (text.length > 0 && means([sign, ...rest], text.slice(1)));
  const [first, ...others] = text;
  if (first === undefined) return false;
  return (sign === '_' || sign.replace(/^\\/, '') === first) && means(rest, others);
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', '%', '_', '\\', '😀', 'é'), maxLength: 8 });
const signs = fc.array(fc.constantFrom('a', 'b', '%', '%', '_', '\\%', '\\_', '\\\\', '😀', 'é'), {
  maxLength: 8,
});

describe('LIKE', () => {
  test('means what its signs mean one by one', () => {
    fc.assert(
      fc.property(text, signs, (given, pattern) => {
        expect(isLike(given, pattern.join(''))).toBe(means(pattern, [...given]));
      }),
      { numRuns: 2_000 },
    );
  });

  test('finds what a text was made of', () => {
    fc.assert(
      fc.property(text, text, text, (before, part, after) => {
        const escaped = part.replace(/[\\%_]/g, '\\$&');
        expect(isLike(before + part + after, `%${escaped}%`)).toBe(true);
        expect(isLike(before + part, `%${escaped}`)).toBe(true);
        expect(isLike(part + after, `${escaped}%`)).toBe(true);
      }),
    );
  });

  test.each([
    ['many parts', `${'%a'.repeat(200)}%b`, 1_000_000],
    ['any characters within', `%${'a_'.repeat(200)}b%`, 1_000_000],
    ['a long part that nearly fits', `%${'a'.repeat(400)}b%`, 1_000_000],
  ])('a search for %s in a long text ends at the cost limit, or soon', (_what, pattern, length) => {
    const meter = new Meter(1_000_000);
    try {
      expect(new LikePattern(pattern).test('a'.repeat(length), meter)).toBe(false);
    } catch (error) {
      expect(error).toBeInstanceOf(CostExceeded);
    }
  });
});

describe('Texts', () => {
  test('are folded as Postgres folds them in the collation "C", also long ones', () => {
    const long = fc.string({
      unit: fc.constantFrom('A', 'z', 'É', '😀', 'İ', '\u0130', 'Z'),
      maxLength: 3_000,
    });
    fc.assert(
      fc.property(long, (given) => {
        expect(foldCase(given)).toBe(given.replace(/[A-Z]/g, (letter) => letter.toLowerCase()));
      }),
    );
  });

  test('are ordered by their bytes in UTF-8', () => {
    const any = fc.string({
      unit: fc.constantFrom('a', 'b', 'é', '\ue000', '\uffff', '😀', '𐀀'),
      maxLength: 4,
    });
    fc.assert(
      fc.property(any, any, (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
      { numRuns: 1_000 },
    );
  });
});
