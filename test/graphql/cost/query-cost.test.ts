// The cost of operations: pages multiply, constants add up, and no document makes the computation long.
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src/base/limits.ts';
import { checkCost, costOf } from '../../../src/graphql/cost/query-cost.ts';
import { schema } from '../../../src/graphql/schema.ts';

function cost(text: string, variables: Record<string, unknown> = {}, operationName?: string): number {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  return costOf(schema, { document, variables, operationName });
}

describe('The cost of an operation', () => {
  it.each([
    ['{ viewer { name scopes } }', 0],
    ['{ __schema { types { name fields { name } } } __typename }', 0],
    ['{ position }', 1],
    ['{ event(id: "a") { id payload error { message } } }', 1],
    ['{ event(id: "a") { dependsOn { dependsOn { id } } lease { worker } } }', 4],
    ['{ events { nodes { id } } }', 50],
    ['{ events(first: 7) { nodes { id } } }', 7],
    ['{ events(last: 7) { nodes { id } } }', 7],
    ['{ events(first: null) { edges { node { id } } } }', 50],
    ['{ events(first: 0) { nodes { dependsOn { id } } } }', 0],
    ['{ events(first: 10) { nodes { dependsOn { id } } } }', 20],
    ['{ events(first: 10) { edges { node { dependsOn { id } } } pageInfo { endCursor } } }', 20],
    [
      '{ events(first: 10) { nodes { dependents(first: 5) { nodes { dependsOn { id } } } } } }',
      10 + 10 * (5 + 5),
    ],
    ['{ events(first: 10) { nodes { dependents { nodes { id } } } } }', 10 + 10 * 50],
    ['{ events(first: 10) { totalCount totalIsExact } }', 110],
    ['{ events(first: 10) { nodes { dependents(first: 0) { totalCount } } } }', 10 + 10 * 100],
    ['{ events(first: 10) { nodes { history { at } } } }', 10 + 10 * 10],
    ['{ eventLog(fullName: "a") { rowDatas { dependsOn { id } } } }', 40],
    ['{ eventLog(fullName: "a", pageSize: 3) { rowDatas { dependsOn { id } } totalCount } }', 106],
    ['{ eventLogByRequestId(requestId: "r") { id } }', 10_000],
    [
      '{ eventChain(requestId: "r") { roots { id } events { id dependsOn { id } } failedLeaves { id } } }',
      20_000,
    ],
    ['{ topics { name count lastEventAt } }', 1_000 + 1_000 * 101],
    ['{ subscriptions(first: 3) { nodes { lag } } }', 3 + 3 * 100],
    ['{ a: position b: position }', 2],
    ['mutation { sendEvent(input: {topic: "a"}) { event { id dependsOn { id } } } }', 2],
    [
      'mutation { sendEvents(input: [{topic: "a"}, {topic: "b"}]) { events { dependsOn { id } } errors { code } } }',
      4,
    ],
    ['mutation { sendEvents(input: {topic: "a"}) { events { id } } }', 1],
    [
      'mutation { enrollMany(input: {worker: "w", targetTopic: "t", sourceTopics: ["s"]}, count: 4) { event { id } source { dependsOn { id } } } }',
      12,
    ],
    ['subscription { eventFeed { position event { dependents(first: 3) { nodes { id } } } } }', 4],
  ])('%s is %i', (text, expected) => {
    expect(cost(text)).toBe(expected);
  });

  it('takes sizes and conditions from variables and their defaults', () => {
    const page = 'query ($first: Int) { events(first: $first) { nodes { dependsOn { id } } } }';
    expect(cost(page, { first: 3 })).toBe(6);
    expect(cost(page, { first: 4 })).toBe(8);
    expect(cost(page, { first: null })).toBe(100);
    expect(cost(page)).toBe(100);
    const defaulted = 'query ($first: Int = 2) { events(first: $first) { nodes { id } } }';
    expect([cost(defaulted), cost(defaulted, { first: 9 }), cost(defaulted, { first: null })]).toEqual([
      2, 9, 50,
    ]);
    const list = 'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { events { id } } }';
    expect(cost(list, { input: Array.from({ length: 6 }, () => ({})) })).toBe(6);
    const some =
      'query ($b: Boolean = true) { a: position @skip(if: $b) b: position @include(if: $b) ... @skip(if: $b) { c: position } }';
    expect([cost(some), cost(some, { b: false })]).toEqual([1, 2]);
  });

  it('leaves values that are wrong to the checks that refuse them', () => {
    const page = 'query ($first: Int) { events(first: $first) { nodes { id } } }';
    expect(cost(page, { first: 'many' })).toBe(50);
    expect(cost(page, { first: -1 })).toBe(0);
    expect(cost(page, { first: 1_000_000_000 })).toBe(limits.pageSize);
    const list = 'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { events { id } } }';
    expect(cost(list, { input: Array.from({ length: limits.batchItems + 1 }, () => ({})) })).toBe(
      limits.batchItems,
    );
  });

  it('is that of the operation that is named', () => {
    const two = 'query A { position } query B { events(first: 3) { nodes { id } } }';
    expect([cost(two, {}, 'A'), cost(two, {}, 'B'), cost(two, {}, 'C'), cost(two)]).toEqual([1, 3, 0, 0]);
  });

  it('counts once what fragments select together, as it is read once', () => {
    const row = 'dependents(first: 5) { nodes { dependsOn { id } } }';
    const plain = cost(`{ events(first: 10) { nodes { ${row} } } }`);
    expect(plain).toBe(110);
    for (const text of [
      `{ events(first: 10) { nodes { ...F ${row} } } } fragment F on Event { ${row} }`,
      `{ events(first: 10) { nodes { ...F ...G } } } fragment F on Event { ${row} } fragment G on Event { dependents(first: 5) { nodes { id } } ...F }`,
      `{ events(first: 10) { nodes { ... on Event { ${row} } ... { id } } } }`,
      `{ ...Q } fragment Q on Query { events(first: 10) { ...P } events(first: 10) { nodes { ${row} } } } fragment P on EventConnection { nodes { id } }`,
    ])
      expect(cost(text)).toBe(plain);
  });

  it('counts the fields of each type that an object may be of', () => {
    expect(
      cost('{ node(id: "a") { id ... on Event { dependsOn { id } } ... on DurableSubscription { lag } } }'),
    ).toBe(102);
  });

  it('stays a number, however much it comes to', () => {
    const levels = 7;
    const deep = `${'dependents(first: 1000) { nodes { '.repeat(levels)}id${' } }'.repeat(levels)}`;
    expect(cost(`{ event(id: "a") { ${deep} } }`)).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('The limit of the cost', () => {
  const check = (text: string, variables = {}) => checkCost(schema, { document: parse(text), variables });
  const page =
    'query ($first: Int!) { events(first: 400) { nodes { dependents(first: $first) { nodes { id } } } } }';

  it('is refused above, with the cost and the limit, and taken at it', () => {
    expect(limits.queryCost).toBe(200_000);
    expect(check(page, { first: 499 })).toBe(200_000);
    expect(() => check(page, { first: 500 })).toThrow(
      expect.objectContaining({
        code: 'LIMIT_EXCEEDED',
        message:
          'The operation may read 200400 rows; at most 200000 are allowed. Request smaller pages, or fewer lists within lists.',
        details: { cost: 200_400, limit: 200_000 },
      }),
    );
  });

  it('leaves room for what front ends ask for', () => {
    for (const text of [
      '{ events(first: 1000) { nodes { id dependsOn { id } dependents(first: 0) { totalCount } } totalCount } }',
      '{ events(first: 1000) { nodes { dependents { nodes { id } } } } }',
      '{ eventChain(requestId: "r") { roots { id } events { id status dependsOn { id } history { at to } } } }',
      '{ topics { name count lastEventAt } }',
      '{ subscriptions(first: 1000) { nodes { name lag } } }',
    ])
      expect(check(text)).toBeGreaterThan(0);
  });

  it('is found for fragments that come to exponentially many fields', () => {
    const levels = 14;
    const levelsOf = (n: number) =>
      ['a', 'b', 'c'].map((name) => `${name}: dependsOn { ...F${n + 1} }`).join(' ');
    const fragments = Array.from({ length: levels }, (_, n) => `fragment F${n} on Event { ${levelsOf(n)} }`);
    const text = `{ event(id: "a") { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Event { id }`;
    expect(cost(text)).toBe(1 + (3 ** (levels + 1) - 3) / 2);
    expect(() => check(text)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
  });

  it('is refused if they have too many combinations', () => {
    const levels = 14;
    // What is selected after n levels depends on each of the n names before: 2 to the nth combinations.
    const fragments = Array.from({ length: levels }, (_, n) => [
      `fragment F${n}_0 on Event { a: dependsOn { ...F${n + 1}_0 ...F${n + 1}_1 } b: dependsOn { ...F${n + 1}_0 } }`,
      ...Array.from({ length: n }, (_, i) => {
        const next = `dependsOn { ...F${n + 1}_${i + 2} }`;
        return `fragment F${n}_${i + 1} on Event { a: ${next} b: ${next} }`;
      }),
    ]).flat();
    const last = Array.from(
      { length: levels + 1 },
      (_, i) => `fragment F${levels}_${i} on Event { f${i}: id }`,
    );
    const text = `{ event(id: "a") { ...F0_0 } } ${[...fragments, ...last].join(' ')}`;
    expect(validate(schema, parse(text))).toEqual([]);
    expect(() => check(text)).toThrow(/come to more than 20000 selections/);
  });
});
