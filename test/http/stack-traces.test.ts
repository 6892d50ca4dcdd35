// Stack traces: none is written out for a refusal, since the source maps of the whole program would be read for it.
import { GraphQLError } from 'graphql';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ThroughlineError } from '../../src/base/errors.ts';
import { codeOf, get, json, post, serve } from './support.ts';

const { prepareStackTrace } = Error;
let written: string[] = [];

/** The client in this process has errors of its own. */
function isOurs(error: Error): boolean {
  return error instanceof GraphQLError || error instanceof ThroughlineError;
}

beforeEach(() => {
  written = [];
  Error.prepareStackTrace = (error, frames) => {
    if (frames.length > 0 && isOurs(error)) written.push(`${error}\n${frames.join('\n')}`);
    return String(error);
  };
});

afterEach(() => {
  Error.prepareStackTrace = prepareStackTrace;
});

test.each([
  ['by a resolver', '{ refuse }'],
  ['whose field is unknown', '{ nothing }'],
  ['whose syntax is wrong', '{ hello'],
  ['whose literal is of the wrong type', '{ big(bytes: "many") }'],
  ['that is too deep', `{ node { ${'self { '.repeat(20)}id${' }'.repeat(22)}`],
  ['that has too many aliases', `{ ${Array.from({ length: 200 }, (_, n) => `a${n}: hello`).join(' ')} }`],
  ['that has too many tokens', `{ ${'hello '.repeat(6_000)} }`],
])('a request is refused without one: %s', async (_why, query) => {
  const server = await serve();
  const answer = await post(server, { query }, json);
  expect(codeOf(answer)).not.toBe('INTERNAL_SERVER_ERROR');
  expect(written).toEqual([]);
});

test('a request that is none is refused without one', async () => {
  const server = await serve();
  for (const answer of [
    await post(server, '{"query":', json),
    await post(server, '[]', json),
    await get(server, '/graphql?query=mutation{note(text:"a")}', json),
    await get(server, '/graphql', json),
  ])
    expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(written).toEqual([]);
});
