// Normalizes the target of a request to origin form: a path with an optional query.
import type { IncomingMessage } from 'node:http';

const absoluteForm = /^https?:\/\/([^/?#]*)([^#]*)/i;

/**
 * Replaces a target in absolute form (`GET http://host/path`, as clients send it to a proxy) by its path and query, and the
 * `Host` header by its authority, as RFC 9112, 3.2.2 asks of every server. The path is kept byte for byte.
 */
export function toOriginForm(request: IncomingMessage): void {
  const [, authority, target = ''] = absoluteForm.exec(request.url ?? '') ?? [];
  if (authority === undefined) return;
  request.url = target.startsWith('/') ? target : `/${target}`;
  request.headers.host = authority;
}

/** The path without the query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
