// Two installations on one database, in a schema each: they share nothing, do not wait for each other and do not hear each other.
import { expect, test, vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { channelOf, notifyCall } from '../../src/store/channels.ts';
import { takeLogLock } from '../../src/store/events/log-lock.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, operationsOn } from '../support/gateway.ts';

describePostgres('Two installations on one database', (backend) => {
  async function open(url: string, schema: string): Promise<Database> {
    const database = await openPostgres(`${url}?schema=${schema}`, {
      applicationName: 'throughline-test',
      poolSize: 3,
    });
    backend.releasers.add(() => database.close());
    await migrate(database);
    return database;
  }

  async function compose(url: string, schema: string): Promise<Composed> {
    const gateway = await operationsOn(await open(url, schema));
    backend.releasers.add(() => gateway.stop());
    return gateway;
  }

  async function twoOf(): Promise<{ url: string; one: Composed; other: Composed }> {
    const url = await backend.emptyDatabase();
    return { url, one: await compose(url, 'one'), other: await compose(url, 'other') };
  }

  /** All that is notified on the database, by channel. */
  async function notificationsOf(url: string, schema: string): Promise<string[]> {
    const database = await open(url, schema);
    const heard: string[] = [];
    for (const channel of ['log', 'live'] as const)
      await database.listen(channelOf(channel, schema), (payload) => payload && heard.push(channel));
    return heard;
  }

  test('have their own events, positions, jobs and keys', async () => {
    const { one, other } = await twoOf();
    const ids = [await one.send(), await other.send()];
    for (const [n, gateway] of [one, other].entries()) {
      expect((await gateway.read(ids[n]!)).position).toBe(1n);
      const { data } = await gateway.ask<{ events: { nodes: { id: string }[] } }>(
        '{ events { nodes { id } } }',
      );
      expect(data?.events.nodes).toEqual([{ id: ids[n] }]);
    }
  });

  test('do not hear each other: neither that the log has grown nor what is not stored', async () => {
    const { url, one, other } = await twoOf();
    const heardInOne = await notificationsOf(url, 'one');
    const heardInOther = await notificationsOf(url, 'other');
    const live = await other.subscribe('subscription { eventFeed { event { topic } } }');
    await one.send({ topic: 'stored' });
    await one.send({ topic: 'told', store: false });
    await vi.waitFor(() => expect(new Set(heardInOne)).toEqual(new Set(['log', 'live'])), {
      timeout: 20_000,
    });
    // What is sent later arrives later: nothing came before it.
    await other.send({ topic: 'own' });
    expect(await live.next()).toMatchObject({ eventFeed: { event: { topic: 'own' } } });
    await vi.waitFor(() => expect(heardInOther).toEqual(['log']), { timeout: 20_000 });
    live.stop();
  });

  test('do not wait for each other’s log, nor for each other’s migrations', async () => {
    const { url, one, other } = await twoOf();
    await one.database.transaction(async (tx) => {
      await takeLogLock(tx);
      expect(await other.send()).toBeTruthy();
      await migrate(await open(url, 'third'));
    });
    await one.database.transaction(async (tx) => {
      // As one that applies its migrations holds it.
      await tx.exec('SELECT pg_advisory_xact_lock_shared(72707369)');
      await migrate(await open(url, 'fourth'));
    });
  });

  test('in one schema do wait for each other, as one log has one order', async () => {
    const { url, one } = await twoOf();
    const twin = await open(url, 'one');
    let isSent = false;
    const sending = await twin.transaction(async (tx) => {
      await takeLogLock(tx);
      const sent = one.send().then(() => (isSent = true));
      const text = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database =
        (SELECT oid FROM pg_database WHERE datname = current_database())`;
      await vi.waitFor(async () => expect(await twin.query({ text, values: [] })).toHaveLength(1), {
        timeout: 20_000,
      });
      expect(isSent).toBe(false);
      return { sent };
    });
    await sending.sent;
  });
});

describeDatabases('The channels of a schema', (backend) => {
  test('have the same names in SQL as they are listened to by', async () => {
    const database = await backend.open();
    const heard: string[] = [];
    const stop = await database.listen(channelOf('live', database.schema), (payload) => heard.push(payload));
    await database.query({ text: `SELECT ${notifyCall('live', `'news'`)}`, values: [] });
    await vi.waitFor(() => expect(heard).toEqual(['', 'news']));
    await stop();
  });
});
