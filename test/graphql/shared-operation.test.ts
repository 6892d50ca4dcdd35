// Which subscriptions count as the same operation, and so share an execution.
import fc from 'fast-check';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { shareKey } from '../../src/graphql/live/shared-operation.ts';

const feed =
  'subscription Feed($filter: EventFilter, $after: Position) { eventFeed(filter: $filter, after: $after) { kind } }';

type Variables = Record<string, unknown> | null;

/** A document of its own each time, as of another request. */
function keyOf(
  text: string,
  variables: Variables = null,
  operationName: string | null = null,
  audience = '*',
): string {
  return shareKey({ document: parse(text), variables, operationName }, audience);
}

describe('two subscriptions are the same', () => {
  test('if their variables are, in whatever order, and only then', () => {
    const value = fc.jsonValue({ maxDepth: 2 });
    const variables = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.oneof(fc.constantFrom('1', 1, null, true), value),
    );
    const sorted = (given: Record<string, unknown>) =>
      JSON.stringify(Object.entries(given).sort(([a], [b]) => (a < b ? -1 : 1)));
    fc.assert(
      fc.property(variables, variables, (one, other) => {
        const reversed = Object.fromEntries(Object.entries(one).reverse());
        expect(keyOf(feed, reversed)).toBe(keyOf(feed, one));
        expect(keyOf(feed, one) === keyOf(feed, other)).toBe(sorted(one) === sorted(other));
      }),
      { numRuns: 300 },
    );
  });

  test('if none of them has variables, however that is said', () => {
    expect(keyOf(feed, null)).toBe(keyOf(feed, {}));
  });

  test('only if their text, their operation and their audience are the same', () => {
    const two = `${feed} subscription Other { eventProgress { progress } }`;
    const keys = [
      keyOf(feed),
      keyOf(`${feed} `),
      keyOf(two, null, 'Feed'),
      keyOf(two, null, 'Other'),
      keyOf(feed, null, 'Feed'),
      keyOf(feed, null, null, 'read'),
      keyOf(feed, { filter: {} }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('only if texts that could be mistaken for each other are kept apart', () => {
    expect(keyOf(feed, { filter: '1' })).not.toBe(keyOf(feed, { filter: 1 }));
    expect(keyOf(feed, { filter: 'x"],["a' })).not.toBe(keyOf(feed, { filter: 'x', a: '' }));
    expect(keyOf(feed, null, null, 'a b')).not.toBe(keyOf(feed, null, 'a', 'b'));
  });
});

describe('where a subscriber left off', () => {
  test('does not part it from others', () => {
    expect(keyOf(feed, { after: '1' })).toBe(keyOf(feed, { after: '2' }));
    expect(keyOf(feed, { after: '1' })).toBe(keyOf(feed, {}));
    expect(keyOf(feed, { after: '1', filter: { topics: ['a'] } })).toBe(
      keyOf(feed, { filter: { topics: ['a'] }, after: null }),
    );
  });

  test.each([
    ['under another name', 'subscription ($from: Position) { eventFeed(after: $from) { kind } }', 'from'],
    [
      'of an aliased field',
      'subscription ($after: Position) { mine: eventFeed(after: $after) { kind } }',
      'after',
    ],
    [
      'of another subscription',
      'subscription ($after: Position, $ids: [ID!]) { eventStatus(ids: $ids, after: $after) { kind } }',
      'after',
    ],
  ])('does not part it %s either, and other variables do', (_how, text, variable) => {
    expect(keyOf(text, { [variable]: '1' })).toBe(keyOf(text, { [variable]: '2' }));
    expect(keyOf(text, { ids: ['1'] })).not.toBe(keyOf(text, { ids: ['2'] }));
  });

  test.each([
    [
      'also pages something inside',
      'subscription ($after: Position) { eventFeed(after: $after) { event { dependents(after: $after) { totalCount } } } }',
    ],
    [
      'also pages something in a fragment',
      'subscription ($after: Position) { eventFeed(after: $after) { ...F } } fragment F on EventChange { event { dependents(after: $after) { totalCount } } }',
    ],
    [
      'also decides what is included',
      'subscription ($after: Boolean!) { eventFeed(after: $after) { kind @include(if: $after) } }',
    ],
    [
      'only pages something inside',
      'subscription ($after: String) { eventFeed { event { dependents(after: $after) { totalCount } } } }',
    ],
    [
      'is within the filter',
      'subscription ($after: DateTime) { eventFeed(filter: { createdAfter: $after }) { kind } }',
    ],
    ['is another argument', 'subscription ($after: EventFilter) { eventFeed(filter: $after) { kind } }'],
  ])('parts it where the variable %s', (_what, text) => {
    expect(keyOf(text, { after: '1' })).not.toBe(keyOf(text, { after: '2' }));
  });

  test('parts it where it is written into the document, since the text differs', () => {
    const at = (position: string) => `subscription { eventFeed(after: "${position}") { kind } }`;
    expect(keyOf(at('1'))).not.toBe(keyOf(at('2')));
  });

  test('is found in the operation that runs, when the document has several', () => {
    const text = `subscription Feed($after: Position) { eventFeed(after: $after) { kind } }
      subscription Status($from: Position) { eventStatus(requestId: "r", after: $from) { kind } }`;
    const parts = (name: string, variable: string) =>
      keyOf(text, { [variable]: '1' }, name) !== keyOf(text, { [variable]: '2' }, name);
    expect(parts('Feed', 'after')).toBe(false);
    expect(parts('Feed', 'from')).toBe(true);
    expect(parts('Status', 'from')).toBe(false);
    expect(parts('Status', 'after')).toBe(true);
  });
});
