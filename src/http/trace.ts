// The request id for the events of an HTTP request, from its trace or from `x-request-id`.
import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LRUCache } from 'lru-cache';

/**
 * Traces that are remembered, the latest used ones. Other gateways have memories of their own, so that a trace names one
 * HTTP request at each of them at most.
 */
const rememberedTraces = 50_000;

/**
 * Request ids for HTTP requests. A trace may live as long as the program that sends, or be a fixed header: it names one
 * HTTP request's events and no other's, so that a long-lived caller does not put all that it ever sends into one request.
 */
export class RequestIds {
  readonly #traces = new LRUCache<string, true>({ max: rememberedTraces });

  /**
   * The trace id of a W3C `traceparent` for the first HTTP request that asks, with a suffix of its own for each further
   * one; else `x-request-id` (1 to 200 printable characters), which its caller has chosen; else null.
   */
  of(headers: IncomingHttpHeaders): string | null {
    const trace = traceIdOf(headers.traceparent);
    if (trace === null) return printable(headers['x-request-id']);
    const isKnown = this.#traces.get(trace) ?? false;
    this.#traces.set(trace, true);
    return isKnown ? `${trace}-${randomBytes(8).toString('hex')}` : trace;
  }
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
