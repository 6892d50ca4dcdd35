// Formats of JSON Schema: which dates, times and durations there are, by the RFCs that define them.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { checkDeclaration, checkFits, compiled } from '../../../src/domain/schemas/topic-schema.ts';

function fits(schema: object, value: unknown): boolean {
  const { payloadSchema } = checkDeclaration({ name: 'a', payloadSchema: { properties: { value: schema } } });
  try {
    checkFits('a', 'payload', compiled(payloadSchema!), { value });
    return true;
  } catch {
    return false;
  }
}

const formats: Readonly<
  Record<string, { readonly good: readonly string[]; readonly bad: readonly string[] }>
> = {
  date: {
    good: ['1963-06-19', '2020-01-31', '2024-02-29', '2000-02-29', '0001-01-01'],
    bad: [
      ...['2021-02-29', '1900-02-29', '2025-02-30', '2025-04-31', '2020-01-32', '2020-13-01', '2025-00-00'],
      ...['06/19/1963', '1963-06-1৪', '20230328', '2023-W01', '998-01-01', '2025-01-01\n', ''],
    ],
  },
  time: {
    good: [
      '08:30:06Z',
      '08:30:06.5z',
      '08:30:06+05:30',
      '23:59:60Z',
      '15:59:60-08:00',
      '01:29:60+01:30',
      '23:29:60+23:30',
    ],
    bad: [
      ...['25:00:00Z', '24:00:00Z', '10:61:00Z', '00:00:61Z', '01:02:03+24:00', '01:02:03+00:60', '12:00:00'],
      ...[
        '12:00:00+00',
        '12:00:00+0000',
        '08:30:06 PST',
        '8:3:6Z',
        '22:59:60Z',
        '23:58:60Z',
        '23:59:60+01:00',
        '01:29:60-01:30',
      ],
    ],
  },
  'date-time': {
    good: [
      ...['1963-06-19T08:30:06.283185Z', '1963-06-19t08:30:06z', '1937-01-01T12:00:27.87+00:20'],
      ...[
        '1998-12-31T23:59:60Z',
        '1998-12-31T15:59:60.123-08:00',
        '2017-01-01T05:29:60+05:30',
        '2015-06-30T23:59:60Z',
      ],
    ],
    bad: [
      ...[
        '2025-02-30T10:00:00Z',
        '2025-02-28T25:00:00Z',
        '2025-19-39T10:00:00Z',
        '2025-02-28T10:00:00',
        '2025-02-28',
      ],
      ...[
        '2025-02-28 10:00:00Z',
        '2025-02-28T10:00:00+05',
        '2025-02-28T10:00:00+0530',
        '2025-02-28T10:00:00-24:00',
      ],
      ...[
        '1998-12-31T23:58:60Z',
        '1998-12-31T22:59:60Z',
        '2025-03-15T23:59:60Z',
        '2013-350T01:01:01Z',
        '1963-06-1৪T00:00:00Z',
      ],
    ],
  },
  duration: {
    good: ['P4DT12H30M5S', 'P4Y', 'PT0S', 'P0D', 'P1M', 'PT1M', 'PT36H', 'P1DT12H', 'P2W', 'P1Y2M3DT4H5M6S'],
    bad: [
      ...['P', 'PT', 'P1YT', 'PT1D', 'P2D1Y', 'P1D2H', 'P2S', 'P1Y2W', 'P1', '4DT12H', 'P২Y'],
      ...['P1Y2D', 'PT1H1S', 'T1H', 'P-1D', 'P1.5D', ''],
    ],
  },
  'iso-date-time': {
    good: ['2025-02-28T10:00:00', '2025-02-28 10:00:00Z'],
    bad: ['2025-02-30T10:00:00', '2025-02-28T25:00:00', '2025-19-39T10:00:00Z'],
  },
  uri: {
    good: [
      'http://example.org/a?b#c',
      'urn:isbn:0451450523',
      'https://[::1]:80/',
      'https://github.com/a/b/compare/1^...2',
    ],
    bad: ['//example.org', '/a', 'a b:c', 'http:// x', 'a', '\\\\a\\b'],
  },
  email: {
    good: ['a@example.org', 'a.b+c@example.org', 'root@localhost'],
    bad: ['a', 'a@', '@a.org', 'a b@a.org'],
  },
};

describe('The format', () => {
  for (const [format, { good, bad }] of Object.entries(formats)) {
    test(`${format} takes what there is, and nothing else`, () => {
      expect(good.filter((text) => !fits({ format }, text))).toEqual([]);
      expect(bad.filter((text) => fits({ format }, text))).toEqual([]);
    });
  }

  test('date-time takes every moment that a clock can show', () => {
    const moments = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    });
    fc.assert(fc.property(moments, (moment) => fits({ format: 'date-time' }, moment.toISOString())));
  });

  test('is that of no text that is longer than the limit', () => {
    const fraction = (length: number) => `2025-01-01T00:00:00.${'0'.repeat(length - 21)}Z`;
    expect(fits({ format: 'date-time' }, fraction(limits.schemaFormatLength))).toBe(true);
    expect(fits({ format: 'date-time' }, fraction(limits.schemaFormatLength + 1))).toBe(false);
  });
});

test('minLength and maxLength count characters, not halves of them', () => {
  expect(fits({ maxLength: 2 }, '💡💡')).toBe(true);
  expect(fits({ maxLength: 1 }, '💡💡')).toBe(false);
  expect(fits({ minLength: 2 }, '💡')).toBe(false);
});
