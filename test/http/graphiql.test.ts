// The GraphiQL page, as far as it can be told without a browser.
import { parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { defaultQuery } from '../../src/http/graphiql.ts';
import { codeOf, get, serve } from './support.ts';

const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe('GraphiQL', () => {
  it('needs no key, asks for one, and may load nothing from elsewhere', async () => {
    const server = await serve();
    const { status, headers, body } = await get(server, '/graphql', browser);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-encoding')).toBe('gzip');
    expect(body).toContain('<form id="throughline-key"');
    expect(body).not.toMatch(/(?:src|href)="https?:/);
  });

  it('is sent once, and as it is to who takes no compression', async () => {
    const server = await serve();
    const first = await get(server, '/graphql', { ...browser, 'accept-encoding': 'identity' });
    expect(first.headers.get('content-encoding')).toBeNull();
    const again = await get(server, '/graphql', {
      ...browser,
      'if-none-match': first.headers.get('etag') ?? '',
    });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  it('begins with operations that fit the schema', () => {
    expect(validate(schema, parse(defaultQuery))).toEqual([]);
  });

  it('executes nothing: an operation in its URL still needs a key', async () => {
    const server = await serve();
    expect((await get(server, '/graphql?query={hello}', browser)).body).toContain('<!doctype html>');
    const program = await get(server, '/graphql?query={hello}', { accept: 'application/json' });
    expect([program.status, codeOf(program)]).toEqual([401, 'UNAUTHENTICATED']);
  });
});
