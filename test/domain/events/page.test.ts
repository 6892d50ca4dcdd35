// Pages: what may be asked for, cursors that lead back to their place, and log positions as text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { checkPage, checkPosition, cursorOf, orderKeys } from '../../../src/domain/events/page.ts';

const badUserInput = (message: string | RegExp) =>
  expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringMatching(message) });

const maxPosition = 2n ** 63n - 1n;
const order = fc.constantFrom(...orderKeys);
const position = fc.bigInt({ min: 0n, max: maxPosition });
const place = fc.record({
  at: fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
  position,
});
const base64url = (text: string) => Buffer.from(text).toString('base64url');

describe('a page', () => {
  test('has the default size from the start unless something is asked for', () => {
    const unbounded = { size: limits.defaultPageSize, backwards: false, after: null, before: null };
    expect(checkPage({}, 'CREATED')).toEqual(unbounded);
    expect(checkPage({ first: null, last: null, after: null, before: null }, 'CREATED')).toEqual(unbounded);
  });

  test('is read from the start by first and from the end by last, of any size from 0 to the limit', () => {
    fc.assert(
      fc.property(fc.nat(limits.pageSize), order, (size, by) => {
        expect(checkPage({ first: size }, by)).toMatchObject({ size, backwards: false });
        expect(checkPage({ last: size }, by)).toMatchObject({ size, backwards: true });
      }),
    );
  });

  test.each([-1, limits.pageSize + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'of size %s is refused',
    (size) => {
      const allowed = `is ${size}; 0 to ${limits.pageSize} is allowed`;
      expect(() => checkPage({ first: size }, 'CREATED')).toThrow(badUserInput(`^first ${allowed}`));
      expect(() => checkPage({ last: size }, 'CREATED')).toThrow(badUserInput(`^last ${allowed}`));
    },
  );

  test('has one end: first and last together are refused, also where one of them is 0', () => {
    expect(() => checkPage({ first: 0, last: 1 }, 'CREATED')).toThrow(
      badUserInput('^Give first or last, not both'),
    );
  });
});

describe('a cursor', () => {
  test('leads back to the place that it was made of, as lower and as upper bound', () => {
    fc.assert(
      fc.property(order, place, place, (by, after, before) => {
        const page = checkPage({ after: cursorOf(by, after), before: cursorOf(by, before) }, by);
        expect([page.after, page.before]).toEqual([after, before]);
      }),
    );
  });

  test('is fit for a URL, and different for different places', () => {
    fc.assert(
      fc.property(order, place, place, (by, a, b) => {
        expect(cursorOf(by, a)).toMatch(/^[\w-]+$/);
        const same = a.at.getTime() === b.at.getTime() && a.position === b.position;
        expect(cursorOf(by, a) === cursorOf(by, b)).toBe(same);
      }),
    );
  });

  test('of another order is refused, and the message says which', () => {
    fc.assert(
      fc.property(place, (somewhere) => {
        expect(() => checkPage({ after: cursorOf('CREATED', somewhere) }, 'UPDATED')).toThrow(
          badUserInput('^after was issued for the order CREATED, but this list is ordered by UPDATED'),
        );
      }),
    );
  });

  test('is refused where it is none, with the name of its argument', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string().map(base64url)), order, (text, by) => {
        expect(() => checkPage({ after: text }, by)).toThrow(
          badUserInput('^after is not a cursor of this list'),
        );
        expect(() => checkPage({ before: text }, by)).toThrow(
          badUserInput('^before is not a cursor of this list'),
        );
      }),
    );
  });

  test.each([
    'CREATED:1',
    'CREATED:1:',
    'CREATED::1',
    'CREATED:-1:1',
    'CREATED:1:-1',
    'CREATED:1.5:1',
    'CREATED:1:1:1',
    ' CREATED:1:1',
    'CREATED:1:1\n',
    'created:1:1',
    'CREATED:9999999999999999:1',
    'CREATED:1:99999999999999999999',
    `CREATED:1:${maxPosition + 1n}`,
    'CREATED:1:1\u0000',
    'CREATED:١:1',
  ])('that says %j inside is refused', (text) => {
    expect(() => checkPage({ after: base64url(text) }, 'CREATED')).toThrow(
      badUserInput('^after .*is not a (cursor|log position)'),
    );
  });
});

describe('a position', () => {
  test('of 64 bits is the number that its text says', () => {
    fc.assert(
      fc.property(position, (value) => {
        expect(checkPosition(String(value))).toBe(value);
      }),
    );
    expect(checkPosition(String(maxPosition))).toBe(maxPosition);
  });

  test.each([
    '',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '1\n',
    '0x1',
    '1n',
    '١',
    String(maxPosition + 1n),
    '1'.repeat(20),
  ])('is not %j', (text) => {
    expect(() => checkPosition(text)).toThrow(
      badUserInput(/^after ".*" is not a log position: a decimal number/),
    );
  });

  test('that is refused is quoted shortly, under the name of its argument', () => {
    expect(() => checkPosition('x'.repeat(10_000), 'from')).toThrow(badUserInput(/^from "x{30}" is not/));
  });
});
