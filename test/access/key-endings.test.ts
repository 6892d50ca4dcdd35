// When a key ends, so does everything that it holds open, at every gateway; and what keys cost where there are many.
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';
import {
  createKey,
  eventually,
  type KeyedGateway,
  openSocket,
  openStream,
  startKeyed,
  whoAmI,
} from './support.ts';

const input = { name: 'watcher', scopes: ['events:read', 'jobs:work'] };
const enroll = `mutation { enroll(input: { sourceTopics: ["a"], targetTopic: "b", worker: "w", waitMs: 30000 }) { attempt } }`;

async function create(gateway: KeyedGateway, more: object = {}): Promise<{ secret: string; id: string }> {
  const { createKey: made } = await gateway.get(createKey, { input: { ...input, ...more } });
  return { secret: made.secret, id: made.key.id };
}

/** Resolves with how long it took until all of these ended, in milliseconds; fails where one ended otherwise. */
async function expectEnds(open: Awaited<ReturnType<typeof openAll>>, since: number): Promise<number> {
  const [code, text] = await Promise.all([open.socket.closed, open.stream.ended, open.waiting]);
  expect(code).toBe(4403);
  expect(text).toContain('"code":"UNAUTHENTICATED"');
  return Date.now() - since;
}

async function openAll(url: string, gateway: KeyedGateway, secret: string) {
  const waiting = gateway.ask(enroll, {}, secret);
  const [socket, stream] = await Promise.all([openSocket(url, secret), openStream(url, secret)]);
  return { socket, stream, waiting };
}

describeDatabases('A key that ends', (backend) => {
  test('by revocation closes its sockets with 4403, its streams with UNAUTHENTICATED, and ends its waiting calls', async () => {
    const gateway = await startKeyed(await backend.open());
    const { secret, id } = await create(gateway);
    const other = await create(gateway, { name: 'other' });
    const open = await openAll(gateway.url, gateway, secret);
    const kept = await openSocket(gateway.url, other.secret);
    const since = Date.now();
    await gateway.get('mutation ($id: ID!) { revokeKey(id: $id) { id } }', { id });
    expect(await expectEnds(open, since)).toBeLessThan(1_000);
    expect(await Promise.race([kept.closed, 'open'])).toBe('open');
  });

  test('by its expiry does so at that second', async () => {
    const gateway = await startKeyed(await backend.open());
    const expiresAt = new Date(Date.now() + 2_500);
    const { secret } = await create(gateway, { expiresAt });
    const open = await openAll(gateway.url, gateway, secret);
    const late = await expectEnds(open, expiresAt.getTime());
    expect(late).toBeGreaterThan(-50);
    expect(late).toBeLessThan(1_000);
    expect((await gateway.ask(whoAmI, {}, secret)).status).toBe(401);
  });

  test('by the end of a rotation’s grace does so for the old secret alone', async () => {
    const gateway = await startKeyed(await backend.open());
    const { secret, id } = await create(gateway);
    const open = await openAll(gateway.url, gateway, secret);
    const since = Date.now();
    const { rotateKey } = await gateway.get(
      'mutation ($id: ID!) { rotateKey(id: $id, graceSeconds: 1) { secret } }',
      { id },
    );
    const renewed = await openSocket(gateway.url, rotateKey.secret);
    expect(await expectEnds(open, since)).toBeGreaterThan(900);
    expect(await Promise.race([renewed.closed, 'open'])).toBe('open');
  });
});

describePostgres('With two gateways', (backend) => {
  test('a key revoked at one ends at the other within a second', async () => {
    const one = await startKeyed(await backend.open());
    const two = await startKeyed(await backend.openAnother());
    const { secret, id } = await create(one);
    const open = await openAll(two.url, two, secret);
    const since = Date.now();
    await one.get('mutation ($id: ID!) { revokeKey(id: $id) { id } }', { id });
    expect(await expectEnds(open, since)).toBeLessThan(1_000);
    expect((await two.ask(whoAmI, {}, secret)).status).toBe(401);
  });

  test('it ends there also where no notification comes', async () => {
    const database = await backend.open();
    const gateway = await startKeyed(await backend.openAnother());
    const { secret, id } = await create(gateway);
    const open = await openAll(gateway.url, gateway, secret);
    const since = Date.now();
    await database.query({ text: 'UPDATE api_keys SET revoked_at = now() WHERE id = $1', values: [id] });
    expect(await expectEnds(open, since)).toBeLessThan(2_000);
    expect((await gateway.ask(whoAmI, {}, secret)).status).toBe(401);
  });

  test('no request is refused while a key is rotated again and again under load', async () => {
    const gateways = [await startKeyed(await backend.open()), await startKeyed(await backend.openAnother())];
    const made = await create(gateways[0]!);
    let { secret } = made;
    let isOver = false;
    const statuses = new Map<number, number>();
    const load = gateways.flatMap((gateway) =>
      Array.from({ length: 4 }, async () => {
        while (!isOver) {
          const { status } = await gateway.ask(whoAmI, {}, secret);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      }),
    );
    for (let n = 0; n < 20; n++) {
      const { rotateKey } = await gateways[n % 2]!.get(
        'mutation ($id: ID!) { rotateKey(id: $id, graceSeconds: 30) { secret } }',
        { id: made.id },
      );
      secret = rotateKey.secret;
      const before = statuses.get(200) ?? 0;
      await eventually(async () => ((statuses.get(200) ?? 0) >= before + 8 ? true : undefined));
    }
    isOver = true;
    await Promise.all(load);
    expect([...statuses.keys()]).toEqual([200]);
  });

  test('10,000 keys in the database cost nothing at a start, one statement at the first use of a key, and none after', async () => {
    const plain = await backend.open();
    const empty = await statementsOfStart(plain);
    await plain.query({
      text: `INSERT INTO api_keys (id, name, prefix, hash, scopes, created_at)
        SELECT gen_random_uuid(), 'k' || n, 'tl_' || lpad(n::text, 8, '0'), md5(n::text), '{events:read}', now()
        FROM generate_series(1, 10000) AS n`,
      values: [],
    });
    expect(await statementsOfStart(plain)).toBe(empty);
    const database = countStatements(await backend.openAnother());
    const gateway = await startKeyed(database);
    const { secret } = await create(gateway);
    const ofKeys = () =>
      database.statements.filter((text) => text.includes('api_keys') && !text.includes('known('));
    database.statements.length = 0;
    await Promise.all(Array.from({ length: 20 }, () => gateway.get(whoAmI, {}, secret)));
    expect(ofKeys().filter((text) => text.includes('SELECT k.id'))).toHaveLength(1);
    await eventually(async () =>
      ofKeys().some((text) => text.includes('last_used_at =')) ? true : undefined,
    );
    database.statements.length = 0;
    for (let n = 0; n < 50; n++) await gateway.get(whoAmI, {}, secret);
    expect(ofKeys().length).toBeLessThanOrEqual(1);
    for (let n = 0; n < 20; n++) await gateway.ask(whoAmI, {}, `tl_00000001_${'x'.repeat(40)}`);
    expect(ofKeys().filter((text) => text.includes('SELECT k.id'))).toHaveLength(1);
  });

  async function statementsOfStart(database: Database): Promise<number> {
    const counting = countStatements(database);
    await startKeyed(counting);
    return counting.statements.filter((text) => text.includes('api_keys')).length;
  }
});
