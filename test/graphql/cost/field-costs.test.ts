// The table of costs against the schema: a field that may read rows fails here until it is classified.
import {
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLObjectType,
  isCompositeType,
  isListType,
  isObjectType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { fieldCosts } from '../../../src/graphql/cost/field-costs.ts';
import { schema } from '../../../src/graphql/schema.ts';

type Field = GraphQLField<unknown, unknown>;

const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
const fields = Object.values(schema.getTypeMap())
  .filter((type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'))
  .flatMap((type) =>
    Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, type, field })),
  );

const isList = ({ type }: Field) => isListType(getNullableType(type));
const isOfObjects = ({ type }: Field) => isCompositeType(getNamedType(type));
/** An argument by which the caller chooses how much is answered. */
const hasSize = ({ args }: Field) =>
  args.some(({ name }) => ['first', 'last', 'pageSize', 'count'].includes(name));

const remedy = 'add it to src/graphql/cost/field-costs.ts';

describe('The costs of fields', () => {
  it('are there for every root field, every list or page, and every field that returns objects', () => {
    const missing = fields
      .filter(({ type, field }) => roots.includes(type) || isOfObjects(field) || hasSize(field))
      .filter(({ name }) => fieldCosts[name] === undefined)
      .map(({ name }) => `${name}: ${remedy}`);
    expect(missing).toEqual([]);
  });

  it('are those of fields that exist', () => {
    const known = new Set(fields.map(({ name }) => name));
    expect(Object.keys(fieldCosts).filter((name) => !known.has(name))).toEqual([]);
  });

  it('of a list with a selection are for each item', () => {
    const wrong = fields
      .filter(({ field }) => isList(field) && isOfObjects(field))
      .filter(({ field }) => hasNested(field))
      .filter(({ name }) => !['list', 'items'].includes(fieldCosts[name]!.kind))
      .map(({ name }) => `${name}: make it list(…) or items`);
    expect(wrong).toEqual([]);
  });

  it('of a size that the caller chooses follow it', () => {
    const wrong = fields
      .filter(({ field }) => hasSize(field))
      .filter(({ name }) => {
        const cost = fieldCosts[name]!;
        return !('size' in cost) || typeof cost.size !== 'function';
      })
      .map(({ name }) => `${name}: make it page(…) or list(…) of its arguments`);
    expect(wrong).toEqual([]);
  });

  it('of a page’s items are for types that only pages return', () => {
    const wrong = fields
      .filter(({ name }) => fieldCosts[name]?.kind === 'items')
      .flatMap(({ type, name }) =>
        fields
          .filter(({ field }) => getNamedType(field.type) === type)
          .filter((returning) => fieldCosts[returning.name]?.kind !== 'page')
          .map((returning) => `${returning.name}: make it page(…), since ${name} is of its items`),
      );
    expect(wrong).toEqual([]);
  });
});

/** Whether something in the items of a list can cost anything. */
function hasNested(field: Field): boolean {
  const type = getNamedType(field.type);
  return fields.some((inner) => inner.type === type && fieldCosts[inner.name] !== undefined);
}
