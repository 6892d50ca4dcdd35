// The GraphiQL page: served whole from this process, asking for the key once and keeping it in the browser.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { once } from '../base/lifecycle.ts';
import { keyPrompt } from './graphiql-key.ts';

interface Page {
  readonly html: Buffer;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/** Whether a browser asks for the page (and not a program for a result). */
export function wantsGraphiQL({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && (headers.accept ?? '').includes('text/html');
}

/** The page is nine megabytes of script, so it is loaded and compressed at its first use. */
const page = once(async (): Promise<Page> => {
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
  const rendered = renderGraphiQL({ title: 'Throughline', defaultQuery, endpoint: '/graphql' });
  const html = Buffer.from(rendered.replace('<div id="root">', (root) => `${keyPrompt}${root}`));
  const etag = `"${createHash('sha256').update(html).digest('base64url')}"`;
  return { html, gzipped: await promisify(gzip)(html), etag };
});

/** Nothing may be fetched from elsewhere, and no other site may show the page in a frame. */
const policy = [
  "default-src 'none'",
  "script-src 'unsafe-inline' blob:",
  'worker-src blob:',
  "style-src 'unsafe-inline'",
  'img-src data:',
  'font-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Answers with the page, compressed where the browser takes that, or with 304 where it has it. */
export async function serveGraphiQL(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { html, gzipped, etag } = await page();
  const compressed = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  response.setHeader('Content-Security-Policy', policy);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Vary', 'Accept, Accept-Encoding');
  response.setHeader('ETag', etag);
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const body = compressed ? gzipped : html;
  if (compressed) response.setHeader('Content-Encoding', 'gzip');
  response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** What a first visitor finds in the editor. */
export const defaultQuery = `# Throughline: Ctrl-Enter runs the operation that the cursor is in.

# The latest events.
query Latest {
  events(first: 10) {
    nodes {
      id
      topic
      status
      createdAt
    }
  }
}

# Sends one.
mutation Send {
  sendEvent(input: { topic: "hello.world", payload: { greeting: "Hello" } }) {
    event {
      id
      position
      requestId
    }
  }
}

# Shows changes as they happen: run it, then send an event from another tab.
subscription Watch {
  eventFeed {
    position
    kind
    status
    event {
      id
      topic
    }
  }
}
`;
