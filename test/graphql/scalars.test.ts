// The scalars: what their inputs accept, what they refuse and with which code, and how they are printed.
import { type GraphQLError, type GraphQLScalarType, parse, parseValue, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { toJsonObjectText, UnsafeNumber } from '../../src/domain/values/json.ts';
import { schema } from '../../src/graphql/schema.ts';

const scalar = (name: string) => schema.getType(name) as GraphQLScalarType;
const dateTime = scalar('DateTime');
const json = scalar('JSON');
const position = scalar('Position');

function literal(type: GraphQLScalarType, text: string, variables: Record<string, unknown> = {}): unknown {
  return type.parseLiteral(parseValue(text), variables);
}

function codeOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return (error as GraphQLError).extensions.code;
  }
  return undefined;
}

describe('DateTime', () => {
  test.each([
    ['2025-03-01T09:30:00Z', '2025-03-01T09:30:00.000Z'],
    ['2025-03-01t09:30:00.25z', '2025-03-01T09:30:00.250Z'],
    ['2025-03-01T10:30:00.123999+01:00', '2025-03-01T09:30:00.123Z'],
    ['2024-02-29T23:59:59-05:30', '2024-03-01T05:29:59.000Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00.000Z'],
  ])('reads %s as %s', (text, printed) => {
    expect(dateTime.serialize(dateTime.parseValue(text))).toBe(printed);
    expect(dateTime.serialize(literal(dateTime, JSON.stringify(text)))).toBe(printed);
  });

  test.each([
    '2025-03-01T09:30:00',
    '2025-03-01',
    '2025-03-01T09:30Z',
    '2025-03-01 09:30:00Z',
    '2025-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-00-10T00:00:00Z',
    '2025-01-01T24:00:00Z',
    '2025-01-01T23:60:00Z',
    '2025-01-01T23:59:60Z',
    '2025-01-01T00:00:00+24:00',
    '2025-01-01T00:00:00+0100',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00Z',
    '2025-01-01T00:00:00Z\n',
    'yesterday',
    '',
  ])('refuses %j', (text) => {
    expect(codeOf(() => dateTime.parseValue(text))).toBe('BAD_USER_INPUT');
    expect(codeOf(() => literal(dateTime, JSON.stringify(text)))).toBe('BAD_USER_INPUT');
  });

  test.each([1740821400000, true, {}, null, new UnsafeNumber('1e999')])(
    'refuses the value %j, which is no text',
    (value) => {
      expect(codeOf(() => dateTime.parseValue(value))).toBe('BAD_USER_INPUT');
    },
  );

  test('refuses literals of other kinds', () => {
    expect(codeOf(() => literal(dateTime, '1740821400'))).toBe('BAD_USER_INPUT');
    expect(codeOf(() => literal(dateTime, '{a: 1}'))).toBe('BAD_USER_INPUT');
  });
});

describe('Position', () => {
  test('is a decimal string of 64 bits, kept exactly', () => {
    expect(position.serialize(9223372036854775807n)).toBe('9223372036854775807');
    expect(position.parseValue('9223372036854775807')).toBe('9223372036854775807');
    expect(position.parseValue('007')).toBe('7');
    expect(literal(position, '9223372036854775807')).toBe('9223372036854775807');
    expect(literal(position, '"12"')).toBe('12');
    expect(position.parseValue(12)).toBe('12');
    expect(position.parseValue(new UnsafeNumber('9007199254740993'))).toBe('9007199254740993');
  });

  test.each(['9223372036854775808', '-1', '1.5', '1e3', '', ' 1', 'x', 1.5, 2 ** 53, -1, true, null])(
    'refuses %j',
    (value) => {
      expect(codeOf(() => position.parseValue(value))).toBe('BAD_USER_INPUT');
    },
  );

  test('refuses literals that are no whole number', () => {
    expect(codeOf(() => literal(position, '1.5'))).toBe('BAD_USER_INPUT');
    expect(codeOf(() => literal(position, '-1'))).toBe('BAD_USER_INPUT');
  });
});

describe('JSON', () => {
  test('converts a literal with all that is in it, variables included', () => {
    const text = '{a: [1, -2.5e3, "x", true, null, {b: []}], v: $v, list: [$v, $missing], gone: $missing}';
    expect(literal(json, text, { v: { deep: [1] } })).toEqual({
      a: [1, -2500, 'x', true, null, { b: [] }],
      v: { deep: [1] },
      list: [{ deep: [1] }, null],
    });
  });

  test('leaves a number that a double would change to whoever reads the value', () => {
    const value = literal(json, '{a: [12345678901234567890, 1e999, 0.1, 1e3]}') as { a: unknown[] };
    expect(value.a).toEqual([new UnsafeNumber('12345678901234567890'), new UnsafeNumber('1e999'), 0.1, 1000]);
    expect(() => toJsonObjectText('payload', value)).toThrow(/12345678901234567890/);
  });

  test('takes __proto__ and constructor for keys like any other', () => {
    const value = literal(json, '{__proto__: {polluted: true}, constructor: 1, toString: 2}') as object;
    expect(JSON.stringify(value)).toBe('{"__proto__":{"polluted":true},"constructor":1,"toString":2}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(toJsonObjectText('payload', value)).toContain('__proto__');
  });

  test('takes no variable that was not given for one, whatever its name', () => {
    const text = '{a: $constructor, l: [$toString, $__proto__, $v]}';
    expect(literal(json, text, { v: 1 })).toEqual({ l: [null, null, 1] });
    const given = JSON.parse('{"constructor": 1, "toString": 2, "__proto__": 3, "v": 4}');
    expect(literal(json, text, given)).toEqual({ a: 1, l: [2, 3, 4] });
  });

  test('refuses a bare word', () => {
    expect(codeOf(() => literal(json, '{a: [WORD]}'))).toBe('BAD_USER_INPUT');
  });

  test('passes validation with variables inside, before they have values', () => {
    const document =
      'mutation ($v: String!) { sendEvent(input: {topic: "a", payload: {a: $v, l: [$v]}}) { duplicate } }';
    expect(validate(schema, parse(document))).toEqual([]);
  });

  test('gives values back as they are', () => {
    const value = { a: [1, null] };
    expect(json.parseValue(value)).toBe(value);
    expect(json.serialize(value)).toBe(value);
    expect(json.serialize(0)).toBe(0);
  });
});
