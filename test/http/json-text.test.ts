// JSON text: the same values as JSON.parse gives, except where that would change a number or overflow the stack.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ThroughlineError } from '../../src/base/errors.ts';
import { UnsafeNumber } from '../../src/domain/values/json.ts';
import { parseJson } from '../../src/http/json-text.ts';

function codeFor(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    return (error as ThroughlineError).code;
  }
  return 'none';
}

describe('parseJson', () => {
  it('gives what JSON.parse gives for every value that a double holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses whatever JSON.parse refuses, and nothing else', () => {
    const piece = fc.constantFrom(
      ...'{}[],:"\\ 019-+.eE',
      'true',
      'null',
      '"a"',
      '12345678901234567890',
      '1e999',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        expect(codeFor(text)).toBe(valid ? 'none' : 'BAD_USER_INPUT');
      }),
      { numRuns: 5_000 },
    );
  });

  it.each(['12345678901234567890', '1e999', '-1e-999', '0.1000000000000000055511151231257827'])(
    'keeps the text of %s, which a double would change',
    (number) => {
      expect(parseJson(number)).toEqual(new UnsafeNumber(number));
      expect(parseJson(`{"a":[1,${number}],"b":"${number}"}`)).toEqual({
        a: [1, new UnsafeNumber(number)],
        b: number,
      });
    },
  );

  it.each(['9007199254740991', '1e3', '0.1', '-0', '1.50', '100000000000000000000'])(
    'parses %s as it is',
    (number) => {
      expect(parseJson(number)).toBe(Number(number));
    },
  );

  it('finds numbers behind strings with every kind of escape', () => {
    expect(parseJson('["\\\\", "\\"1e999", "\\\\\\"", 1e999]')).toEqual([
      '\\',
      '"1e999',
      '\\"',
      new UnsafeNumber('1e999'),
    ]);
  });

  it('takes the nesting that a payload may have, and refuses what would overflow the stack', () => {
    expect(codeFor('['.repeat(105) + ']'.repeat(105))).toBe('none');
    expect(codeFor('['.repeat(1_000) + ']'.repeat(1_000))).toBe('LIMIT_EXCEEDED');
    expect(codeFor('{"a":'.repeat(1_000_000))).toBe('LIMIT_EXCEEDED');
  });

  it('refuses a flood of unsafe numbers, and is quick with a single huge one', () => {
    expect(codeFor(`[${'1e999,'.repeat(2_000)}1]`)).toBe('BAD_USER_INPUT');
    const huge = `1${'0'.repeat(1_000_000)}1`;
    const began = performance.now();
    expect((parseJson(`[${huge}]`) as UnsafeNumber[])[0]).toBeInstanceOf(UnsafeNumber);
    expect((parseJson(`[1e-${huge}]`) as UnsafeNumber[])[0]).toBeInstanceOf(UnsafeNumber);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  it('makes nothing special of __proto__', () => {
    const value = parseJson('{"__proto__": {"polluted": 1e999}}') as object;
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect('polluted' in {}).toBe(false);
  });

  it('tells where malformed text is at fault', () => {
    expect(() => parseJson('{"a": 1e999,}')).toThrow(/not valid JSON/);
  });
});
