// The GraphiQL page and its files, as far as they can be checked without a browser.
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { samples } from '../../src/http/graphiql/graphiql-samples.ts';
import { codeOf, get, serve } from './support.ts';

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('GraphiQL', () => {
  it('is served without a key, runs no inline script, and loads nothing from another host', async () => {
    const server = await serve();
    const { status, headers, body } = await get(server, '/graphql', browser);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-encoding')).toBe('gzip');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'self'");
    expect(policy).toContain("script-src 'self';");
    expect(body).toContain('<form id="throughline-key"');
    expect(body).not.toMatch(/<script>|(?:src|href)="(?:https?:|\/)/);
  });

  it('has its files at its own path, under names that a browser may keep for ever', async () => {
    const server = await serve();
    const { body } = await get(server, '/graphql', browser);
    const urls = [...String(body).matchAll(/<script src="(\?[^"]+)"/g)].map(([, url]) => url!);
    expect(urls).toHaveLength(2);
    for (const url of urls) {
      const file = await get(server, `/graphql${url}`, { accept: '*/*' });
      expect([file.status, file.headers.get('content-type')]).toEqual([
        200,
        'text/javascript; charset=utf-8',
      ]);
      expect(file.headers.get('cache-control')).toContain('immutable');
    }
  });

  it('is answered with 304 where the browser has it, and uncompressed where it takes no compression', async () => {
    const server = await serve();
    const first = await get(server, '/graphql', { ...browser, 'accept-encoding': 'identity' });
    expect(first.headers.get('content-encoding')).toBeNull();
    const again = await get(server, '/graphql', {
      ...browser,
      'if-none-match': first.headers.get('etag') ?? '',
    });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  it.each(samples)('has samples that fit the schema', ({ query, variables = '{}' }) => {
    expect(validate(schema, parse(query))).toEqual([]);
    expect(JSON.parse(variables)).toBeTypeOf('object');
  });

  it('has samples for sending, chains, jobs and subscriptions', () => {
    const all = samples.map(({ query }) => query).join('\n');
    for (const field of ['sendEvent', 'eventChain', 'enroll', 'updateEvent', 'eventFeed'])
      expect(all).toContain(field);
  });

  it('executes nothing: an operation in its URL still needs a key', async () => {
    const server = await serve();
    expect((await get(server, '/graphql?query={hello}', browser)).body).toContain('<!doctype html>');
    const program = await get(server, '/graphql?query={hello}', { accept: 'application/json' });
    expect([program.status, codeOf(program)]).toEqual([401, 'UNAUTHENTICATED']);
  });
});
