// The GraphQL-over-HTTP audits of graphql-http, all of them, not one warning.
import { serverAudits } from 'graphql-http';
import { describe, expect, it } from 'vitest';
import { bearer, serve } from './support.ts';

function withKey(input: string, init: RequestInit = {}): Promise<Response> {
  return fetch(input, { ...init, headers: { ...(init.headers as Record<string, string>), ...bearer } });
}

let base: string | undefined;
const audits = serverAudits({ url: () => `${base}/graphql`, fetchFn: withKey });

describe('GraphQL over HTTP', () => {
  it.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))('$id: $name', async ({ fn }) => {
    base = (await serve()).url;
    const result = await fn();
    expect('reason' in result ? result.reason : undefined).toBeUndefined();
    expect(result.status).toBe('ok');
  });
});
