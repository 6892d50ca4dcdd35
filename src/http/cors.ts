// CORS: which web pages may call the gateway from a browser. Webhooks have their own, per trigger.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from '../base/loopback.ts';
import type { Config } from '../config.ts';
import type { RouteHandler } from './route.ts';

/** How long a browser may keep the answer to a preflight, in seconds. Chromium keeps none for longer. */
const preflightSeconds = 7_200;

/** Headers that a page may read besides those that CORS always allows. */
const exposedHeaders = 'Retry-After, RateLimit, RateLimit-Policy';

/**
 * The rule for all routes. Credentials are never allowed: keys travel in headers that a page must set itself (see
 * credentials.ts), never in cookies.
 */
export class Cors {
  readonly #isForAll: boolean;
  readonly #origins: ReadonlySet<string>;

  constructor({ corsOrigins, host }: Pick<Config, 'corsOrigins' | 'host'>) {
    const origins = corsOrigins ?? (isLoopback(host) ? ['*'] : []);
    this.#isForAll = origins.includes('*');
    this.#origins = new Set(origins);
  }

  /** The route, with its preflights answered and its answers readable by the pages that are allowed. */
  around(handler: RouteHandler, methods: string): RouteHandler {
    return (request, response) => {
      const isAllowed = this.#allow(request, response);
      if (request.method !== 'OPTIONS') return handler(request, response);
      if (isAllowed) allowPreflight(request, response, methods);
      response.writeHead(204).end();
    };
  }

  /**
   * Whether a WebSocket may be opened: browsers do not apply CORS to it, so the gateway does. Other clients than browsers
   * send no `Origin`; the gateway's own pages have its own host there.
   */
  permitsUpgrade({ headers: { origin, host = '' } }: IncomingMessage): boolean {
    if (this.#isForAll || origin === undefined || this.#origins.has(origin)) return true;
    return isSameHost(origin, host);
  }

  #allow({ headers: { origin } }: IncomingMessage, response: ServerResponse): boolean {
    if (!this.#isForAll) response.appendHeader('Vary', 'Origin');
    if (!this.#isForAll && (origin === undefined || !this.#origins.has(origin))) return false;
    response.setHeader('Access-Control-Allow-Origin', this.#isForAll ? '*' : origin!);
    response.setHeader('Access-Control-Expose-Headers', exposedHeaders);
    return true;
  }
}

function allowPreflight({ headers }: IncomingMessage, response: ServerResponse, methods: string): void {
  const asked = headers['access-control-request-headers'];
  response.setHeader('Access-Control-Allow-Methods', methods);
  response.setHeader('Access-Control-Allow-Headers', asked ?? 'Authorization, Content-Type, X-Api-Key');
  response.setHeader('Access-Control-Max-Age', String(preflightSeconds));
  response.appendHeader('Vary', 'Access-Control-Request-Headers');
}

/** The scheme is left out: behind a proxy that ends TLS, the gateway does not know its own. */
function isSameHost(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: asked } = new URL(origin);
  const own = `${protocol}//${host}`;
  return asked !== '' && URL.canParse(own) && new URL(own).host === asked;
}
