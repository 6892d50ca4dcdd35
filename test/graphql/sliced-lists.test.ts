// Long lists in answers: complete and in order, with turns for others in between.
import { execute, GraphQLInt, GraphQLList, GraphQLObjectType, GraphQLSchema, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { sliceLists } from '../../src/graphql/event/sliced-lists.ts';
import { countTurns } from '../support/turns.ts';

const Item = new GraphQLObjectType<number>({
  name: 'Item',
  fields: { n: { type: GraphQLInt, resolve: (n) => n } },
});

function schemaWith(resolve: () => unknown): GraphQLSchema {
  const items = { type: new GraphQLList(Item), resolve };
  return sliceLists(
    new GraphQLSchema({ query: new GraphQLObjectType({ name: 'Query', fields: { items } }) }),
  );
}

/** Executes, and counts how often the event loop turned meanwhile. */
async function run(schema: GraphQLSchema, fields = 'n') {
  const document = parse(`{ items { ${fields} } }`);
  const { result, turns } = await countTurns(() => execute({ schema, document }));
  return { ...result, turns };
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

describe('A list in an answer', () => {
  test.each([
    ['at once', async (items: number[]) => schemaWith(() => items)],
    ['later', async (items: number[]) => schemaWith(async () => items)],
  ])(
    'that is large, and there %s, is completed in order while the event loop turns',
    async (_when, serve) => {
      const items = numbers(10_000);
      const aliases = numbers(50).map((n) => `n${n}: n`);
      const { data, errors, turns } = await run(await serve(items), aliases.join(' '));
      expect(errors).toBeUndefined();
      const completed = data?.items as { n0: number; n49: number }[];
      expect(completed.map(({ n0, n49 }) => [n0, n49])).toEqual(items.map((n) => [n, n]));
      expect(turns).toBeGreaterThanOrEqual(3);
    },
  );

  test('that is small takes no turn, however long that takes, so that what its items need is read together', async () => {
    const { data, turns } = await run(schemaWith(() => numbers(1_000)));
    expect(data?.items).toHaveLength(1_000);
    expect(turns).toBe(0);
  });

  test.each([[null], [[]]])('that is %j is completed as it is', async (items) => {
    expect((await run(schemaWith(() => items))).data).toEqual({ items });
  });

  test('that cannot be read is refused as before', async () => {
    const failing = schemaWith(() => Promise.reject(new Error('no list')));
    expect((await run(failing)).errors?.[0]?.message).toBe('no list');
  });
});
