// Access tokens: what they grant, when they end, how a socket renews one, and what is no token of ours.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JWK,
  SignJWT,
  UnsecuredJWT,
  type CryptoKey as Key,
} from 'jose';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import {
  countStatements,
  type CountingDatabase,
  describeDatabases,
  describePostgres,
} from '../support/database.ts';
import {
  createKey,
  eventually,
  type KeyedGateway,
  openSocket,
  openStream,
  startKeyed,
  whoAmI,
} from './support.ts';

const createToken = `mutation ($input: CreateAccessTokenInput!) { createAccessToken(input: $input) { token expiresAt } }`;

async function tokenOf(gateway: KeyedGateway, input: object, key?: string): Promise<string> {
  return (await gateway.get(createToken, { input }, key)).createAccessToken.token;
}

describeDatabases('An access token', (backend) => {
  let database: CountingDatabase;
  let gateway: KeyedGateway;
  beforeEach(async () => {
    database = countStatements(await backend.open());
    gateway = await startKeyed(database);
  });

  test('grants what was asked for, until it expires', async () => {
    const before = Date.now();
    const { createAccessToken: made } = await gateway.get(createToken, {
      input: {
        name: 'browser',
        scopes: ['events:read'],
        projects: ['a'],
        topics: ['o.*'],
        requestIds: ['r'],
      },
    });
    expect((Date.parse(made.expiresAt) - before) / 1_000).toBeCloseTo(900, -1);
    expect(await gateway.get(whoAmI, {}, made.token)).toEqual({
      viewer: {
        name: 'browser',
        scopes: ['events:read'],
        projects: ['a'],
        topics: ['o.*'],
        expiresAt: made.expiresAt,
      },
    });
  });

  test('costs no statement but at its first use', async () => {
    const token = await tokenOf(gateway, { name: 'browser', scopes: ['events:read'] });
    await gateway.get(whoAmI, {}, token);
    database.statements.length = 0;
    for (let n = 0; n < 20; n++) await gateway.get(whoAmI, {}, token);
    expect(database.statements.filter((text) => /api_keys|signing_keys/.test(text))).toEqual([]);
  });

  test('has at most what its maker has, and its restrictions unless it names some of them', async () => {
    const { createKey: made } = await gateway.get(createKey, {
      input: { name: 'team', scopes: ['keys', 'events:read'], projects: ['a', 'b'], topics: ['o.*'] },
    });
    const own = await tokenOf(gateway, { name: 't', scopes: ['events:read'] }, made.secret);
    expect((await gateway.get(whoAmI, {}, own)).viewer).toMatchObject({
      projects: ['a', 'b'],
      topics: ['o.*'],
    });
    for (const excess of [{ scopes: ['events:send'] }, { projects: ['c'] }, { topics: ['*'] }]) {
      const input = { name: 't', scopes: ['events:read'], ...excess };
      expect((await gateway.ask(createToken, { input }, made.secret)).code, JSON.stringify(excess)).toBe(
        'FORBIDDEN',
      );
    }
    const requestToken = await tokenOf(gateway, { name: 't', scopes: ['keys'], requestIds: ['r'] });
    const wider = { name: 't', scopes: ['keys'], requestIds: ['s'] };
    expect((await gateway.ask(createToken, { input: wider }, requestToken)).code).toBe('FORBIDDEN');
    expect(
      (await gateway.ask(createKey, { input: { name: 'k', scopes: ['keys'] } }, requestToken)).code,
    ).toBe('FORBIDDEN');
  });

  test('needs the scope keys to be made, and a life of 10 seconds to a day', async () => {
    const reader = await tokenOf(gateway, { name: 'reader', scopes: ['events:read'] });
    const input = { name: 't', scopes: ['events:read'] };
    expect((await gateway.ask(createToken, { input }, reader)).errors[0]?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      scope: 'keys',
    });
    for (const expiresInSeconds of [9, 86_401])
      expect((await gateway.ask(createToken, { input: { ...input, expiresInSeconds } })).code).toBe(
        'BAD_USER_INPUT',
      );
  });

  test('ends with the key that made it, and closes what it holds open', async () => {
    const { createKey: made } = await gateway.get(createKey, {
      input: { name: 'team', scopes: ['keys', 'events:read'] },
    });
    const token = await tokenOf(gateway, { name: 't', scopes: ['events:read'] }, made.secret);
    const [socket, stream] = await Promise.all([
      openSocket(gateway.url, token),
      openStream(gateway.url, token),
    ]);
    await gateway.get('mutation ($id: ID!) { revokeKey(id: $id) { id } }', { id: made.key.id });
    expect(await socket.closed).toBe(4403);
    expect(await stream.ended).toContain('"code":"UNAUTHENTICATED"');
    expect((await gateway.ask(whoAmI, {}, token)).status).toBe(401);
  });

  test('that expires closes its sockets and streams at that second, and a socket with a fresh one goes on', async () => {
    const input = { name: 'browser', scopes: ['events:read'], expiresInSeconds: 10 };
    const { createAccessToken: made } = await gateway.get(createToken, { input });
    const renewed = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    const messages: any[] = [];
    let code: number | undefined;
    renewed.on('message', (data) => messages.push(JSON.parse(String(data))));
    renewed.on('close', (given) => (code = given));
    await new Promise((resolve) => renewed.once('open', resolve));
    const say = (message: object) => renewed.send(JSON.stringify(message));
    const heard = (match: (message: any) => boolean) => eventually(async () => messages.find(match));
    say({ type: 'connection_init', payload: { authorization: `Bearer ${made.token}` } });
    await heard(({ type }) => type === 'connection_ack');
    say({
      id: '1',
      type: 'subscribe',
      payload: { query: `subscription { eventFeed(where: "topic == 'x'") { event { topic } } }` },
    });
    const pongs = () => messages.filter(({ type }) => type === 'pong').map(({ payload }) => payload);
    const ping = async (token: string) => {
      const before = pongs().length;
      say({ type: 'ping', payload: { authorization: `Bearer ${token}` } });
      return eventually(async () => pongs()[before]);
    };
    const { expiresInSeconds: _short, ...longer } = input;
    expect(await ping('nonsense')).toEqual({ authorized: false });
    expect(await ping(await tokenOf(gateway, { ...longer, name: 'other' }))).toEqual({ authorized: false });
    expect(await ping(await tokenOf(gateway, { ...longer, projects: ['a'] }))).toEqual({ authorized: false });
    expect(await ping(await tokenOf(gateway, longer))).toEqual({ authorized: true });
    const [socket, stream] = await Promise.all([
      openSocket(gateway.url, made.token),
      openStream(gateway.url, made.token),
    ]);
    expect(await socket.closed).toBe(4403);
    expect(await stream.ended).toContain('"code":"UNAUTHENTICATED"');
    const late = Date.now() - Date.parse(made.expiresAt);
    expect(late).toBeGreaterThan(-50);
    expect(late).toBeLessThan(1_000);
    expect((await gateway.ask(whoAmI, {}, made.token)).status).toBe(401);
    await gateway.get('mutation { sendEvent(input: { topic: "x" }) { event { id } } }');
    await heard(({ id, type }) => id === '1' && type === 'next');
    expect(code).toBeUndefined();
    renewed.terminate();
  });

  test('is refused if it was changed, has no signature, or is signed by another', async () => {
    const token = await tokenOf(gateway, { name: 't', scopes: ['events:read'] });
    const [head = '', body = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    const kid = JSON.parse(Buffer.from(head, 'base64url').toString()).kid as string;
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { privateKey } = await generateKeyPair('ES256');
    const forged = [
      `${head}.${encode({ ...claims, scope: 'admin' })}.${signature}`,
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${body}.`,
      new UnsecuredJWT(claims).encode(),
      await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' }).sign(privateKey),
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid, typ: 'at+jwt' })
        .sign(Buffer.from('0123456789abcdef0123456789abcdef')),
      'a.b.c',
    ];
    for (const wrong of forged) expect((await gateway.ask(whoAmI, {}, wrong)).status, wrong).toBe(401);
    expect((await gateway.ask(whoAmI, {}, token)).status).toBe(200);
  });
});

describePostgres('A token of one gateway', (backend) => {
  test('is known to the others, and ends there with its key', async () => {
    const one = await startKeyed(await backend.open());
    const two = await startKeyed(await backend.openAnother());
    const { createKey: made } = await one.get(createKey, {
      input: { name: 'k', scopes: ['keys', 'events:read'] },
    });
    const token = await tokenOf(one, { name: 't', scopes: ['events:read'] }, made.secret);
    const socket = await openSocket(two.url, token);
    const since = Date.now();
    await one.get('mutation ($id: ID!) { revokeKey(id: $id) { id } }', { id: made.key.id });
    expect(await socket.closed).toBe(4403);
    expect(Date.now() - since).toBeLessThan(1_000);
    expect((await two.ask(whoAmI, {}, token)).status).toBe(401);
  });
});

describePostgres('A JWT of another issuer', (backend) => {
  const issuer = 'https://login.example';
  const audience = 'throughline.example';
  const servers: { close(): void }[] = [];
  afterEach(() => servers.splice(0).forEach((server) => server.close()));

  const sign = (key: Key, claims: object = {}, alg = 'ES256', kid = 'one') =>
    new SignJWT({ scope: 'openid events:read', throughline: { projects: ['a'] }, ...claims })
      .setProtectedHeader({ alg, kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject('ann')
      .setExpirationTime('5m')
      .sign(key);

  const algorithms = ['ES256', 'RS256'];

  test('is accepted by its public key, with the scopes that are known', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256');
    const keys = { publicKey: await exportSPKI(publicKey) };
    const gateway = await startKeyed(await backend.open(), {
      foreignIssuer: { keys, issuer, audience, algorithms },
    });
    const { viewer } = await gateway.get(whoAmI, {}, await sign(privateKey));
    expect(viewer).toMatchObject({ name: 'ann', scopes: ['events:read'], projects: ['a'], topics: null });
    const at = (claims: object) =>
      new SignJWT({
        iss: issuer,
        aud: audience,
        sub: 'ann',
        scope: 'events:read',
        exp: 4_102_444_800,
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256' })
        .sign(privateKey);
    expect((await gateway.ask(whoAmI, {}, await at({}))).status).toBe(200);
    for (const wrong of [
      { iss: 'https://other.example' },
      { aud: 'other' },
      { exp: 1_000 },
      { exp: undefined },
      { sub: undefined },
      { throughline: { projects: 'a' } },
      { throughline: { projects: [] } },
    ])
      expect((await gateway.ask(whoAmI, {}, await at(wrong))).status, JSON.stringify(wrong)).toBe(401);
    const none = new UnsecuredJWT({ scope: 'admin' })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject('ann');
    expect((await gateway.ask(whoAmI, {}, none.setExpirationTime('5m').encode())).status).toBe(401);
  });

  test('is verified by a JWKS, whose keys may be rotated and whose host may fail', async () => {
    let published: JWK[] = [];
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }));
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const pairs = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')]);
    const jwks = await Promise.all(
      pairs.map(async ({ publicKey }, n) => ({
        ...(await exportJWK(publicKey)),
        kid: `key-${n}`,
        alg: 'ES256',
      })),
    );
    published = [jwks[0]!];
    const keys = { jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json` };
    const gateway = await startKeyed(await backend.open(), {
      foreignIssuer: { keys, issuer, audience, algorithms },
    });
    const [first, second] = pairs;
    const known = await sign(first!.privateKey, {}, 'ES256', 'key-0');
    expect((await gateway.ask(whoAmI, {}, known)).status).toBe(200);
    published = [jwks[1]!];
    await eventually(async () => {
      const fresh = await sign(second!.privateKey, { jti: String(Math.random()) }, 'ES256', 'key-1');
      return (await gateway.ask(whoAmI, {}, fresh)).status === 200 ? true : undefined;
    });
    const before = requests;
    server.closeAllConnections();
    server.close();
    expect((await gateway.ask(whoAmI, {}, known)).status).toBe(200);
    const another = await sign(second!.privateKey, { jti: 'another' }, 'ES256', 'key-1');
    expect((await gateway.ask(whoAmI, {}, another)).status).toBe(200);
    expect(requests).toBe(before);
  });
});
