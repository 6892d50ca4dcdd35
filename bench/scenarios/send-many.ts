// sendEvents by 1,000 against pg-boss insert() by 1,000, and against a bare multi-row insert into a table like ours.
import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { jsonArray } from '../../src/database/json-array.ts';
import { Connection, requestOf } from '../connections.ts';
import { connectTo, countOn, createDatabase, dropDatabase } from '../databases.ts';
import { type Delivery, someDeliveries } from '../deliveries.ts';
import { startBoss } from '../peers.ts';
import { startGateway } from '../processes.ts';
import { byTurns, compare } from '../rounds.ts';
import type { Scenario } from '../scenario.ts';
import { expectCount } from '../workers/job-system.ts';

const many = 1_000;

/** Seconds are those of the calls alone. */
async function timed(batches: number, call: (batch: Delivery[]) => Promise<unknown>): Promise<number> {
  let spent = 0;
  for (let n = 0; n < batches; n += 1) {
    const batch = someDeliveries(many);
    const began = performance.now();
    await call(batch);
    spent += performance.now() - began;
  }
  return (1_000 * batches * many) / spent;
}

/** All columns and indexes of our events, and JSON as we send it; nothing else of what a gateway does. */
async function bareInsert(client: pg.Client, batch: readonly Delivery[]): Promise<void> {
  const ids = batch.map(() => randomUUID());
  await client.query({
    name: 'bare',
    text: `INSERT INTO bare (id, position, created_position, topic, event_type, sender, request_id, node_id, status, payload,
        created_at, updated_at, finished_at)
      SELECT id, nextval('bare_position'), currval('bare_position'), 'bench.many', 'events.NormalType', 'bench', id, id,
        'FINISHED', payload, now(), now(), now()
      FROM unnest($1::uuid[], $2::jsonb[]) AS given(id, payload)`,
    values: [ids, jsonArray(batch.map((delivery) => JSON.stringify(delivery)))],
  });
}

export const sendMany: Scenario = {
  about: 'sendEvents by 1,000 ÷ pg-boss insert() and a bare insert',
  run: async ({ rounds, size }) => {
    const batches = Math.max(1, Math.round(4 * size));
    const [ours, bossUrl] = [await createDatabase(), await createDatabase()];
    const gateway = await startGateway({ DATABASE_URL: ours });
    const connection = await Connection.open(gateway.url);
    const boss = await startBoss(bossUrl, 10);
    await boss.createQueue('work');
    const bare = await connectTo(ours);
    await bare.query('CREATE TABLE bare (LIKE events INCLUDING ALL); CREATE SEQUENCE bare_position');
    const query =
      'mutation ($input: [SendEventInput!]!) { sendEvents(input: $input) { errors { message } } }';
    const figures = await byTurns(
      {
        ours: () =>
          timed(batches, (batch) => {
            const input = batch.map((payload) => ({ topic: 'bench.many', sender: 'bench', payload }));
            return connection.send(requestOf(gateway.url, query, { input }));
          }),
        boss: () =>
          timed(batches, (batch) =>
            boss.insert(
              'work',
              batch.map((data) => ({ data })),
            ),
          ),
        bare: () => timed(batches, (batch) => bareInsert(bare, batch)),
      },
      rounds,
    );
    const expected = (rounds + 1) * batches * many;
    const tables = { events: ours, log: ours, bare: ours, 'pgboss.job': bossUrl };
    for (const [table, url] of Object.entries(tables))
      expectCount(`rows of ${table}`, await countOn(url, `SELECT count(*) FROM ${table}`), expected);
    connection.close();
    await bare.end();
    await Promise.all([gateway.stop(), boss.stop({ graceful: true, timeout: 1_000 })]);
    for (const url of [ours, bossUrl]) await dropDatabase(url);
    const shared = { aim: '3', unit: 'events/s', ours: figures.ours };
    return [
      compare({
        ...shared,
        scenario: 'sendEvents by 1,000 ÷ pg-boss insert() by 1,000',
        theirs: figures.boss,
        goal: { least: 1 },
      }),
      compare({
        ...shared,
        scenario: 'sendEvents by 1,000 ÷ a bare insert of 1,000 rows into a table like ours',
        theirs: figures.bare,
        goal: { least: 0.7 },
      }),
    ];
  },
};
