// API keys: what is created, refused, rotated, revoked and listed, and what of a key is stored.
import { createHash } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { describeDatabases } from '../support/database.ts';
import { adminKey, createKey, eventually, type KeyedGateway, startKeyed, whoAmI } from './support.ts';

describeDatabases('An API key', (backend) => {
  let database: Database;
  let gateway: KeyedGateway;
  beforeEach(async () => {
    database = await backend.open();
    gateway = await startKeyed(database);
  });

  async function create(input: object, key = adminKey) {
    const { createKey: created } = await gateway.get(createKey, { input }, key);
    return created as { secret: string; key: { id: string; prefix: string } };
  }

  const refusal = async (input: object, key = adminKey) => {
    const { code, errors } = await gateway.ask(createKey, { input }, key);
    return { code, message: errors[0]?.message ?? '', scope: errors[0]?.extensions.scope };
  };

  test('has a secret with a public beginning, and says who it is', async () => {
    const expiresAt = '2099-01-01T00:00:00.000Z';
    const { secret, key } = await create({
      name: 'reports',
      scopes: ['events:read', 'metrics:read', 'events:read'],
      projects: ['alpha'],
      topics: ['order.*'],
      expiresAt,
      rateLimit: 600,
    });
    expect(secret).toMatch(/^tl_[0-9A-Za-z]{8}_[0-9A-Za-z]{32,}$/);
    expect(secret.startsWith(`${key.prefix}_`)).toBe(true);
    expect(key).toMatchObject({
      name: 'reports',
      scopes: ['events:read', 'metrics:read'],
      projects: ['alpha'],
      topics: ['order.*'],
      createdBy: 'admin',
      expiresAt,
      rateLimit: 600,
    });
    expect(await gateway.get(whoAmI, {}, secret)).toEqual({
      viewer: {
        name: 'reports',
        scopes: ['events:read', 'metrics:read'],
        projects: ['alpha'],
        topics: ['order.*'],
        expiresAt,
      },
    });
  });

  test('is stored as the SHA-256 of its secret alone', async () => {
    const { secret } = await create({ name: 'k', scopes: ['events:read'] });
    const rows = await database.query<object>({
      text: `SELECT k::text AS row, hash FROM api_keys k WHERE name = 'k'`,
      values: [],
    });
    expect(rows).toMatchObject([{ hash: createHash('sha256').update(secret).digest('hex') }]);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(12));
  });

  test('is refused with another ending, and so is what looks like none', async () => {
    const { secret } = await create({ name: 'k', scopes: ['events:read'] });
    const last = secret.endsWith('a') ? 'b' : 'a';
    for (const wrong of [secret.slice(0, -1) + last, secret.slice(0, -1), `${secret}a`, 'tl_', 'x'])
      expect((await gateway.ask(whoAmI, {}, wrong)).status, wrong).toBe(401);
    expect((await gateway.ask(whoAmI, {}, secret)).status).toBe(200);
  });

  test.each([
    [{ name: '', scopes: ['events:read'] }, /^name has 0 characters; 1 to 200/],
    [{ name: 'x'.repeat(201), scopes: ['events:read'] }, /^name has 201 characters/],
    [
      { name: 'k', scopes: ['events:write'] },
      /"events:write", which is no scope; the scopes are events:read, /,
    ],
    [{ name: 'k', scopes: [] }, /^scopes is empty/],
    [{ name: 'k', scopes: ['admin'], projects: [] }, /^projects is empty/],
    [{ name: 'k', scopes: ['admin'], topics: ['a b'] }, /is not a topic pattern/],
    [{ name: 'k', scopes: ['admin'], expiresAt: '2020-01-01T00:00:00Z' }, /which is over/],
    [{ name: 'k', scopes: ['admin'], rateLimit: 0 }, /^rateLimit is 0; 1 to /],
  ])('is not created from %j', async (input, message) => {
    expect(await refusal(input)).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(message),
    });
    expect((await gateway.get('{ keys { nodes { id } } }')).keys.nodes).toEqual([]);
  });

  test('has a name that no other key has, until it is revoked', async () => {
    const { key } = await create({ name: 'k', scopes: ['events:read'] });
    expect(await refusal({ name: 'k', scopes: ['admin'] })).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('"k" is taken'),
    });
    await gateway.get('mutation ($id: ID!) { revokeKey(id: $id) { id } }', { id: key.id });
    await create({ name: 'k', scopes: ['events:read'] });
  });

  test('without the scope keys can do nothing about keys, and names the missing scope in the error', async () => {
    const { secret, key } = await create({ name: 'k', scopes: ['events:read', 'triggers'] });
    const asked = [
      gateway.ask(createKey, { input: { name: 'l', scopes: ['events:read'] } }, secret),
      gateway.ask('{ keys { nodes { id } } }', {}, secret),
      gateway.ask('mutation ($id: ID!) { rotateKey(id: $id) { secret } }', { id: key.id }, secret),
      gateway.ask('mutation ($id: ID!) { revokeKey(id: $id) { id } }', { id: key.id }, secret),
    ];
    for (const { errors } of await Promise.all(asked))
      expect(errors[0]).toMatchObject({
        message: expect.stringContaining('scope keys'),
        extensions: { code: 'FORBIDDEN', scope: 'keys' },
      });
    const node = await gateway.ask('query ($id: ID!) { node(id: $id) { id } }', { id: key.id }, secret);
    expect(node.data?.node ?? null).toBeNull();
  });

  test('grants no more than it has', async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    const { secret } = await create({
      name: 'team',
      scopes: ['keys', 'events:read'],
      projects: ['a', 'b'],
      topics: ['order.*', 'mail'],
      expiresAt: soon,
    });
    const within = {
      scopes: ['events:read'],
      projects: ['a'],
      topics: ['order.paid', 'order.*.eu'],
      expiresAt: soon,
    };
    await create({ ...within, name: 'within' }, secret);
    for (const excess of [
      { scopes: ['events:send'] },
      { scopes: ['admin'] },
      { projects: ['c'] },
      { projects: null },
      { topics: ['ord*'] },
      { topics: ['mail.*'] },
      { topics: null },
      { expiresAt: null },
      { expiresAt: '2099-01-01T00:00:00Z' },
    ])
      expect(
        await refusal({ ...within, name: 'excess', ...excess }, secret),
        JSON.stringify(excess),
      ).toMatchObject({
        code: 'FORBIDDEN',
      });
    expect(await refusal({ ...within, name: 'x', scopes: ['events:send'] }, secret)).toMatchObject({
      scope: 'events:send',
    });
  });

  test('cannot rotate or revoke one that may do more', async () => {
    const { secret } = await create({ name: 'team', scopes: ['keys'] });
    const { key: stronger, secret: kept } = await create({ name: 'sender', scopes: ['events:send'] });
    for (const mutation of ['rotateKey(id: $id) { secret }', 'revokeKey(id: $id) { id }']) {
      const { code } = await gateway.ask(`mutation ($id: ID!) { ${mutation} }`, { id: stronger.id }, secret);
      expect(code).toBe('FORBIDDEN');
    }
    expect((await gateway.ask(whoAmI, {}, kept)).status).toBe(200);
  });

  test('with restrictions sees the keys within them', async () => {
    await create({ name: 'all', scopes: ['events:read'] });
    await create({ name: 'other', scopes: ['events:read'], projects: ['b'], topics: ['x'] });
    const { key: wide } = await create({
      name: 'wide',
      scopes: ['events:read'],
      projects: ['a'],
      topics: ['*'],
    });
    const { key: own } = await create({
      name: 'own',
      scopes: ['events:read'],
      projects: ['a'],
      topics: ['o.x'],
    });
    const { secret } = await create({ name: 'team', scopes: ['keys'], projects: ['a'], topics: ['o.*'] });
    const { keys } = await gateway.get('{ keys { nodes { name } } }', {}, secret);
    expect(keys.nodes).toEqual([{ name: 'own' }, { name: 'team' }]);
    const node = 'query ($id: ID!) { node(id: $id) { id } }';
    const seen = async (id: string) => (await gateway.ask(node, { id }, secret)).data?.node ?? null;
    expect(await seen(wide.id)).toBeNull();
    const byAdmin = await gateway.get('query ($id: ID!) { node(id: $id) { id ... on ApiKey { name } } }', {
      id: own.id,
    });
    expect(byAdmin).toEqual({ node: { id: own.id, name: 'own' } });
  });

  test('is listed in pages, oldest first, revoked or not as asked', async () => {
    const made = [];
    for (const name of ['a', 'b', 'c', 'd']) made.push(await create({ name, scopes: ['events:read'] }));
    await gateway.get('mutation ($id: ID!) { revokeKey(id: $id) { revokedAt } }', { id: made[1]!.key.id });
    const list = `query ($after: String, $revoked: Boolean) { keys(first: 2, after: $after, revoked: $revoked) {
      nodes { name revokedAt } pageInfo { hasNextPage endCursor } } }`;
    const { keys: first } = await gateway.get(list);
    expect(first.nodes).toEqual([
      { name: 'a', revokedAt: null },
      { name: 'c', revokedAt: null },
    ]);
    const { keys: second } = await gateway.get(list, { after: first.pageInfo.endCursor });
    expect(second).toMatchObject({ nodes: [{ name: 'd' }], pageInfo: { hasNextPage: false } });
    expect((await gateway.get(list, { revoked: true })).keys.nodes).toMatchObject([{ name: 'b' }]);
    expect((await gateway.get(list, { revoked: null })).keys.nodes).toMatchObject([
      { name: 'a' },
      { name: 'b' },
    ]);
    expect((await gateway.ask(list, { after: 'x' })).code).toBe('BAD_USER_INPUT');
  });

  test('that is rotated has a new secret; the old one works for as long as was said', async () => {
    const rotate = `mutation ($id: ID!, $grace: Int) { rotateKey(id: $id, graceSeconds: $grace) { secret key { id prefix } } }`;
    const statusOf = async (secret: string) => (await gateway.ask(whoAmI, {}, secret)).status;
    const { secret: first, key } = await create({ name: 'k', scopes: ['events:read'] });
    expect(await statusOf(first)).toBe(200);
    const { rotateKey: second } = await gateway.get(rotate, { id: key.id, grace: 60 });
    expect(second.key.id).toBe(key.id);
    expect(second.secret.startsWith(`${second.key.prefix}_`)).toBe(true);
    expect([await statusOf(first), await statusOf(second.secret)]).toEqual([200, 200]);
    const { rotateKey: third } = await gateway.get(rotate, { id: key.id, grace: 0 });
    expect(await Promise.all([first, second.secret, third.secret].map(statusOf))).toEqual([401, 401, 200]);
    const { rotateKey: fourth } = await gateway.get(rotate, { id: key.id, grace: 1 });
    expect(await statusOf(third.secret)).toBe(200);
    await eventually(async () => ((await statusOf(third.secret)) === 401 ? true : undefined));
    expect(await statusOf(fourth.secret)).toBe(200);
    expect((await gateway.ask(rotate, { id: key.id, grace: -1 })).code).toBe('BAD_USER_INPUT');
  });

  test('that is revoked works no longer, and can be revoked again', async () => {
    const revoke = 'mutation ($id: ID!) { revokeKey(id: $id) { id revokedAt } }';
    const { secret, key } = await create({ name: 'k', scopes: ['events:read'] });
    expect((await gateway.ask(whoAmI, {}, secret)).status).toBe(200);
    const { revokeKey: revoked } = await gateway.get(revoke, { id: key.id });
    expect((await gateway.ask(whoAmI, {}, secret)).status).toBe(401);
    expect(await gateway.get(revoke, { id: key.id })).toEqual({ revokeKey: revoked });
    const rotated = await gateway.ask('mutation ($id: ID!) { rotateKey(id: $id) { secret } }', {
      id: key.id,
    });
    expect(rotated).toMatchObject({ code: 'BAD_USER_INPUT' });
    const unknown = { id: '00000000-0000-7000-8000-000000000000' };
    expect((await gateway.ask(revoke, unknown)).code).toBe('NOT_FOUND');
  });

  test('knows when it was last used, to the minute', async () => {
    const { secret, key } = await create({ name: 'k', scopes: ['events:read'] });
    const read = async () =>
      (
        await gateway.get('query ($id: ID!) { node(id: $id) { ... on ApiKey { lastUsedAt } } }', {
          id: key.id,
        })
      ).node.lastUsedAt as string | null;
    expect(await read()).toBeNull();
    const before = Date.now();
    await gateway.get(whoAmI, {}, secret);
    const at = Date.parse(await eventually(async () => (await read()) ?? undefined));
    expect(at % 60_000).toBe(0);
    expect(at).toBeGreaterThan(before - 60_000);
    expect(at).toBeLessThanOrEqual(Date.now());
  });

  test('of the first version, without a public part, still works, and gets one by its rotation', async () => {
    const earlier = `tl_${'aB3-_'.repeat(6)}xy`;
    const hash = createHash('sha256').update(earlier).digest('hex');
    const text = `INSERT INTO api_keys (id, name, hash, scopes, created_at) VALUES (gen_random_uuid(), 'admin', $1, '{admin}', now())`;
    await database.query({ text, values: [hash] });
    const { keys } = await gateway.get('{ keys { nodes { id prefix createdBy } } }', {}, earlier);
    expect(keys.nodes).toMatchObject([{ prefix: 'tl_', createdBy: 'setup' }]);
    const { rotateKey } = await gateway.get(
      'mutation ($id: ID!) { rotateKey(id: $id, graceSeconds: 60) { secret key { prefix } } }',
      { id: keys.nodes[0].id },
    );
    expect(rotateKey.key.prefix).toMatch(/^tl_[0-9A-Za-z]{8}$/);
    for (const secret of [earlier, rotateKey.secret])
      expect((await gateway.ask(whoAmI, {}, secret)).status).toBe(200);
  });
});
