// The outbox on a server: several gateways, concurrent transactions, and roles that may do nothing but send.
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { describePostgres } from '../support/database.ts';
import { composedOnce, fresh, operationsOn } from '../support/gateway.ts';
import { onServer } from '../support/postgres-server.ts';
import { seeded, whole } from '../process/random.ts';
import { isEmpty, sendSql } from './support.ts';

const loggedLike = async (database: Database, pattern: string) =>
  (
    await database.query<{ topic: string }>({
      text: 'SELECT topic FROM log WHERE topic LIKE $1 ORDER BY position',
      values: [pattern],
    })
  ).map(({ topic }) => topic);

describePostgres('Several gateways with one outbox', (backend) => {
  test('move each row once: what was committed before comes before, and transactions keep their order', async () => {
    const first = await backend.open();
    const gateways = await Promise.all(
      [first, await backend.openAnother(), await backend.openAnother()].map((each) => operationsOn(each)),
    );
    const programs = 4;
    const each = 60;
    let clock = 0;
    /** When each transaction began to commit, and when its commit was answered. */
    const times = new Map<string, { began: number; ended: number }>();
    const runProgram = async (name: string, random: () => number) => {
      const client = new pg.Client({ connectionString: backend.url });
      await client.connect();
      for (let n = 0; n < each; n += 1) {
        const transaction = `race.${name}.t${n}`;
        await client.query('BEGIN');
        const count = whole(random, 4) + 1;
        for (let m = 0; m < count; m += 1)
          await client.query('SELECT throughline.send_event($1)', [
            JSON.stringify({
              topic: `${transaction}.e${m}`,
              hash: `${transaction}.e${m}`,
              onDuplicate: 'FAIL',
            }),
          ]);
        if (random() < 0.2) {
          await client.query('ROLLBACK');
          continue;
        }
        const began = (clock += 1);
        await client.query('COMMIT');
        times.set(transaction, { began, ended: (clock += 1) });
      }
      await client.end();
    };
    await Promise.all(Array.from({ length: programs }, (_, n) => runProgram(`p${n}`, seeded(n))));
    await isEmpty(first);
    const topics = await loggedLike(first, 'race.%');
    expect(new Set(topics).size).toBe(topics.length);
    const order = [...new Set(topics.map((topic) => topic.replace(/\.e\d+$/, '')))];
    expect(order.toSorted()).toEqual([...times.keys()].sort());
    for (const transaction of order) {
      const events = topics.filter((topic) => topic.startsWith(`${transaction}.`));
      expect(events).toEqual(events.map((_, m) => `${transaction}.e${m}`));
    }
    let latest = 0;
    for (const transaction of order) {
      const { began, ended } = times.get(transaction)!;
      expect(
        ended,
        `${transaction} was committed before one that came first began to commit`,
      ).toBeGreaterThan(latest);
      latest = Math.max(latest, began);
    }
    const failures = await first.query({ text: 'SELECT code, message FROM outbox_failures', values: [] });
    expect(failures).toEqual([]);
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  });
});

describePostgres('A transaction that stays open', (backend) => {
  const gateway = composedOnce(backend);

  test('holds up nobody’s events, and its own come after those committed meanwhile', async () => {
    const { database } = gateway();
    const other = await backend.openAnother();
    await other.transaction(async (tx) => {
      await sendSql(tx, { topic: 'open.slow' });
      await sendSql(database, { topic: 'open.quick' });
      await isEmpty(database);
      expect(await loggedLike(database, 'open.%')).toEqual(['open.quick']);
    });
    await isEmpty(database);
    expect(await loggedLike(database, 'open.%')).toEqual(['open.quick', 'open.slow']);
  });
});

describePostgres('A role that may only call send_event', (backend) => {
  const gateway = composedOnce(backend);
  const role = `throughline_test_sender_${process.pid}_${Date.now()}`;
  let client: pg.Client;

  beforeAll(async () => {
    await onServer(
      backend.url,
      `CREATE ROLE ${role} LOGIN; GRANT USAGE ON SCHEMA throughline TO ${role};
       GRANT EXECUTE ON FUNCTION throughline.send_event(jsonb) TO ${role}`,
    );
    client = new pg.Client({ connectionString: backend.url });
    await client.connect();
    await client.query(`SET SESSION AUTHORIZATION ${role}`);
  });

  afterAll(async () => {
    await client.end();
    await onServer(backend.url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  const send = async (topic: string) =>
    (await client.query('SELECT throughline.send_event($1) AS id', [JSON.stringify({ topic })])).rows[0]
      .id as string;

  test('can send, under its name', async () => {
    const { database } = gateway();
    const id = await send(fresh('t'));
    await isEmpty(database);
    const [entry] = await database.query<{ by: string }>({
      text: 'SELECT "by" FROM log WHERE event_id = $1',
      values: [id],
    });
    expect(entry?.by).toBe(role);
  });

  test.each([
    'SELECT * FROM throughline.outbox',
    'SELECT * FROM throughline.outbox_failures',
    'SELECT * FROM throughline.events',
    `INSERT INTO throughline.outbox VALUES (gen_random_uuid(), 1, 'x', now(), 2, '{}')`,
    'DELETE FROM throughline.outbox',
    `SELECT nextval('throughline.outbox_commit_order')`,
    'CREATE TABLE throughline.mine ()',
  ])('is refused %s', async (statement) => {
    await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  test('is the only one besides the owner: others have to be granted it', async () => {
    const [right] = await onServer(
      backend.url,
      `SELECT bool_or(grantee = 0) AS public FROM pg_proc p, aclexplode(p.proacl) WHERE proname IN ('send_event', 'outbox_number')`,
    );
    expect(right?.public).toBe(false);
  });

  test('leads it astray neither with temporary tables, functions and operators, nor with a search path', async () => {
    const { database } = gateway();
    await client.query(`CREATE TEMP TABLE outbox (id uuid);
      CREATE TEMP TABLE pg_class (oid oid); CREATE TEMP TABLE pg_namespace (oid oid);
      CREATE TEMP SEQUENCE outbox_commit_order;
      CREATE FUNCTION pg_temp.stop(uuid, uuid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''led astray''; END';
      CREATE FUNCTION pg_temp.pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS 'BEGIN RAISE ''led astray''; END';
      CREATE OPERATOR pg_temp.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = pg_temp.stop);
      SET search_path = pg_temp, pg_catalog`);
    const topic = fresh('astray');
    await client.query('BEGIN');
    const id = await send(topic);
    await client.query('SET CONSTRAINTS ALL IMMEDIATE');
    const second = await send(topic);
    await client.query('COMMIT');
    await isEmpty(database);
    expect(
      await database.query({
        text: 'SELECT event_id AS id FROM log WHERE topic = $1 ORDER BY position',
        values: [topic],
      }),
    ).toEqual([{ id }, { id: second }]);
    expect((await client.query('SELECT count(*)::int AS rows FROM pg_temp.outbox')).rows).toEqual([
      { rows: 0 },
    ]);
  });
});
