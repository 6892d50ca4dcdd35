// Serves the GraphiQL page and its files, without a key: the page asks for one.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { once } from '../../base/lifecycle.ts';
import { type PageFile, pageFiles, pageHtml, pageScript } from './graphiql-page.ts';

interface StaticFile {
  readonly type: string;
  readonly content: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/**
 * The query parameter by which the page asks for its files. They are at the page's own path, whatever a proxy makes of
 * it, and their names carry a hash, so that a browser may keep them for ever.
 */
const fileParameter = 'graphiql';

/** Whether a browser asks for the page or one of its files (and not a program for a result). */
export function wantsGraphiQL({ method, url = '', headers }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return (headers.accept ?? '').includes('text/html') || url.includes(`?${fileParameter}=`);
}

/** Nine megabytes of script, so they are loaded and compressed at their first use. */
const files = once(async (): Promise<ReadonlyMap<string, StaticFile>> => {
  const { js, css, favicon, editorWorkerService, jsonWorker, graphqlWorker } =
    await import('@graphql-yoga/render-graphiql/graphiql');
  const urls = new Map<PageFile, string>();
  const served = new Map<string, StaticFile>();
  const urlOf = (file: PageFile) => urls.get(file)!;
  const contents: Record<PageFile, () => string> = {
    'graphiql.js': () => `${js};`,
    'editor.worker.js': () => editorWorkerService,
    'json.worker.js': () => jsonWorker,
    'graphql.worker.js': () => graphqlWorker,
    // Last, since it names the others.
    'page.js': () => pageScript(urlOf),
  };
  for (const name of [...pageFiles].sort((a, b) => Number(a === 'page.js') - Number(b === 'page.js'))) {
    const file = await staticFile('text/javascript; charset=utf-8', contents[name]());
    const query = `${fileParameter}=${name}&v=${file.etag.slice(1, 12)}`;
    urls.set(name, `?${query}`);
    served.set(query, file);
  }
  served.set('', await staticFile('text/html; charset=utf-8', pageHtml({ urlOf, css, favicon })));
  return served;
});

async function staticFile(type: string, text: string): Promise<StaticFile> {
  const content = Buffer.from(text);
  const etag = `"${createHash('sha256').update(content).digest('base64url')}"`;
  return { type, content, gzipped: await promisify(gzip)(content), etag };
}

/** Nothing may be fetched from elsewhere, no script runs that is not a file, and only the console may show the page in a frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** Answers with the page or one of its files, compressed where the browser takes that, or with 304 where it has it. */
export async function serveGraphiQL(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const served = await files();
  const query = (request.url ?? '').split('?')[1] ?? '';
  const file = served.get(query);
  const { type, content, gzipped, etag } = file ?? served.get('')!;
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Cache-Control', file && query ? 'public, max-age=31536000, immutable' : 'no-cache');
  response.appendHeader('Vary', 'Accept, Accept-Encoding');
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const isCompressed = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = isCompressed ? gzipped : content;
  if (isCompressed) response.setHeader('Content-Encoding', 'gzip');
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
