// /graphql over HTTP: the GraphiQL page, the key, and then the GraphQL server.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ThroughlineError } from '../../base/errors.ts';
import { type Authenticator, keyOfHeaders } from '../credentials.ts';
import { serveGraphiQL, wantsGraphiQL } from '../graphiql/graphiql.ts';
import type { GraphQLServer } from './graphql.ts';
import { sendError, sendRefusal } from '../json-response.ts';
import { presenceOf } from '../presence.ts';
import { callerOf } from '../request-caller.ts';
import type { RequestLimits } from '../request-limits.ts';
import { RequestIds } from '../trace.ts';

/** The page needs no key; everything else does, and is refused before its body is read. */
export function createGraphQLEndpoint(
  server: GraphQLServer,
  authenticator: Authenticator,
  limits: RequestLimits,
) {
  const requestIds = new RequestIds();
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (wantsGraphiQL(request)) return serveGraphiQL(request, response);
    if (!hasUrl(request))
      return sendError(response, 400, 'BAD_USER_INPUT', 'The Host header and the path make no URL.');
    const key = keyOfHeaders(request.headers);
    const found = key === null ? null : authenticator.authenticate(key);
    // Without a turn of the event loop where it is known, as nearly always.
    const identity = found instanceof Promise ? await found.catch(() => 'unavailable' as const) : found;
    if (identity === 'unavailable') return sendUnavailable(response);
    const address = request.socket.remoteAddress ?? null;
    if (identity === null) {
      const tooMany = limits.refuseWrongKey(address ?? '');
      return tooMany === null ? refuseKey(response) : sendTooMany(response, tooMany);
    }
    const { refusal, headers } = limits.admit(identity, address);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (refusal !== null) return sendRefusal(response, refusal);
    response.once('close', limits.enter(identity));
    const readRequestId = () => requestIds.of(request.headers);
    const caller = callerOf({ ...identity, address }, presenceOf(response), response, readRequestId);
    const start = { caller, onEnd: identity.onEnd };
    await server(request, response, start as unknown as Parameters<GraphQLServer>[2]);
  };
}

/** The GraphQL server would fail on it, and answer with a stack trace. */
function hasUrl({ headers: { host = 'localhost' }, url = '' }: IncomingMessage): boolean {
  return URL.canParse(`http://${host}${url}`);
}

function refuseKey(response: ServerResponse): void {
  response.setHeader('WWW-Authenticate', 'Bearer');
  sendError(
    response,
    401,
    'UNAUTHENTICATED',
    'A known key is needed: send `Authorization: Bearer KEY` or `X-Api-Key: KEY`.',
  );
}

function sendTooMany(response: ServerResponse, refusal: ThroughlineError): void {
  response.setHeader('Retry-After', String(refusal.details.retryAfterSeconds));
  sendRefusal(response, refusal);
}

function sendUnavailable(response: ServerResponse): void {
  const message = 'The key cannot be looked up, because the database cannot be reached; try again later.';
  sendError(response, 503, 'DATABASE_UNAVAILABLE', message);
}
