// What an HTTP request asks to execute: one operation from the URL of a GET, one or a batch from the JSON body of a POST.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { parseJson } from '../json-text.ts';
import { orRefuse, refusal } from './public-errors.ts';
import { readBody } from '../request-body.ts';

interface NodeContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Requests that carry a batch; a subscription among its operations has no way to answer. */
const batched = new WeakSet<object>();

/** Whether the operation came in a batch with others. */
export function isBatched(request: object): boolean {
  return batched.has(request);
}

/**
 * Replaces all the server's own ways of reading a request. Bodies other than `application/json` get 415: no form of
 * another site can post that type without the browser asking first.
 */
export function useGraphQLParams(maxBodyBytes: number): Plugin<object, NodeContext> {
  return {
    onRequestParse({ request, setRequestParser, serverContext: { req, res } }) {
      if (request.method === 'GET') setRequestParser(() => orRefuse(() => paramsOfUrl(req.url ?? '')));
      if (request.method !== 'POST') return;
      requireJson(req);
      setRequestParser(() =>
        orRefuse(async () => {
          const params = paramsOfBody(parseJson(await readBody(req, res, maxBodyBytes)));
          if (Array.isArray(params)) batched.add(request);
          return params;
        }),
      );
    },
  };
}

function requireJson({ headers }: IncomingMessage): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  const charset = parameters
    .map((parameter) => parameter.trim())
    .find((parameter) => parameter.startsWith('charset='));
  if (type.trim() !== 'application/json' || !isUtf8(charset)) {
    throw refusal(badInput('The body must be JSON in UTF-8, with `Content-Type: application/json`.'), {
      status: 415,
    });
  }
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw refusal(badInput('The body must not be compressed: send it without `Content-Encoding`.'), {
      status: 415,
    });
  }
}

function isUtf8(charset: string | undefined): boolean {
  return charset === undefined || /^charset="?utf-?8"?$/.test(charset);
}

function paramsOfUrl(url: string): GraphQLParams {
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
  return paramsOf({
    query: query.get('query') ?? undefined,
    operationName: query.get('operationName'),
    variables: parameterObject('variables', query.get('variables')),
    extensions: parameterObject('extensions', query.get('extensions')),
  });
}

function parameterObject(name: string, text: string | null): unknown {
  if (!text) return undefined;
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof ThroughlineError)) throw error;
    throw new ThroughlineError(error.code, `In the parameter \`${name}\`: ${error.message}`);
  }
}

function paramsOfBody(body: unknown): GraphQLParams | GraphQLParams[] {
  if (!Array.isArray(body)) return paramsOf(body);
  if (body.length === 0) throw badInput('The batch is empty; it must hold at least one operation.');
  if (body.length > limits.requestBatch) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `The batch has ${body.length} operations; at most ${limits.requestBatch} are taken at once.`,
    );
  }
  return body.map(paramsOf);
}

function paramsOf(given: unknown): GraphQLParams {
  if (!isPlainObject(given))
    throw badInput('The body must be an object such as {"query": "{ viewer { name } }"}.');
  requireType(given, 'operationName', (value) => value == null || typeof value === 'string');
  requireType(given, 'variables', (value) => value == null || isPlainObject(value));
  requireType(given, 'extensions', (value) => value == null || isPlainObject(value));
  refuseHashAlone(given);
  requireType(given, 'query', (value) => typeof value === 'string');
  const { operationName, ...params } = given;
  const name = operationNameOf(operationName);
  return name === undefined ? params : { ...params, operationName: name };
}

/** An empty name counts as none, as clients send it for an unnamed operation. */
export function operationNameOf(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' ? given : undefined;
}

/**
 * Documents are not kept by their hashes. This answer makes a client with automatic persisted queries send the document,
 * with which the hash is ignored.
 */
export function refuseHashAlone({ query, extensions }: { query?: unknown; extensions?: unknown }): void {
  if (query || !isPlainObject(extensions) || !Object.hasOwn(extensions, 'persistedQuery')) return;
  throw new ThroughlineError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
}

const expected = {
  query: 'must be a string with a GraphQL document',
  operationName: 'must be a string, or left out',
  variables: 'must be an object, or left out',
  extensions: 'must be an object, or left out',
};

function requireType(
  params: Record<string, unknown>,
  name: keyof typeof expected,
  fits: (value: unknown) => boolean,
): void {
  const value = Object.hasOwn(params, name) ? params[name] : undefined;
  if (!fits(value)) throw badInput(`\`${name}\` ${expected[name]}.`);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
