// The schema of our own: made where it may be, beside whatever else the database holds, and filled with what earlier versions left in `public`.
import { afterAll, describe, expect, test } from 'vitest';
import { Releasers } from '../../src/base/lifecycle.ts';
import { type Database, StartupError } from '../../src/database/database.ts';
import { type EmbeddedDatabase, openEmbedded } from '../../src/database/embedded/embedded.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { describePostgres } from '../support/database.ts';
import { earlierEvents, earlierMigrations, makeEarlierLayout } from '../support/earlier-layout.ts';
import { operationsOn } from '../support/gateway.ts';
import { onServer } from '../support/postgres-server.ts';

const applicationName = 'throughline-test';
const earlierNames = earlierMigrations.map(({ name }) => name);

const exec = (database: Database, sql: string) => database.transaction((tx) => tx.exec(sql));

async function textsOf(database: Database, text: string): Promise<string[]> {
  const rows = await database.query<{ text: string }>({ text, values: [] });
  return rows.map((row) => row.text);
}

const tablesIn = (database: Database, schema: string) =>
  textsOf(
    database,
    `SELECT tablename::text AS text FROM pg_tables WHERE schemaname = '${schema}' ORDER BY 1`,
  );

/** Types of tables and of arrays are left out. */
const typesIn = (database: Database, schema: string) =>
  textsOf(
    database,
    `SELECT typname::text AS text FROM pg_type WHERE typnamespace = '${schema}'::regnamespace AND typtype = 'e' ORDER BY 1`,
  );

const recordIn = (database: Database, schema: string) =>
  textsOf(database, `SELECT migration_name AS text FROM "${schema}"._prisma_migrations ORDER BY 1`);

/** What an application has in `public`, with its own record of Prisma Migrate. */
const application = `
  CREATE TABLE public.events (id int PRIMARY KEY, title text);
  INSERT INTO public.events VALUES (1, 'a concert');
  CREATE TYPE public.change_kind AS ENUM ('SOLD');
  CREATE TABLE public._prisma_migrations (id text, checksum text, migration_name text, rolled_back_at timestamptz);
  INSERT INTO public._prisma_migrations VALUES ('1', 'c', '20240101000000_init', NULL)`;

function ownSchema(empty: () => Promise<Database>): void {
  test('holds all tables, types and sequences; public holds none', async () => {
    const database = await empty();
    await migrate(database);
    expect(database.schema).toBe('throughline');
    expect(await tablesIn(database, 'throughline')).toEqual(
      expect.arrayContaining(['_prisma_migrations', 'events', 'log', 'triggers']),
    );
    expect([...(await tablesIn(database, 'public')), ...(await typesIn(database, 'public'))]).toEqual([]);
  });

  test('gets the tables of an earlier version from public, with their rows and their record', async () => {
    const database = await empty();
    await makeEarlierLayout(database);
    const applied = await migrate(database);
    expect(applied[0]).toBe('0009_own_schema');
    expect(await tablesIn(database, 'public')).toEqual([]);
    expect(await recordIn(database, 'throughline')).toEqual([...earlierNames, ...applied]);
    expect(await migrate(database)).toEqual([]);

    const gateway = await operationsOn(database);
    const added = await gateway.send({ topic: 'later', dependsOn: earlierEvents[1]! });
    const event = await gateway.read(added);
    expect(event.requestId).toBe('r');
    expect(event.position).toBe(3n);
    expect((await gateway.read(earlierEvents[1]!)).dependsOnId).toBe(earlierEvents[0]);
    await gateway.stop();
  });

  test('gets only what our recorded migrations made, and leaves an application its own', async () => {
    const database = await empty();
    await makeEarlierLayout(database, { migrations: earlierMigrations.slice(0, 4) });
    // Topics came with a later migration: these are the application's.
    await exec(
      database,
      `CREATE TABLE public.topics (id int); CREATE TABLE public.orders (event uuid REFERENCES public.events);
       CREATE VIEW public.newest AS SELECT id FROM public.events;
       INSERT INTO public.orders VALUES ('${earlierEvents[0]}');
       INSERT INTO public._prisma_migrations (id, checksum, migration_name) VALUES ('x', 'y', '20240101000000_init')`,
    );
    await migrate(database);
    expect(await tablesIn(database, 'public')).toEqual(['_prisma_migrations', 'orders', 'topics']);
    expect(await recordIn(database, 'public')).toEqual(['20240101000000_init']);
    expect(await recordIn(database, 'throughline')).toEqual(expect.arrayContaining(earlierNames));
    expect(await textsOf(database, 'SELECT id::text AS text FROM public.newest ORDER BY id')).toEqual(
      earlierEvents,
    );
  });

  test('is made beside tables, types and a record of migrations that an application has by the same names', async () => {
    const database = await empty();
    await exec(database, application);
    await migrate(database);
    expect(await tablesIn(database, 'public')).toEqual(['_prisma_migrations', 'events']);
    expect(await recordIn(database, 'public')).toEqual(['20240101000000_init']);
    expect(await textsOf(database, 'SELECT title AS text FROM public.events')).toEqual(['a concert']);
    const gateway = await operationsOn(database);
    expect((await gateway.read(await gateway.send())).position).toBe(1n);
    await gateway.stop();
  });

  test('gets nothing from a record that has only the names of ours', async () => {
    const database = await empty();
    await exec(
      database,
      `${application}; UPDATE public._prisma_migrations SET migration_name = '0001_events'`,
    );
    await migrate(database);
    expect(await tablesIn(database, 'public')).toEqual(['_prisma_migrations', 'events']);
  });

  test('gets nothing where a table stands in the way: all stays as it was, and one line says why', async () => {
    const database = await empty();
    await makeEarlierLayout(database);
    await exec(database, 'CREATE SCHEMA throughline; CREATE TABLE throughline.jobs (id int)');
    await expect(migrate(database)).rejects.toThrow(
      new StartupError(
        'the tables of an earlier version cannot be moved from the schema "public" to "throughline": relation "jobs" already exists in schema "throughline" (42P07)',
      ),
    );
    expect(await tablesIn(database, 'public')).toContain('events');
    expect(await tablesIn(database, 'throughline')).toEqual(['jobs']);
    expect(await recordIn(database, 'public')).toEqual(earlierNames);
  });

  test('leaves an earlier version, started or still running, no way to write', async () => {
    const database = await empty();
    await makeEarlierLayout(database);
    await migrate(database);
    // It begins anew, as it would in an empty database.
    await expect(
      database.transaction((tx) => tx.exec(`SET LOCAL search_path TO public; ${earlierMigrations[0]!.sql}`)),
    ).rejects.toThrow('type "event_status" already exists');
    // It writes to the log, with a role whose search path has our schema.
    await expect(exec(database, `SELECT nextval('log_position')`)).rejects.toThrow('does not exist');
  });
}

/** Without any migration. */
async function emptyDump() {
  const database = await openEmbedded('memory://');
  return database.dump().finally(() => database.close());
}

describe('The schema of our own on embedded', () => {
  const releasers = new Releasers();
  afterAll(() => releasers.releaseAll());
  let plain: ReturnType<EmbeddedDatabase['dump']> | undefined;
  ownSchema(async () => {
    const database = await openEmbedded('memory://', { from: () => (plain ??= emptyDump()) });
    releasers.add(() => database.close());
    return database;
  });
});

describePostgres('The schema of our own', (backend) => {
  async function open(url: string, schema?: string): Promise<Database> {
    const named = new URL(url);
    if (schema !== undefined) named.searchParams.set('schema', schema);
    const database = await openPostgres(named.href, { applicationName, poolSize: 3 });
    backend.releasers.add(() => database.close());
    return database;
  }
  const empty = async (schema?: string) => open(await backend.emptyDatabase(), schema);

  ownSchema(empty);

  test.each(['app', 'public', 'Über "x"; --', `a${'b'.repeat(62)}`])(
    'is the one that the URL names: %s',
    async (schema) => {
      const database = await empty(schema);
      await migrate(database);
      const gateway = await operationsOn(database);
      expect((await gateway.read(await gateway.send())).topic).toBe('test');
      await gateway.stop();
      const schemas = await textsOf(
        database,
        `SELECT DISTINCT schemaname::text AS text FROM pg_tables WHERE tablename IN ('events', '_prisma_migrations')`,
      );
      expect(schemas).toEqual([schema]);
    },
  );

  test('stays public where the URL says so, also for tables of an earlier version', async () => {
    const url = await backend.emptyDatabase();
    const database = await open(url, 'public');
    await makeEarlierLayout(database);
    await migrate(database);
    expect(await recordIn(database, 'public')).toContain('0009_own_schema');
    // Another installation takes nothing from it.
    await migrate(await open(url));
    expect(await recordIn(database, 'public')).toContain('0009_own_schema');
    expect(await textsOf(database, 'SELECT id::text AS text FROM public.events ORDER BY 1')).toEqual(
      earlierEvents,
    );
  });

  test('gets the tables of an earlier version from where its search path had them', async () => {
    const url = await backend.emptyDatabase();
    const name = new URL(url).pathname.slice(1);
    await onServer(url, `CREATE SCHEMA apart; ALTER DATABASE "${name}" SET search_path = apart, public`);
    const database = await open(url);
    await makeEarlierLayout(database, { schema: 'apart' });
    await migrate(database);
    expect(await tablesIn(database, 'apart')).toEqual([]);
    expect(await tablesIn(database, 'throughline')).toContain('events');
  });

  test('gets the tables once, whoever comes, and all that an earlier version was writing at the time', async () => {
    const url = await backend.emptyDatabase();
    const database = await open(url);
    await makeEarlierLayout(database);
    const databases = await Promise.all(Array.from({ length: 5 }, () => open(url)));
    const migrating = await database.transaction(async (tx) => {
      await tx.exec('SET LOCAL search_path TO public; SELECT pg_advisory_xact_lock(8231405770112)');
      await tx.exec(`UPDATE events SET description = 'written' WHERE id = '${earlierEvents[0]}'`);
      const all = Promise.all(databases.map((each) => migrate(each)));
      await waitForLock(url);
      return { all };
    });
    const applied = (await migrating.all).flat();
    expect(applied).toEqual([...new Set(applied)]);
    expect(await textsOf(database, `SELECT description AS text FROM events ORDER BY id`)).toEqual([
      'written',
      '',
    ]);
  });

  /** Until the one that moves waits for the log's lock of the earlier version. */
  async function waitForLock(url: string): Promise<void> {
    const text = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
      AND query LIKE '%8231405770112%'`;
    await expect.poll(() => onServer(url, text), { timeout: 20_000 }).toHaveLength(1);
  }
});
