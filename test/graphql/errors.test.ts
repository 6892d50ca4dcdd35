// Errors as callers get them: codes, HTTP statuses, masking, and one report for each fault.
import { type ExecutionResult, GraphQLError, graphql } from 'graphql';
import { describe, expect, test, vi } from 'vitest';
import { badInput, errorCatalogue, ThroughlineError } from '../../src/base/errors.ts';
import { toGraphQLError } from '../../src/graphql/errors.ts';
import { schema } from '../../src/graphql/schema.ts';
import type { Operations } from '../../src/operations/operations.ts';
import { eventRecord, fakeContext } from './fake-operations.ts';

const silent = () => {};

/** The first error of an execution, as the caller would get it. */
async function errorOf(
  source: string,
  overrides: Partial<Operations> = {},
  variableValues: Record<string, unknown> = {},
) {
  const contextValue = fakeContext([eventRecord(1)], undefined, overrides);
  const result: ExecutionResult = await graphql({ schema, source, contextValue, variableValues });
  return toGraphQLError(result.errors?.[0], silent);
}

describe('an intended refusal', () => {
  test('keeps message, code and details, and has a status where the whole request failed', () => {
    const error = toGraphQLError(new ThroughlineError('HAS_DEPENDENTS', 'no', { eventId: 'x' }), silent);
    expect(error.toJSON()).toEqual({
      message: 'no',
      extensions: { code: 'HAS_DEPENDENTS', eventId: 'x', http: { status: 409 } },
    });
  });

  test('of a resolver has its path and no status', async () => {
    const error = await errorOf('{ events { nodes { id } } }', {
      listEvents: () => Promise.reject(badInput('first is bad')),
    });
    expect(error).toMatchObject({
      message: 'first is bad',
      path: ['events'],
      extensions: { code: 'BAD_USER_INPUT' },
    });
    expect(error.locations).toHaveLength(1);
    expect(error.extensions.http).toBeUndefined();
  });

  test('is found behind several wrappings and in an AggregateError of refusals', () => {
    const inner = new ThroughlineError('OVERLOADED', 'full');
    const wrapped = new GraphQLError('x', { originalError: new GraphQLError('y', { originalError: inner }) });
    expect(toGraphQLError(wrapped, silent)).toMatchObject({
      message: 'full',
      extensions: { code: 'OVERLOADED' },
    });
    expect(toGraphQLError(new AggregateError([wrapped, inner]), silent).extensions.code).toBe('OVERLOADED');
    expect(toGraphQLError(new AggregateError([inner, new Error('secret')]), silent).extensions.code).toBe(
      'INTERNAL_SERVER_ERROR',
    );
  });

  test('may be any error with a code of the catalogue, whose own message is not shown', () => {
    const error = toGraphQLError(
      Object.assign(new Error('host 10.0.0.1'), { code: 'DATABASE_UNAVAILABLE' }),
      silent,
    );
    expect(error.message).toBe(errorCatalogue.DATABASE_UNAVAILABLE.meaning);
    expect(error.extensions).toEqual({ code: 'DATABASE_UNAVAILABLE', http: { status: 503 } });
  });

  test('stays the same when it passes a second time', () => {
    const once = toGraphQLError(new ThroughlineError('NOT_FOUND', 'no', { scope: 'a' }), silent);
    expect(toGraphQLError(once, silent).toJSON()).toEqual(once.toJSON());
  });
});

describe('what GraphQL refuses', () => {
  test('syntax, validation, variables and operations have their codes', async () => {
    const code = async (source: string, variables = {}) =>
      (await errorOf(source, {}, variables)).extensions.code;
    expect(await code('{ events {')).toBe('GRAPHQL_PARSE_FAILED');
    expect(await code('{ nothing }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await code('query ($a: Int) { viewer { name } }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await code('query ($a: Int) { event(id: $a) { id } }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await code('{ events(first: "x") { nodes { id } } }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await code('query ($a: Int) { events(first: $a) { nodes { id } } }', { a: 'x' })).toBe(
      'BAD_USER_INPUT',
    );
    expect(await code('query ($a: ID!) { event(id: $a) { id } }')).toBe('BAD_USER_INPUT');
    expect(await code('query ($a: ID!) { event(id: $a) { id } }', { a: null })).toBe('BAD_USER_INPUT');
    expect(await code('query A { viewer { name } } query B { viewer { name } }')).toBe('BAD_USER_INPUT');
  });

  test('a scalar’s refusal is BAD_USER_INPUT as a literal and as a variable', async () => {
    const literal = await errorOf(
      '{ events(filter: {createdAfter: "2025-02-30T00:00:00Z"}) { nodes { id } } }',
    );
    const source = 'query ($f: EventFilter) { events(filter: $f) { nodes { id } } }';
    const variable = await errorOf(source, {}, { f: { createdAfter: '2025-02-30T00:00:00Z' } });
    for (const error of [literal, variable]) {
      expect(error.message).toContain('the calendar has no such day');
      expect(error.extensions).toEqual({ code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } });
      expect(error.locations).toHaveLength(1);
    }
    expect(variable.message).toContain('f.createdAfter');
  });

  test('an argument refused during execution is BAD_USER_INPUT', async () => {
    const source = 'query ($by: EventOrderBy) { events(orderBy: {by: $by}) { nodes { id } } }';
    const error = await errorOf(source, {}, { by: null });
    expect(error).toMatchObject({ path: ['events'], extensions: { code: 'BAD_USER_INPUT' } });
    expect(error.message).toMatch(/^Argument "orderBy" has invalid value/);
  });

  test('a document beyond a limit is LIMIT_EXCEEDED, whatever code it was given on the way', () => {
    for (const message of [
      'Syntax Error: Token limit of 5000 exceeded.',
      'Syntax Error: Query depth limit of 16 exceeded, found 17.',
    ]) {
      const given = new GraphQLError(message, {
        extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { spec: true, status: 400 } },
      });
      expect(toGraphQLError(given, silent).toJSON()).toEqual({
        message: message.slice('Syntax Error: '.length),
        extensions: { code: 'LIMIT_EXCEEDED', http: { status: 413 } },
      });
    }
    const quoting = new GraphQLError('Syntax Error: Unexpected String "Token limit of 1 exceeded".');
    expect(toGraphQLError(quoting, silent).extensions.code).toBe('GRAPHQL_PARSE_FAILED');
  });

  test('an error of the transport keeps its status and headers', () => {
    const http = { status: 405, headers: { Allow: 'POST' } };
    const given = new GraphQLError('Use POST.', { extensions: { code: 'BAD_REQUEST', http } });
    expect(toGraphQLError(given, silent).extensions).toEqual({ code: 'BAD_USER_INPUT', http });
  });
});

describe('anything else', () => {
  test('is masked, and reported once with the id that the answer carries', async () => {
    const fault = new Error('password=secret');
    const report = vi.fn();
    const first = toGraphQLError(
      new GraphQLError(fault.message, { originalError: fault, path: ['a'] }),
      report,
    );
    const second = toGraphQLError(fault, report);
    expect(first.message).toBe('Unexpected error.');
    expect(first.path).toEqual(['a']);
    expect(first.extensions).toEqual({
      code: 'INTERNAL_SERVER_ERROR',
      errorId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(second.extensions).toEqual({ ...first.extensions, http: { status: 500 } });
    expect(report.mock.calls).toEqual([[fault, first.extensions.errorId]]);
    expect(JSON.stringify([first, second, first.originalError])).not.toContain('secret');
    expect(toGraphQLError(first, report).toJSON()).toEqual(first.toJSON());
    expect(report).toHaveBeenCalledTimes(1);
  });

  test('includes faults of our own that GraphQL words: a null where none may be, a value that does not serialize', async () => {
    const missing = await errorOf('{ events { nodes { id } } }', { listEvents: async () => null as never });
    const wrong = await errorOf('{ events { totalCount } }', {
      countEvents: async () => ({ count: 0.5, exact: true }),
    });
    for (const error of [missing, wrong]) expect(error.extensions.code).toBe('INTERNAL_SERVER_ERROR');
  });

  test.each([undefined, null, 'text', 42, { errors: [] }, new Error('x', { cause: badInput('y') })])(
    'thrown as %s is masked',
    (thrown) => {
      expect(toGraphQLError(thrown, silent).message).toBe('Unexpected error.');
    },
  );

  test('that was given the code of an unexpected error elsewhere is masked too', () => {
    const raw = new GraphQLError('secret', { extensions: { code: 'INTERNAL_SERVER_ERROR' } });
    expect(toGraphQLError(raw, silent).message).toBe('Unexpected error.');
  });
});
