// Serves the web console, without a key: the console asks for one.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { sendError } from '../json-response.ts';
import { pathOf } from '../request-target.ts';
import type { RouteHandler } from '../route.ts';
import { type ConsoleFile, etagOf, readConsoleFiles } from './console-files.ts';

export const consolePath = '/console';

/**
 * Nothing is fetched from elsewhere and no script runs that is not a file. Styles may be inline: the editor and the graph
 * position what they draw. Frames hold GraphiQL.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The mark in the page that is replaced by the address of the console's root, relative to the page that was asked for. */
const baseMark = '<base href="./" />';

/** Below it, names carry a hash of their contents. */
const assets = 'assets/';
const forever = 'public, max-age=31536000, immutable';

const notBuilt =
  'The console is not built: run `npm run build` with the development dependencies, or install the package throughline.';

/** Answers below `consolePath`: with a file, or with the page, whose script shows the view that the path names. */
export function createConsoleEndpoint(
  read: () => ReadonlyMap<string, ConsoleFile> = readConsoleFiles,
): RouteHandler {
  let files: ReadonlyMap<string, ConsoleFile> | undefined;
  const pages = new Map<string, ConsoleFile>();
  return (request, response) => {
    const path = pathOf(request);
    if (path === consolePath) return redirectToConsole(request, response);
    if (!files || files.size === 0) files = read();
    const name = path.slice(consolePath.length + 1);
    const file = files.get(name);
    if (file && name !== 'index.html')
      return send(request, response, file, name.startsWith(assets) ? forever : 'no-cache');
    const index = files.get('index.html');
    if (!index) return sendError(response, 404, 'NOT_FOUND', notBuilt);
    if (name.startsWith(assets))
      return sendError(response, 404, 'NOT_FOUND', 'The console has no such file; load the page again.');
    const base = '../'.repeat(name.split('/').length - 1) || './';
    // Views lie a few levels deep; a page per depth is enough, and no path may fill the memory.
    const page = pages.get(base) ?? pageAt(index, base);
    if (pages.size < 10) pages.set(base, page);
    send(request, response, page, 'no-cache');
  };
}

/** With a slash at its end, so that the page's relative addresses are below it; relative, for proxies with a path prefix. */
export function redirectToConsole({ url = '' }: IncomingMessage, response: ServerResponse): void {
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  response.writeHead(308, { Location: `.${consolePath}/${query}`, 'Content-Length': 0 }).end();
}

function pageAt({ type, content }: ConsoleFile, base: string): ConsoleFile {
  const page = Buffer.from(content.toString().replace(baseMark, `<base href="${base}" />`));
  return { type, content: page, gzipped: gzipSync(page), etag: etagOf(page) };
}

function send(request: IncomingMessage, response: ServerResponse, file: ConsoleFile, caching: string): void {
  const { type, content, gzipped, etag } = file;
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cache-Control', caching);
  response.appendHeader('Vary', 'Accept-Encoding');
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const isCompressed =
    gzipped !== undefined && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = isCompressed ? gzipped : content;
  if (isCompressed) response.setHeader('Content-Encoding', 'gzip');
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
