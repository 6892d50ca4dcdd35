// Keys of requests and WebSockets: where they are carried, and who may look up their owner.
//
// Keys travel in headers (or in a WebSocket's connection parameters) and nowhere else, never in a cookie or a URL. A
// browser adds none of these by itself, so that a page on another site can do nothing in the name of its visitor:
// that is the protection against cross-site requests, and the reason why no further token or plugin is needed for it.
import type { IncomingHttpHeaders } from 'node:http';
import type { Identity } from '../operations/access/credential.ts';

export type { Identity } from '../operations/access/credential.ts';

/** Knows the keys. */
export interface Authenticator {
  /**
   * Whose key it is, or null where it is nobody's. A promise where it has to be looked up, which rejects if the database
   * can't be reached. Compares in constant time.
   */
  authenticate(key: string): Identity | null | Promise<Identity | null>;
}

/** From `Authorization: Bearer KEY`, else from `X-Api-Key: KEY`. */
export function keyOfHeaders(headers: IncomingHttpHeaders): string | null {
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '');
  return bearer?.[1] ?? asKey(headers['x-api-key']);
}

/**
 * From `authorization` ("Bearer KEY" or the bare KEY) or `x-api-key`, in any letter case, at the top level or, as many
 * clients send them, in `headers`.
 */
export function keyOfConnectionParams(params: Readonly<Record<string, unknown>> | undefined): string | null {
  const own = byLowerCase(params);
  return keyIn(own) ?? keyIn(byLowerCase(own.get('headers')));
}

function byLowerCase(value: unknown): ReadonlyMap<string, unknown> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return new Map(entries.map(([name, inner]) => [name.toLowerCase(), inner]));
}

function keyIn(params: ReadonlyMap<string, unknown>): string | null {
  const authorization = asKey(params.get('authorization'));
  return authorization?.replace(/^bearer +/i, '') ?? asKey(params.get('x-api-key'));
}

function asKey(value: unknown): string | null {
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? null : text;
}
