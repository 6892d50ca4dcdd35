// CORS for webhooks that browsers deliver to: preflights, and the headers of the answers.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Whether a browser asks if a page may deliver; any other OPTIONS is a delivery. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Lets the page read the answer, if it is of an origin that the webhook allows. */
export function allowOrigin(
  allowed: readonly string[],
  { headers: { origin } }: IncomingMessage,
  response: ServerResponse,
): boolean {
  const isForAll = allowed.includes('*');
  if (!isForAll) response.setHeader('Vary', 'Origin');
  if (!isForAll && (origin === undefined || !allowed.includes(origin))) return false;
  response.setHeader('Access-Control-Allow-Origin', isForAll ? '*' : origin!);
  response.setHeader('Access-Control-Expose-Headers', 'Throughline-Event-Id, Retry-After');
  return true;
}

/** For an origin that is not allowed, the same answer without the headers, so that the browser delivers nothing. */
export function answerPreflight(
  allowed: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (allowOrigin(allowed, request, response)) {
    const { headers } = request;
    response.setHeader('Access-Control-Allow-Methods', headers['access-control-request-method'] ?? '');
    const asked = headers['access-control-request-headers'];
    if (asked !== undefined) response.setHeader('Access-Control-Allow-Headers', asked);
    response.setHeader('Access-Control-Max-Age', '7200');
    response.appendHeader('Vary', 'Access-Control-Request-Method, Access-Control-Request-Headers');
  }
  response.writeHead(204).end();
}
