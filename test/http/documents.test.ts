// Hostile documents: each limit answers with LIMIT_EXCEEDED, on every transport, and the server goes on answering.
import { getIntrospectionQuery } from 'graphql';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { codeOf, get, json, post, RawClient, serve } from './support.ts';

const nested = (levels: number) => `{ node ${'{ self '.repeat(levels - 2)}{ id }${' }'.repeat(levels - 2)} }`;
const aliased = (count: number) => `{ ${Array.from({ length: count }, (_, n) => `a${n}: hello`).join(' ')} }`;
const directed = (count: number) => `{ hello ${'@skip(if: false) '.repeat(count)} }`;
const listed = (items: number) => `{ many(values: [${'1 '.repeat(items)}]) }`;

const hostile = [
  ['tokens', listed(limits.documentTokens)],
  ['depth', nested(limits.documentDepth + 1)],
  [
    'depth in fragments',
    `{ node { ...F } } fragment F on Node ${nested(limits.documentDepth + 1).slice('{ node '.length, -2)}`,
  ],
  ['aliases', aliased(limits.documentAliases + 1)],
  ['directives', directed(limits.documentDirectives + 1)],
  ['nesting of values', `{ kindOf(value: ${'['.repeat(4_900)}) }`],
  ['repetition', `{ node { ${'id '.repeat(4_900)} } }`],
] as const;

describe('limits of a document', () => {
  it.each(hostile)('%s', async (_name, query) => {
    const server = await serve();
    const spec = { ...json, accept: 'application/graphql-response+json' };
    for (const answer of [await post(server, { query }, spec), await post(server, { query }, spec)]) {
      expect(codeOf(answer)).toBe('LIMIT_EXCEEDED');
      expect(answer.status).toBe(400);
    }
    if (query.length < 10_000) {
      const answer = await get(server, `/graphql?query=${encodeURIComponent(query)}`, spec);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'LIMIT_EXCEEDED']);
    }
    const client = await new RawClient(server).acknowledged();
    client.subscribe('1', query);
    const message = await client.next();
    expect([message.type, message.payload[0].extensions]).toEqual(['error', { code: 'LIMIT_EXCEEDED' }]);
    client.subscribe('2', '{ hello }');
    expect((await client.next()).payload).toEqual({ data: { hello: 'world' } });
    client.end();
    expect((await post(server, { query: '{ hello }' })).status).toBe(200);
  });

  it('leave room for what is at them', async () => {
    const server = await serve();
    for (const query of [nested(limits.documentDepth), aliased(limits.documentAliases), listed(4_900)]) {
      expect((await post(server, { query })).body.errors).toBeUndefined();
    }
  });

  it('go for the lists in variables too, on every transport', async () => {
    const server = await serve();
    const query = 'query ($values: [Int!]) { many(values: $values) }';
    const values = (count: number) => ({ values: Array.from({ length: count }, () => 1) });
    const variables = values(limits.inputItems + 1);
    expect(codeOf(await post(server, { query, variables }))).toBe('LIMIT_EXCEEDED');
    const taken = await post(server, { query, variables: values(limits.inputItems) });
    expect(taken.body.data).toEqual({ many: limits.inputItems });
    const client = await new RawClient(server).acknowledged();
    client.subscribe('1', query, { variables });
    expect((await client.next()).payload.errors[0].extensions).toEqual({ code: 'LIMIT_EXCEEDED' });
    client.end();
  });

  it('go for the values of a body, wherever they are', async () => {
    const server = await serve({ maxBodyBytes: 3 * limits.bodyValues });
    const values = Array.from({ length: limits.bodyValues }, () => 1);
    const answer = await post(server, { query: '{ hello }', variables: { values } });
    expect([answer.status, codeOf(answer)]).toEqual([413, 'LIMIT_EXCEEDED']);
  });

  it('leave room for the introspection of GraphiQL, but not for one that goes round in circles', async () => {
    const server = await serve();
    const options = {
      descriptions: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      inputValueDeprecation: true,
    };
    const answer = await post(server, {
      query: getIntrospectionQuery({ ...options, schemaDescription: true }),
    });
    expect(answer.body.data.__schema.queryType.name).toBe('Query');
    const circle =
      '{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }';
    expect((await post(server, { query: circle })).body.data).toBeUndefined();
  });

  it('keep the work short, however the document is written', async () => {
    const server = await serve();
    const began = performance.now();
    for (const [, query] of hostile) await post(server, { query });
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});
