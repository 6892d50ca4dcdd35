// The lists in an operation's variables: how many items they may have together, whatever types they are of.
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { checkInputSize } from '../../src/graphql/input-size.ts';
import { schema } from '../../src/graphql/schema.ts';

const most = limits.inputItems;
const list = (count: number, item: unknown) => Array.from({ length: count }, () => item);
const send = parse('mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { code } } }');
const find = parse('query ($filter: EventFilter) { events(filter: $filter) { totalCount } }');

function isTaken(document: typeof send, variables: Record<string, unknown> | null): boolean {
  try {
    checkInputSize(schema, { document, variables });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    return false;
  }
}

describe('Lists in variables', () => {
  test('may have as many items as the limit, and no more', () => {
    expect(isTaken(send, { input: list(most, { topic: 'a' }) })).toBe(true);
    expect(isTaken(send, { input: list(most + 1, { topic: 'a' }) })).toBe(false);
  });

  test('count together, also within input objects and one another', () => {
    const half = list(most / 2, 'a');
    expect(isTaken(find, { filter: { topics: half, projects: half } })).toBe(true);
    expect(isTaken(find, { filter: { topics: half, projects: half, senders: ['a'] } })).toBe(false);
    const nested = (count: number) => ({
      conditions: list(count, { nested: { conditions: list(100, { key: 'topic' }) } }),
    });
    expect(isTaken(find, { filter: { conditions: nested(100) } })).toBe(true);
    expect(isTaken(find, { filter: { conditions: nested(200) } })).toBe(false);
  });

  test('do not count within JSON values, nor where they are of no variable of the operation', () => {
    expect(isTaken(send, { input: [{ topic: 'a', payload: { list: list(2 * most, 1) } }] })).toBe(true);
    expect(isTaken(send, { input: [], other: list(2 * most, 1) })).toBe(true);
  });

  test('that are none, or are of another shape than their types, are left to GraphQL', () => {
    for (const variables of [
      null,
      {},
      { input: null },
      { input: 7 },
      { input: { topic: 'a' } },
      { input: [null, 7, []] },
    ])
      expect(isTaken(send, variables)).toBe(true);
  });
});
