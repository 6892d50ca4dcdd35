// JSON values on their way to the database: kept as they are, or refused with the path that is at fault.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import {
  isExactNumber,
  toJsonObjectText,
  toJsonText,
  UnsafeNumber,
} from '../../../src/domain/values/json.ts';

const refusal = (code: string, message: string | RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe('a number', () => {
  /** The number that a decimal text stands for, as an integer times a power of ten. */
  function decimal(text: string): { digits: bigint; power: number } {
    const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
    const [whole = '', fraction = ''] = mantissa.split('.');
    return { digits: BigInt(whole.replace('-', '') + fraction), power: Number(exponent) - fraction.length };
  }

  function sameNumber(a: string, b: string): boolean {
    const [x, y] = [decimal(a), decimal(b)];
    if (x.digits === 0n || y.digits === 0n) return x.digits === y.digits;
    const least = Math.min(x.power, y.power);
    const scaled = ({ digits, power }: typeof x) => digits * 10n ** BigInt(power - least);
    return a.startsWith('-') === b.startsWith('-') && scaled(x) === scaled(y);
  }

  const digits = (maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength });
  const zeros = fc.nat(25).map((n) => '0'.repeat(n));
  const whole = fc.oneof(
    fc.constant('0'),
    fc.tuple(fc.integer({ min: 1, max: 9 }), digits(22), zeros).map((all) => all.join('')),
  );
  const fraction = fc.oneof(
    fc.constant(''),
    fc.tuple(zeros, digits(22), zeros).map(([a, b, c]) => `.${a}${b}${c}`),
  );
  const exponent = fc.oneof(
    fc.constant(''),
    fc
      .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.constantFrom('', '00'), fc.nat(400))
      .map((all) => all.join('')),
  );
  /** Every form that JSON's grammar knows. */
  const written = fc
    .tuple(fc.constantFrom('', '-'), whole, fraction, exponent)
    .map((parts) => parts.join(''));

  test('is exact if and only if what JSON.stringify writes of it is the same number', () => {
    fc.assert(
      fc.property(written, (text) => {
        const after = JSON.stringify(JSON.parse(text));
        expect(isExactNumber(text)).toBe(after !== 'null' && sameNumber(text, after));
      }),
      { numRuns: 2_000 },
    );
  });

  test('that is a double is exact in every notation', () => {
    const double = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(double, (value) => {
        for (const text of [String(value), value.toExponential()]) expect(isExactNumber(text)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('that is a whole number is exact where BigInt finds the double unchanged', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), (value) => {
        expect(isExactNumber(String(value))).toBe(BigInt(JSON.stringify(Number(value))) === value);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    '0',
    '-0',
    '-0.0',
    '0e400',
    '1E+2',
    '1e-05',
    '9007199254740992',
    '0.1',
    '5e-324',
    '1.7976931348623157e308',
    '100000000000000000000',
  ])('%s is exact', (text) => expect(isExactNumber(text)).toBe(true));

  test.each([
    '1e400',
    '-1e309',
    '1e-400',
    '4e-324',
    '9007199254740993',
    '12345678901234567890',
    '0.1000000000000000055',
    '0.10000000000000000001',
    '1.7976931348623158e308',
  ])('%s is not exact', (text) => expect(isExactNumber(text)).toBe(false));

  test('of a million digits is answered as fast as one of ten', () => {
    // Comparing such texts would take a quarter of an hour; that this test ends is what it shows.
    const many = '0'.repeat(1e6);
    for (const text of [`1.${many}1`, `1${many}`, `1e-${many}1`, `0.${many}1`])
      expect(isExactNumber(text)).toBe(false);
  });
});

describe('a JSON value', () => {
  const wellFormed = fc.string({
    unit: fc.oneof(
      fc.constantFrom('\\', '"', '\\u0000', '😀', '\n', '\u0001'),
      fc.string({ unit: 'grapheme', maxLength: 1 }),
    ),
  });
  const value = fc.jsonValue({ maxDepth: 5 }).filter((drawn) => !JSON.stringify(drawn).includes('\\u0000'));

  test('comes back as it was sent', () => {
    fc.assert(
      fc.property(value, wellFormed, wellFormed, (drawn, key, text) => {
        const sent = { [`${key}.`]: [drawn, text] };
        expect(JSON.stringify(JSON.parse(toJsonText('payload', sent)))).toBe(JSON.stringify(sent));
      }),
    );
  });

  test('that is absent is null', () => {
    expect(toJsonText('result', undefined)).toBe('null');
    expect(toJsonText('result', null)).toBe('null');
  });

  /** A step into a value: a key of an object, or an index of a list. */
  const step = fc.oneof(fc.stringMatching(/^[a-z]{1,5}$/), fc.nat(4));
  const path = fc.array(step, { maxLength: 8 });

  /** `leaf` at the path, with something harmless beside it on each level. */
  function buried(leaf: unknown, steps: readonly (string | number)[]): unknown {
    return steps.reduceRight<unknown>(
      (inner, key) =>
        typeof key === 'number' ? [...Array(key).fill('\\u0000'), inner] : { A: 1, [key]: inner, Z: '😀' },
      leaf,
    );
  }

  const written = (steps: readonly (string | number)[]) =>
    `payload${steps.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')}`;

  test.each([
    ['NUL in a text', 'a\u0000b', 'contains the NUL character'],
    ['NUL in a key', { 'a\u0000': 1 }, 'contains the NUL character'],
    ['the first half of a surrogate pair', '\ud800', 'contains a lone surrogate'],
    ['the second half of one', 'x\udfff', 'contains a lone surrogate'],
    ['half of one in a key', { '\udc00': [] }, 'contains a lone surrogate'],
    [
      'a number that a double would change',
      new UnsafeNumber('1e400'),
      'is the number 1e400, which cannot be represented exactly',
    ],
  ])('with %s anywhere is refused, naming the path', (_what, leaf, complaint) => {
    fc.assert(
      fc.property(path, (steps) => {
        const at = written(steps).replace(/[[\].]/g, '\\$&');
        expect(() => toJsonText('payload', buried(leaf, steps))).toThrow(
          refusal('BAD_USER_INPUT', `^${at} ${complaint}`),
        );
      }),
    );
  });

  test('may be nested to the limit and no further, whether by lists or by objects', () => {
    const nested = fc.array(fc.constantFrom('k', 0), {
      minLength: limits.jsonDepth,
      maxLength: limits.jsonDepth,
    });
    fc.assert(
      fc.property(nested, fc.constantFrom<[string | number]>(['k'], [0]), (steps, [more]) => {
        const fits = buried('leaf', steps);
        expect(JSON.parse(toJsonText('payload', fits))).toEqual(fits);
        const message = `^payload is nested deeper than ${limits.jsonDepth} levels`;
        expect(() => toJsonText('payload', buried(fits, [more]))).toThrow(refusal('LIMIT_EXCEEDED', message));
      }),
      { numRuns: 50 },
    );
  });

  test('nested a hundred thousand levels deep is refused without running out of stack', () => {
    let value: unknown = 'leaf';
    for (let level = 0; level < 100_000; level++) value = [value];
    expect(() => toJsonText('payload', value)).toThrow(refusal('LIMIT_EXCEEDED', /^payload is nested/));
  });

  test.each(['x', 'é', '😀', '"', '\n'])(
    'of %j may have the limit in bytes of JSON, and not one more',
    (char) => {
      const bytesEach = Buffer.byteLength(JSON.stringify(char)) - 2;
      const room = limits.jsonBytes - Buffer.byteLength('{"k":""}');
      const full = char.repeat(Math.floor(room / bytesEach)) + 'x'.repeat(room % bytesEach);
      expect(Buffer.byteLength(toJsonText('payload', { k: full }))).toBe(limits.jsonBytes);
      expect(() => toJsonText('payload', { k: `${full}x` })).toThrow(
        refusal(
          'LIMIT_EXCEEDED',
          `^payload is ${limits.jsonBytes + 1} bytes of JSON; at most ${limits.jsonBytes}`,
        ),
      );
    },
  );
});

describe('a JSON object', () => {
  test.each([[[]], [null], [undefined], ['text'], [1], [true], [new UnsafeNumber('1e400')]])(
    'is not %j',
    (value) => {
      expect(() => toJsonObjectText('summary', value)).toThrow(
        refusal('BAD_USER_INPUT', /^summary must be a JSON object/),
      );
    },
  );

  test('is held to what holds for every JSON value', () => {
    expect(toJsonObjectText('summary', { a: [1] })).toBe('{"a":[1]}');
    expect(() => toJsonObjectText('summary', { a: '\u0000' })).toThrow(
      refusal('BAD_USER_INPUT', /^summary\.a /),
    );
  });

  test('may have keys that mean something to JavaScript', () => {
    const hostile = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toJSON":"x"}');
    expect(toJsonObjectText('payload', hostile)).toBe('{"__proto__":{"a":1},"constructor":2,"toJSON":"x"}');
  });
});
