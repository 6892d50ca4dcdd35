// Reads the operations of an HTTP request: one from the URL of a GET, one or a batch from the JSON body of a POST.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { parseJson } from '../json-text.ts';
import type { Caller } from '../../operations/callers.ts';
import type { AskedDocument, DocumentLookup } from './document-lookup.ts';
import { orRefuse, refusal } from './public-errors.ts';
import { readBody } from '../request-body.ts';

interface NodeContext {
  readonly caller: Caller;
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
 * Replaces the server's own request parsers. Bodies other than `application/json` get 415: no form of
 * another site can post that type without the browser asking first.
 */
export function useGraphQLParams(
  maxBodyBytes: number,
  documents: DocumentLookup,
): Plugin<object, NodeContext> {
  return {
    onRequestParse({ request, setRequestParser, serverContext: { req, res, caller } }) {
      const check = (given: unknown) => paramsOf(given, (asked) => documents.find(asked, caller));
      if (request.method === 'GET') setRequestParser(() => orRefuse(() => check(givenInUrl(req.url ?? ''))));
      if (request.method !== 'POST') return;
      requireJson(req);
      setRequestParser(() =>
        orRefuse(async () => {
          const body = parseJson(await readBody(req, res, maxBodyBytes));
          if (!Array.isArray(body)) return check(body);
          batched.add(request);
          return batchOf(body).map(check);
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

function givenInUrl(url: string): unknown {
  const query = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');
  return {
    query: query.get('query') ?? undefined,
    documentId: query.get('documentId') ?? undefined,
    operationName: query.get('operationName'),
    variables: parameterObject('variables', query.get('variables')),
    extensions: parameterObject('extensions', query.get('extensions')),
  };
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

function batchOf(body: unknown[]): unknown[] {
  if (body.length === 0) throw badInput('The batch is empty; it must hold at least one operation.');
  if (body.length > limits.requestBatch) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `The batch has ${body.length} operations; at most ${limits.requestBatch} are taken at once.`,
    );
  }
  return body;
}

/** `find` gives the document that is asked for; see DocumentLookup. */
function paramsOf(given: unknown, find: (asked: AskedDocument) => unknown): GraphQLParams {
  if (!isPlainObject(given))
    throw badInput('The body must be an object such as {"query": "{ viewer { name } }"}.');
  requireType(given, 'operationName', (value) => value == null || typeof value === 'string');
  requireType(given, 'variables', (value) => value == null || isPlainObject(value));
  requireType(given, 'extensions', (value) => value == null || isPlainObject(value));
  const query = find(given);
  requireType({ query }, 'query', (value) => typeof value === 'string');
  const { operationName, documentId: _id, ...rest } = given;
  const params = { ...rest, query } as GraphQLParams;
  const name = operationNameOf(operationName);
  return name === undefined ? params : { ...params, operationName: name };
}

/** An empty name counts as none, as clients send it for an unnamed operation. */
export function operationNameOf(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' ? given : undefined;
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
