// Pages of other sites and foreign host names: CORS, WebSockets from a browser, and DNS rebinding.
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, get, json, key, post, RawClient, raw, type Running, serve } from './support.ts';

const shop = 'https://shop.example';
const hello = { query: '{ hello }' };

/** What a browser sends before a page's POST with a key. */
function preflight({ url }: Running, origin: string): Promise<Response> {
  return fetch(`${url}/graphql`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
}

/** The headers of an answer that CORS is about. */
function corsOf({ headers }: { readonly headers: Headers }): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));
}

const opened = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Retry-After, RateLimit, RateLimit-Policy',
};

describe('CORS on loopback, unless set', () => {
  it('lets pages of every origin call, without credentials, and has their preflights kept', async () => {
    const server = await serve();
    for (const origin of [shop, 'null', server.url]) {
      const response = await preflight(server, origin);
      expect(response.status).toBe(204);
      expect(corsOf(response)).toEqual({
        ...opened,
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization,content-type',
        'access-control-max-age': '7200',
      });
      expect(corsOf(await post(server, hello, { ...json, origin } as typeof json))).toEqual(opened);
    }
  });

  it('lets a page of any origin open a WebSocket', async () => {
    const client = new RawClient(await serve(), undefined, { origin: shop });
    await client.acknowledged();
    client.end();
  });
});

describe('CORS with origins', () => {
  const corsOrigins = [shop, 'http://localhost:5173'];

  it('lets their pages call, and tells caches that the answer depends on the origin', async () => {
    const server = await serve({ corsOrigins });
    for (const origin of corsOrigins) {
      const response = await preflight(server, origin);
      expect(response.status).toBe(204);
      expect(corsOf(response)).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-headers': 'authorization,content-type',
        'access-control-max-age': '7200',
      });
      expect(response.headers.get('vary')).toMatch(/\bOrigin\b/);
      const answer = await post(server, hello, { ...json, origin } as typeof json);
      expect(corsOf(answer)).toEqual({ ...opened, 'access-control-allow-origin': origin });
      expect(answer.headers.get('vary')).toMatch(/\bOrigin\b/);
    }
  });

  it('lets them read server-sent events, and refusals', async () => {
    const server = await serve({ corsOrigins });
    const stream = await get(server, '/graphql?query=subscription{count(to:1)}', {
      ...bearer,
      accept: 'text/event-stream',
      origin: shop,
    });
    expect(stream.body).toContain('"count":1');
    expect(corsOf(stream)).toMatchObject({ 'access-control-allow-origin': shop });
    const refused = await post(server, hello, { 'content-type': 'application/json', origin: shop });
    expect(refused.status).toBe(401);
    expect(corsOf(refused)).toMatchObject({ 'access-control-allow-origin': shop });
  });

  it.each([
    'https://evil.example',
    'https://shop.example.evil.example',
    'https://notshop.example',
    'https://sub.shop.example',
    'http://shop.example',
    'https://shop.example:8443',
    'https://SHOP.example',
    'null',
  ])('gives %s nothing: origins match as a whole', async (origin) => {
    const server = await serve({ corsOrigins });
    const response = await preflight(server, origin);
    expect([response.status, corsOf(response)]).toEqual([204, {}]);
    expect(response.headers.get('vary')).toMatch(/\bOrigin\b/);
    expect(corsOf(await post(server, hello, { ...json, origin } as typeof json))).toEqual({});
  });

  it('keeps the GraphiQL page, whatever the origin, apart in caches', async () => {
    const server = await serve({ corsOrigins });
    const page = await get(server, '/graphql', { accept: 'text/html' });
    expect(page.headers.get('vary')).toBe('Origin, Accept, Accept-Encoding');
  });
});

describe('CORS elsewhere than on loopback, unless set', () => {
  it('lets no page of another site call', async () => {
    const server = await serve({ host: '0.0.0.0' });
    expect(corsOf(await preflight(server, shop))).toEqual({});
    expect(await upgrade(server, { Origin: shop })).toMatch(/^HTTP\/1.1 403 /);
  });
});

/** The answer to a request for a WebSocket, as it comes. */
function upgrade(server: Running, headers: Record<string, string>): Promise<string> {
  const all = {
    Host: `localhost:${server.port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'Sec-WebSocket-Protocol': 'graphql-transport-ws',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return raw(server, `GET /graphql HTTP/1.1\r\n${lines.join('')}\r\n`, '101 Switching Protocols');
}

describe('A WebSocket where origins are restricted', () => {
  const corsOrigins = [shop];

  it.each(['https://evil.example', 'null', 'http://localhost', 'https://localhost:1'])(
    'is refused to a page of %s with 403 and FORBIDDEN',
    async (origin) => {
      const answer = await upgrade(await serve({ corsOrigins }), { Origin: origin });
      expect(answer).toMatch(/^HTTP\/1.1 403 Forbidden\r\n/);
      expect(JSON.parse(answer.split('\r\n\r\n')[1]!).errors[0].extensions.code).toBe('FORBIDDEN');
    },
  );

  it('is open to their pages, to the gateway’s own, and to programs', async () => {
    const server = await serve({ corsOrigins, allowedHosts: ['events.example'] });
    for (const headers of [
      {},
      { Origin: shop },
      { Origin: server.url, Host: new URL(server.url).host },
      // Behind a proxy that ends TLS.
      { Origin: 'https://events.example', Host: 'events.example' },
      { Origin: 'https://events.example', Host: 'events.example:443' },
      { Origin: 'https://events.example:8443', Host: 'events.example:8443' },
    ])
      expect(await upgrade(server, headers), JSON.stringify(headers)).toMatch(/^HTTP\/1.1 101 /);
  });
});

describe('A host name', () => {
  const requestTo = (path: string, host: string) =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n\r\n`;
  const statusOf = async (server: Running, host: string, path = '/graphql?query={hello}') =>
    Number((await raw(server, requestTo(path, host))).split(' ')[1]);

  it.each([
    'localhost',
    'LOCALHOST:4000',
    'localhost.:4000',
    '127.0.0.1',
    '127.8.9.10:80',
    '[::1]:4000',
    '[::ffff:127.0.0.1]',
  ])('of loopback is taken: %s', async (host) => {
    expect(await statusOf(await serve(), host)).toBe(200);
  });

  it.each([
    'evil.example',
    'evil.example:4000',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '127.0.0.1@evil.example',
    'evil.example#localhost',
    'notlocalhost',
    '0.0.0.0:4000',
    '10.0.0.1',
    '128.0.0.1',
    '[::2]',
    '[::1',
    '',
  ])(
    'of another machine is refused with 421 on every route where the gateway is on loopback: %j',
    async (host) => {
      const server = await serve();
      for (const path of ['/graphql?query={hello}', '/health', '/webhooks/some', '/nothing'])
        expect(await statusOf(server, host, path)).toBe(421);
      const answer = await upgrade(server, { Host: host });
      expect(answer).toMatch(/^HTTP\/1.1 421 Misdirected Request\r\n/);
      expect(answer).toContain('"code":"MISDIRECTED_REQUEST"');
    },
  );

  it('is refused with a message that says what is right', async () => {
    const answer = await raw(await serve(), requestTo('/graphql?query={hello}', 'evil.example'));
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toEqual({
      errors: [
        {
          message:
            'The gateway is not known as "evil.example"; use localhost or a loopback address, or name the host in THROUGHLINE_ALLOWED_HOSTS.',
          extensions: { code: 'MISDIRECTED_REQUEST' },
        },
      ],
    });
  });

  it('in the target goes before the header', async () => {
    const server = await serve();
    const target = (host: string) => `http://${host}/health`;
    expect(await statusOf(server, 'localhost', target('evil.example'))).toBe(421);
    expect(await statusOf(server, 'evil.example', target('localhost'))).toBe(200);
  });

  it('need not be there in HTTP/1.0, which no browser speaks', async () => {
    expect(await raw(await serve(), 'GET /health HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 200 /);
  });

  it('is taken besides those of loopback where the settings name it', async () => {
    const server = await serve({ allowedHosts: ['events.example', '[2001:db8::1]'] });
    for (const host of ['events.example', 'Events.Example:443', '[2001:db8::1]:80', '127.0.0.1', 'localhost'])
      expect(await statusOf(server, host)).toBe(200);
    expect(await statusOf(server, 'sub.events.example')).toBe(421);
    expect(await statusOf(await serve({ allowedHosts: ['*'] }), 'anything.example')).toBe(200);
  });

  it('is not looked at where the gateway listens elsewhere, unless the settings name hosts', async () => {
    expect(await statusOf(await serve({ host: '0.0.0.0' }), 'anything.example')).toBe(200);
    const named = await serve({ host: '0.0.0.0', allowedHosts: ['events.example'] });
    expect(await statusOf(named, 'events.example')).toBe(200);
    expect(await statusOf(named, '127.0.0.1')).toBe(200);
    expect(await statusOf(named, 'anything.example')).toBe(421);
  });

  it('is no way in for a page whose name was made to point at this machine', async () => {
    const server = await serve();
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/graphql`, 'graphql-transport-ws', {
      headers: { host: `evil.example:${server.port}`, origin: `http://evil.example:${server.port}` },
    });
    socket.on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    expect(response.statusCode).toBe(421);
    const answer = await raw(server, requestTo('/graphql', 'evil.example').replace('GET', 'OPTIONS'));
    expect(answer).not.toMatch(/access-control/i);
  });
});
