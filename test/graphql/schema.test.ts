// The schema as the reference manual: schema.graphql is its print, and nothing in it is without a description.
import { readFile } from 'node:fs/promises';
import {
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';

interface Described {
  readonly name: string;
  readonly description?: string | null | undefined;
}

/** The type and all that is in it, by path. */
function partsOf(type: GraphQLNamedType): [string, Described][] {
  const parts: [string, Described][] = [[type.name, type]];
  const add = (path: string, part: Described) => parts.push([`${path}.${part.name}`, part]);
  if (isEnumType(type)) for (const value of type.getValues()) add(type.name, value);
  if (isInputObjectType(type)) for (const field of Object.values(type.getFields())) add(type.name, field);
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      add(type.name, field);
      for (const arg of field.args) add(`${type.name}.${field.name}`, arg);
    }
  }
  return parts;
}

describe('schema', () => {
  test('is valid', () => {
    expect(validateSchema(schema)).toEqual([]);
  });

  test('is what schema.graphql says; run `npm run generate` if it is not', async () => {
    const file = await readFile(new URL('../../schema.graphql', import.meta.url), 'utf8');
    expect(file).toBe(`${printSchema(lexicographicSortSchema(schema))}\n`);
  });

  test('has a description, ending as a sentence, of every type, field, argument, enum value and input field', () => {
    const own = Object.values(schema.getTypeMap()).filter(
      (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
    );
    const parts = own.flatMap(partsOf);
    expect(parts.length).toBeGreaterThan(150);
    expect(parts.filter(([, part]) => !/[.)]$/.test(part.description ?? '')).map(([path]) => path)).toEqual(
      [],
    );
  });
});
