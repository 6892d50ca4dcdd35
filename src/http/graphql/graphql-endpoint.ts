// /graphql over HTTP: the GraphiQL page, the key, and then the GraphQL server.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '../../operations/callers.ts';
import { type Authenticator, keyOfHeaders } from '../credentials.ts';
import { serveGraphiQL, wantsGraphiQL } from '../graphiql/graphiql.ts';
import type { GraphQLServer } from './graphql.ts';
import { sendError } from '../json-response.ts';
import { presenceOf } from '../presence.ts';
import { RequestIds } from '../trace.ts';

/** The page needs no key; everything else does, and is refused before its body is read. */
export function createGraphQLEndpoint(server: GraphQLServer, authenticator: Authenticator) {
  const requestIds = new RequestIds();
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (wantsGraphiQL(request)) return serveGraphiQL(request, response);
    if (!hasUrl(request))
      return sendError(response, 400, 'BAD_USER_INPUT', 'The Host header and the path make no URL.');
    const known = callerOf(request, authenticator);
    if (known === null) return refuseKey(response);
    const presence = presenceOf(response);
    let requestId: string | null | undefined;
    const caller: Caller = {
      ...known,
      // Only once something is sent: a request that reads leaves the name of its trace to one that sends.
      get requestId() {
        return (requestId ??= requestIds.of(request.headers));
      },
      get signal() {
        return presence.signal;
      },
    };
    await server(request, response, { caller } as Parameters<GraphQLServer>[2]);
  };
}

/** The GraphQL server would fail on it, and answer with a stack trace. */
function hasUrl({ headers: { host = 'localhost' }, url = '' }: IncomingMessage): boolean {
  return URL.canParse(`http://${host}${url}`);
}

function callerOf({ headers }: IncomingMessage, authenticator: Authenticator) {
  const key = keyOfHeaders(headers);
  return key === null ? null : authenticator.authenticate(key);
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
