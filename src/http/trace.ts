// The request id that an incoming HTTP request brings along, so that what it sends joins the caller's own trace.
import type { IncomingHttpHeaders } from 'node:http';

/** The trace id of a W3C `traceparent`, else `x-request-id` (1 to 200 printable characters), else null. */
export function requestIdOf(headers: IncomingHttpHeaders): string | null {
  return traceIdOf(headers.traceparent) ?? printable(headers['x-request-id']);
}

/** `version-traceid-parentid-flags` in lower-case hex; later versions may append more, version ff and zeros are invalid. */
function traceIdOf(header: unknown): string | null {
  if (typeof header !== 'string') return null;
  const [, version, traceId, parentId, more] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(-.*)?$/.exec(header.trim()) ?? [];
  if (traceId === undefined || parentId === undefined || version === 'ff') return null;
  if (version === '00' && more !== undefined) return null;
  return /^0+$/.test(traceId) || /^0+$/.test(parentId) ? null : traceId;
}

function printable(header: unknown): string | null {
  return typeof header === 'string' && /^[ -~]{1,200}$/.test(header) ? header : null;
}
