// Small JSON responses that are not results of GraphQL.
import type { ServerResponse } from 'node:http';
import { errorCatalogue, type ErrorCode, type ThroughlineError } from '../base/errors.ts';

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** A refusal, with the status of its code. */
export function sendRefusal(response: ServerResponse, { code, message, details }: ThroughlineError): void {
  sendJson(response, errorCatalogue[code].status, {
    errors: [{ message, extensions: { code, ...details } }],
  });
}

export function sendError(response: ServerResponse, status: number, code: ErrorCode, message: string): void {
  sendJson(response, status, errorBody(code, message));
}

/** In the shape of a GraphQL response, so that clients need to know only one. */
export function errorBody(code: ErrorCode, message: string): object {
  return { errors: [{ message, extensions: { code } }] };
}
