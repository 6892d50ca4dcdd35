// Look-ahead: lists read exactly the columns that the document needs.
import { graphql } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { eventRecord, fakeContext } from './fake-operations.ts';

const id = eventRecord(1).id;

/** The columns that the one call of `operation` names. */
async function columnsOf(
  operation: string,
  source: string,
  variableValues: Record<string, unknown> = {},
): Promise<unknown> {
  const context = fakeContext([eventRecord(1)]);
  const result = await graphql({ schema, source, contextValue: context, variableValues });
  expect(result.errors).toBeUndefined();
  const calls = context.calls.filter(({ name }) => name === operation);
  expect(calls).toHaveLength(1);
  expect(context.calls.filter(({ name }) => name !== 'progressOf')).toHaveLength(1);
  return columnsIn(calls[0]?.args ?? [], context.caller);
}

/** Others also take the caller or the rows, after the columns; there are none for who sees all. */
function columnsIn(args: readonly unknown[], caller: unknown): unknown {
  return args.filter((arg) => arg !== caller && arg !== null).at(-1);
}

const ofEvents = (source: string, variables?: Record<string, unknown>) =>
  columnsOf('listEvents', source, variables);

describe('the columns of a list', () => {
  test('are those selected, and the id needs none', async () => {
    expect(await ofEvents('{ events { nodes { id topic } } }')).toEqual(['topic']);
    expect(await ofEvents('{ events { nodes { id __typename } } }')).toEqual([]);
  });

  test('are found through edges and nodes together', async () => {
    expect(
      await ofEvents(
        '{ events { edges { cursor node { payload } } nodes { topic } pageInfo { endCursor } } }',
      ),
    ).toEqual(['payload', 'topic']);
  });

  test('are none where no event is selected', async () => {
    expect(await ofEvents('{ events { pageInfo { hasNextPage } } }')).toEqual([]);
  });

  test('follow fragments, inline fragments on Event and Node, and aliases', async () => {
    const source = `
      query { events { ...C } }
      fragment C on EventConnection { list: nodes { ...E ... on Node { id ... on Event { user } } } ... { nodes { project } } }
      fragment E on Event { what: topic ... on Event { when: createdAt } ...F ...F }
      fragment F on Event { hash }`;
    expect(await ofEvents(source)).toEqual(['createdAt', 'hash', 'project', 'topic', 'user']);
  });

  test('obey @skip and @include, with variables', async () => {
    const source = `query ($yes: Boolean!, $no: Boolean!) { events {
      nodes @include(if: $yes) { topic @skip(if: $yes) user @skip(if: $no) ... @include(if: $no) { payload } ...F @skip(if: $yes) ...F }
      edges @skip(if: true) { node { result } } } }
      fragment F on Event { sender }`;
    expect(await ofEvents(source, { yes: true, no: false })).toEqual(['sender', 'user']);
  });

  test('are what a field is made of', async () => {
    expect(await ofEvents('{ events { nodes { logStatus } } }')).toEqual(['status']);
    expect(await ofEvents('{ events { nodes { progress } } }')).toEqual([]);
  });

  test('are merged over the same field written twice', async () => {
    expect(await ofEvents('{ events { nodes { topic } } events { nodes { user } } }')).toEqual([
      'topic',
      'user',
    ]);
  });
});

describe('the columns elsewhere', () => {
  test('of event and node', async () => {
    expect(await columnsOf('eventsByIds', `{ event(id: "${id}") { topic } }`)).toEqual(['topic']);
    expect(await columnsOf('eventsByIds', `{ node(id: "${id}") { id ... on Event { user } } }`)).toEqual([
      'user',
    ]);
    expect(await columnsOf('eventsByIds', `{ node(id: "${id}") { id } }`)).toEqual([]);
  });

  test('of eventLog', async () => {
    expect(await columnsOf('eventLog', '{ eventLog(fullName: "a.b") { rowDatas { topic } } }')).toEqual([
      'topic',
    ]);
  });

  test('do not include what dependsOn and dependents select', async () => {
    const context = fakeContext([eventRecord(1), eventRecord(2, { dependsOnId: id })]);
    const source = '{ events { nodes { dependsOn { payload } dependents { nodes { result } } } } }';
    expect((await graphql({ schema, source, contextValue: context })).errors).toBeUndefined();
    const columns = Object.fromEntries(
      context.calls.map(({ name, args }) => [name, columnsIn(args, context.caller)]),
    );
    expect(columns).toEqual({
      listEvents: ['dependsOnId'],
      eventsByIds: ['payload'],
      dependentsOf: ['result'],
    });
  });
});
