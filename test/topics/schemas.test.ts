// Schemas of topics: which are taken, what is said of those that are not, and what a check may cost.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { checkDeclaration, checkFits, compiled } from '../../src/domain/schemas/topic-schema.ts';

function declare(payloadSchema: unknown): string {
  return checkDeclaration({ name: 'order.paid', payloadSchema }).payloadSchema!;
}

/** What is refused of a payload; null where it fits. */
function refusal(schema: unknown, payload: unknown): any {
  const check = compiled(declare(schema));
  try {
    checkFits('order.paid', 'payload', check, payload);
    return null;
  } catch (error) {
    return error;
  }
}

function nested(levels: number, around: (inner: object) => object, innermost: object = {}): object {
  let value = innermost;
  for (let n = 0; n < levels; n++) value = around(value);
  return value;
}

const draft07 = 'http://json-schema.org/draft-07/schema#';
const many = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n));

/** The milliseconds that it takes, with its outcome. */
function timed<T>(work: () => T): { ms: number; outcome: T } {
  const start = performance.now();
  const outcome = work();
  return { ms: performance.now() - start, outcome };
}

/** Far more than any of these takes, as machines are slow at times. */
const soon = 5_000;

describe('A payload', () => {
  const customer = {
    type: 'object',
    required: ['customer'],
    properties: {
      customer: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 0 } },
      },
    },
  };

  test('that fits is taken, also where doubles are not exact', () => {
    expect(refusal(customer, { customer: { name: 'Ann', age: 7 }, more: true })).toBeNull();
    expect(refusal({ properties: { price: { multipleOf: 0.01 } } }, { price: 19.99 })).toBeNull();
  });

  test.each([
    [{ customer: { name: 'Ann', age: 'x' } }, 'payload/customer/age', 'must be integer'],
    [{ customer: { name: 'Ann', age: -1 } }, 'payload/customer/age', 'must be >= 0'],
    [{ customer: {} }, 'payload/customer', "must have required property 'name'"],
    [{}, 'payload', "must have required property 'customer'"],
    [{ customer: { name: 'A', x: 1 } }, 'payload/customer', 'must NOT have additional properties: "x"'],
  ])('such as %j is refused at %s', (payload, path, message) => {
    const error = refusal(customer, payload);
    expect(error).toMatchObject({
      code: 'TOPIC_SCHEMA_MISMATCH',
      message: `${path} ${message}, as the topic "order.paid" is declared.`,
      details: { topic: 'order.paid', path, count: 1, failures: [{ path, message }] },
    });
  });

  test('that fails often tells how often, and where the first ten times', () => {
    const error = refusal(
      { properties: { list: { items: { type: 'number' } } } },
      { list: many(30, String) },
    );
    expect(error.message).toBe(
      'payload/list/0 must be number (and 29 more), as the topic "order.paid" is declared.',
    );
    expect(error.details.count).toBe(30);
    expect(error.details.failures).toHaveLength(10);
    expect(error.details.failures[9]).toEqual({ path: 'payload/list/9', message: 'must be number' });
  });

  test('that fails all over is not searched to its end', () => {
    const error = refusal(
      { properties: { list: { items: { type: 'array', minItems: 1 } } } },
      { list: many(100_000, () => []) },
    );
    expect(error.details.count).toBe(limits.schemaFailures);
    expect(error.message).toContain('(and 99 or more)');
  });

  test('that fits no alternative fails once, where these are', () => {
    const schema = { properties: { id: { anyOf: [{ type: 'string' }, { type: 'number', minimum: 1 }] } } };
    expect(refusal(schema, { id: 0 }).details).toMatchObject({
      count: 1,
      failures: [{ path: 'payload/id', message: 'must match a schema in anyOf' }],
    });
    expect(refusal(schema, { id: 1 })).toBeNull();
  });

  test('that fails a further condition gets an error that names it', () => {
    const schema = { if: { properties: { kind: { const: 'a' } } }, then: { required: ['a'] } };
    expect(refusal(schema, { kind: 'a' }).message).toContain("payload must have required property 'a',");
  });

  test('has what a formula of the schema names, not what every object has', () => {
    expect(refusal({ required: ['constructor'] }, {}).message).toContain("property 'constructor'");
    expect(refusal({ required: ['__proto__'] }, {}).message).toContain("property '__proto__'");
  });

  test('is not changed by a schema with defaults', () => {
    const payload = { a: '1' };
    expect(refusal({ properties: { b: { default: 1 }, a: { type: 'string' } } }, payload)).toBeNull();
    expect(payload).toEqual({ a: '1' });
  });

  test('with long keys and values is refused in few words', () => {
    const key = 'k'.repeat(100_000);
    const error = refusal({ additionalProperties: { enum: ['e'.repeat(100_000)] } }, { [key]: 1 });
    expect(JSON.stringify([error.message, error.details]).length).toBeLessThan(5_000);
  });
});

describe('A schema', () => {
  test('is of draft 2020-12 unless it says draft-07', () => {
    const tuple = { properties: { pair: { prefixItems: [{ type: 'number' }] } } };
    expect(refusal(tuple, { pair: ['x'] }).details.path).toBe('payload/pair/0');
    const old = { $schema: draft07, properties: { pair: { items: [{ type: 'number' }] } } };
    expect(refusal(old, { pair: ['x'] }).details.path).toBe('payload/pair/0');
    expect(refusal({ ...old, $schema: draft07.slice(0, -1) }, { pair: ['x'] })).not.toBeNull();
  });

  test('may refer to its own parts, by pointer, anchor and id', () => {
    const schema = {
      $id: 'https://example.com/order',
      $defs: {
        price: { type: 'number' },
        name: { $anchor: 'name', type: 'string' },
        tree: { $id: 'tree', properties: { children: { items: { $ref: 'tree' } }, n: { type: 'integer' } } },
      },
      properties: { price: { $ref: '#/$defs/price' }, name: { $ref: '#name' }, tree: { $ref: 'tree' } },
    };
    expect(refusal(schema, { price: 1, name: 'a', tree: { children: [{ n: 1 }] } })).toBeNull();
    expect(refusal(schema, { price: '1' }).details.path).toBe('payload/price');
    expect(refusal(schema, { name: 1 }).details.path).toBe('payload/name');
    const deep = { tree: { children: [{ children: [{ n: 'x' }] }] } };
    expect(refusal(schema, deep).details.path).toBe('payload/tree/children/0/children/0/n');
  });

  test('of one id may be declared for several topics, and again', () => {
    const first = { $id: 'https://example.com/same', required: ['a'] };
    const second = { $id: 'https://example.com/same', required: ['b'] };
    expect(refusal(first, { a: 1 })).toBeNull();
    expect(refusal(second, { a: 1 })).not.toBeNull();
    expect(refusal(first, { b: 1 })).not.toBeNull();
  });

  test('may have keywords and formats that nobody knows', () => {
    const schema = { tsType: 'X', properties: { a: { format: 'colour', 'x-more': { deep: [1] } } } };
    expect(refusal(schema, { a: 'red' })).toBeNull();
  });

  test.each([
    ['date-time', '2025-03-01T10:00:00Z', 'yesterday'],
    ['uri', 'https://example.com/a?b=c', 'not a uri'],
    ['url', 'http://localhost:4000/a', 'file:///etc'],
    ['uri', 'a:b', `a:${'b'.repeat(limits.schemaFormatLength)}`],
    ['email', 'ann@example.com', 'ann'],
    ['uuid', '0195f000-0000-7000-8000-000000000001', '0195'],
    ['ipv4', '10.0.0.1', '10.0.0'],
    ['byte', 'QUJD'.repeat(10_000), '???'],
  ])('knows the format %s', (format, good, bad) => {
    expect(refusal({ properties: { a: { format } } }, { a: good })).toBeNull();
    expect(refusal({ properties: { a: { format } } }, { a: bad }).details.path).toBe('payload/a');
  });

  test('that says it is asynchronous is checked all the same', () => {
    expect(refusal({ $async: true, required: ['a'] }, {})).not.toBeNull();
  });

  test.each([
    ['an array', [], 'payloadSchema must be a JSON object'],
    ['text', 'object', 'payloadSchema must be a JSON object'],
    ['a wrong type', { properties: { a: { type: 'objekt' } } }, 'payloadSchema/properties/a/type must be'],
    ['a wrong required', { required: 'a' }, 'payloadSchema/required must be array'],
    [
      'a negative length',
      { properties: { a: { minLength: -1 } } },
      'payloadSchema/properties/a/minLength must be >= 0',
    ],
    [
      'another dialect',
      { $schema: 'http://json-schema.org/draft-04/schema#' },
      'payloadSchema/$schema must be one of',
    ],
    [
      'a reference elsewhere',
      { properties: { a: { $ref: 'https://example.com/a.json' } } },
      'payloadSchema refers to "https://example.com/a.json", which is not part of it. Remote schemas are not fetched',
    ],
    ['a reference to nothing', { $ref: '#/$defs/none' }, 'payloadSchema refers to "#/$defs/none"'],
    ['a reference to itself', { $ref: '#' }, 'payloadSchema refers to itself endlessly'],
    [
      'references in a circle',
      { $ref: '#/$defs/a', $defs: { a: { allOf: [{ $ref: '#/$defs/b' }] }, b: { $ref: '#/$defs/a' } } },
      'endlessly',
    ],
    [
      'a look-ahead',
      { properties: { a: { pattern: '(?=a)b' } } },
      'payloadSchema/properties/a/pattern has the pattern "(?=a)b", which is invalid: look-ahead and look-behind are not available in RE2',
    ],
    [
      'a back reference',
      { patternProperties: { '(a)\\1': { minimum: 1 } } },
      'payloadSchema/patternProperties/(a)\\1 has the pattern',
    ],
    [
      'a broken pattern',
      { properties: { a: { pattern: '(' } } },
      'payloadSchema/properties/a/pattern has the pattern "("',
    ],
    [
      'an asynchronous part',
      { properties: { a: { $async: true, minimum: 1 } } },
      'cannot be used as a JSON Schema: async schema in sync schema',
    ],
  ])('that is or has %s is refused, saying where', (_what, schema, message) => {
    expect(() => declare(schema)).toThrow(message);
    expect(() => declare(schema)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });

  test.each([
    [
      'bytes',
      { description: 'x'.repeat(limits.schemaBytes) },
      `bytes of JSON; at most ${limits.schemaBytes}`,
    ],
    [
      'parts',
      { properties: Object.fromEntries(many(limits.schemaParts, (n) => [`p${n}`, {}])) },
      `parts; at most ${limits.schemaParts}`,
    ],
    [
      'patterns',
      { anyOf: many(10, (n) => ({ pattern: `${n}[a-z]{4000}` })) },
      `parts; at most ${limits.schemaParts}`,
    ],
  ])('of too many %s is refused', (_what, schema, message) => {
    expect(() => declare(schema)).toThrow(message);
    expect(() => declare(schema)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  });

  test('may list many values and names', () => {
    const countries = many(5_000, (n) => `country-${n}`);
    const schema = { properties: { country: { enum: countries } }, required: ['country'] };
    expect(refusal(schema, { country: 'country-4999' })).toBeNull();
    expect(refusal(schema, { country: 'country-5000' }).details.path).toBe('payload/country');
  });
});

describe('A hostile schema', () => {
  const p = limits.schemaParts;
  const list = many(100_000, () => 1);
  const alternatives = {
    $defs: {
      n: { anyOf: many(2, (k) => ({ required: [`r${k}`], properties: { a: { $ref: '#/$defs/n' } } })) },
    },
    $ref: '#/$defs/n',
  };
  test.each<[string, object, object]>([
    [
      'a pattern that back-tracks',
      { properties: { a: { pattern: '^(a+)+$' } } },
      { a: `${'a'.repeat(500_000)}!` },
    ],
    [
      'many patterns for many keys',
      { patternProperties: Object.fromEntries(many(200, (n) => [`^x${n}.*y$`, { type: 'null' }])) },
      Object.fromEntries(many(50_000, (n) => [`k${n}`, 1])),
    ],
    ['alternatives within each other', alternatives, nested(90, (a) => ({ a }))],
    [
      'unique items among many',
      { properties: { list: { uniqueItems: true } } },
      { list: many(30_000, (n) => ({ n })) },
    ],
    [
      'unique large items',
      { properties: { list: { uniqueItems: true } } },
      { list: many(100, (n) => ({ x: 'x'.repeat(10_000), n })) },
    ],
    [
      'a long enumeration for many items',
      { properties: { list: { items: { enum: many(5_000, String) } } } },
      { list },
    ],
    [
      'many alternatives for many items',
      { properties: { list: { items: { anyOf: many(p / 2 - 9, () => ({ type: 'string' })) } } } },
      { list },
    ],
    [
      'many demands on many items',
      { properties: { list: { items: { allOf: many(p / 2 - 9, () => ({ minimum: 0 })) } } } },
      { list },
    ],
    [
      'many names for many items',
      { properties: { list: { items: { not: { required: many(5_000, (n) => `k${n}`) } } } } },
      { list: many(50_000, () => ({})) },
    ],
    [
      'many lengths of a long text',
      { properties: { a: { allOf: many(p / 2 - 9, () => ({ minLength: 1 })) } } },
      { a: 'é'.repeat(400_000) },
    ],
    [
      'formats for long texts',
      { properties: { a: { anyOf: many(100, () => ({ format: 'uri' })) } } },
      { a: `a:${'/'.repeat(900_000)}` },
    ],
    [
      'what nobody evaluated',
      { anyOf: many(300, (n) => ({ properties: { [`a${n}`]: true } })), unevaluatedProperties: false },
      Object.fromEntries(many(50_000, (n) => [`a${n}`, 1])),
    ],
  ])('with %s is checked in bounded time', (_what, schema, payload) => {
    declare(schema);
    expect(timed(() => refusal(schema, payload)).ms).toBeLessThan(soon);
  });

  test('that has no end for some payloads refuses these', () => {
    const x = { allOf: [{ $ref: '#/$defs/x' }] };
    const schema = { $defs: { x }, properties: { a: { $ref: '#/$defs/x' } } };
    expect(refusal(schema, {})).toBeNull();
    expect(refusal(schema, { a: 1 })).toMatchObject({
      code: 'TOPIC_SCHEMA_MISMATCH',
      details: { path: 'payload' },
    });
  });

  test('whose check takes too many steps refuses, and says so', () => {
    expect(
      refusal(
        alternatives,
        nested(90, (a) => ({ a, r0: 1 }), { r0: 1 }),
      ),
    ).toBeNull();
    const error = refusal(
      alternatives,
      nested(90, (a) => ({ a })),
    );
    expect(error).toMatchObject({ code: 'TOPIC_SCHEMA_MISMATCH', details: { path: 'payload' } });
    expect(error.message).toContain(`payload takes more than ${limits.schemaSteps} steps`);
  });

  test.each<[string, object]>([
    ['alternatives within each other', nested(45, (inner) => ({ anyOf: [inner, { type: 'number' }] }))],
    ['many properties', { properties: Object.fromEntries(many(p - 2, (n) => [`p${n}`, true])) }],
    [
      'many conditions',
      { allOf: many(p / 6 - 9, (n) => ({ if: { const: n }, then: { minimum: 1 }, else: { maximum: 2 } })) },
    ],
    [
      'many references to one part',
      {
        $defs: { a: { properties: Object.fromEntries(many(100, (n) => [`p${n}`, {}])) } },
        properties: Object.fromEntries(many(p - 200, (n) => [`p${n}`, { $ref: '#/$defs/a' }])),
      },
    ],
    [
      'many patterns',
      { patternProperties: Object.fromEntries(many(p / 3, (n) => [`^x${n}`, { minimum: n }])) },
    ],
    ['long patterns', { allOf: many(8, (n) => ({ pattern: `^${n}[a-z]{900}$` })) }],
    [
      'a chain of references',
      {
        $ref: '#/$defs/d0',
        $defs: Object.fromEntries(
          many(p / 4, (n) => [`d${n}`, { properties: { a: { $ref: `#/$defs/d${n + 1}` } } }]),
        ),
      },
    ],
  ])('with %s is compiled or refused in bounded time', (_what, schema) => {
    const outcome = timed(() => {
      try {
        return declare(schema);
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(outcome.ms).toBeLessThan(soon);
  });
});
