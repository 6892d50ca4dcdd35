// Starts that are refused because of the schema: rights that are missing, and what another program has there. One line each, with what helps.
import { expect, test } from 'vitest';
import { type Database, StartupError } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { describePostgres } from '../support/database.ts';
import { onServer } from '../support/postgres-server.ts';

describePostgres('A role', (backend) => {
  /** The URL of an empty database for a role that owns nothing, and what the two are called. */
  async function emptyFor(prepare: (role: string) => string) {
    const url = new URL(await backend.emptyDatabase());
    const name = url.pathname.slice(1);
    const owner = url.href;
    await onServer(owner, `CREATE ROLE "${name}" LOGIN; ${prepare(name)}`);
    backend.releasers.add(async () => {
      // Its rights are within the database.
      await onServer(owner, `DROP OWNED BY "${name}"; DROP ROLE "${name}"`);
    });
    url.username = name;
    return { url: url.href, owner, name };
  }

  async function migrated(url: string): Promise<Database> {
    const database = await openPostgres(url, { applicationName: 'throughline-test', poolSize: 2 });
    try {
      await migrate(database);
      return database;
    } catch (failure) {
      await database.close();
      throw failure;
    }
  }

  async function refusalOf(url: string): Promise<string> {
    const refusal = await migrated(url).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartupError);
    expect((refusal as Error).message).not.toContain('\n');
    return (refusal as Error).message;
  }

  test('that may not create the schema gets an error with the grant it needs, and that grant is enough', async () => {
    const { url, owner, name } = await emptyFor(() => '');
    const line = await refusalOf(url);
    expect(line).toBe(
      `permission denied to create the schema "throughline" in the database "${name}": run GRANT CREATE ON DATABASE "${name}" TO "${name}", or CREATE SCHEMA "throughline" AUTHORIZATION "${name}"`,
    );
    await onServer(owner, /run (.*), or/.exec(line)![1]!);
    await (await migrated(url)).close();
  });

  test('that may create nothing but finds the schema made for it needs no more', async () => {
    const { url } = await emptyFor((role) => `CREATE SCHEMA throughline AUTHORIZATION "${role}"`);
    await (await migrated(url)).close();
  });

  test('that may not use the schema gets an error with the grant it needs, and that grant is enough', async () => {
    const { url, owner, name } = await emptyFor(() => 'CREATE SCHEMA throughline');
    const line = await refusalOf(url);
    expect(line).toBe(
      `permission denied for schema "throughline": run GRANT USAGE, CREATE ON SCHEMA "throughline" TO "${name}"`,
    );
    await onServer(owner, /run (.*)$/.exec(line)![1]!);
    await (await migrated(url)).close();
  });

  test('that may not read the record of migrations gets an error that says so', async () => {
    const { url, owner, name } = await emptyFor(() => '');
    await (await migrated(owner)).close();
    await onServer(owner, `GRANT USAGE ON SCHEMA throughline TO "${name}"`);
    expect(await refusalOf(url)).toBe(
      'the database cannot be migrated: permission denied for table _prisma_migrations (42501)',
    );
  });

  async function publicRefusal(prepare: string): Promise<string> {
    const url = await backend.emptyDatabase();
    await onServer(url, prepare);
    return refusalOf(`${url}?schema=public`);
  }

  const record = `CREATE TABLE _prisma_migrations (id varchar(36), checksum varchar(64), finished_at timestamptz, migration_name varchar(255),
    logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int)`;
  const row = (name: string) => `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('${name}', 'c', '${name}', now())`;

  test('that names a schema with the record of an application’s migrations gets an error that says whose it is', async () => {
    for (const name of ['20240101000000_init', '0001_init']) {
      expect(await publicRefusal(`${record}; ${row(name)}`)).toBe(
        `the table _prisma_migrations in the schema "public" belongs to another program: it has the migration ${name}; give Throughline its own schema with ?schema= in DATABASE_URL`,
      );
    }
    expect(await publicRefusal('CREATE TABLE _prisma_migrations (a int)')).toBe(
      `the table _prisma_migrations in the schema "public" belongs to another program: it is not a table of Prisma Migrate; give Throughline its own schema with ?schema= in DATABASE_URL`,
    );
  });

  test('that names a schema in which an application records its migrations beside ours gets an error that says so', async () => {
    const url = `${await backend.emptyDatabase()}?schema=public`;
    await (await migrated(url)).close();
    await onServer(url, row('20240101000000_init'));
    expect(await refusalOf(url)).toContain(
      `belongs to another program: it has the migration 20240101000000_init;`,
    );
  });

  test('that names a schema with tables of an application gets an error that says so', async () => {
    expect(await publicRefusal('CREATE TABLE events (a int)')).toBe(
      'the migration 0001_events cannot be applied: relation "events" already exists (42P07); the schema "public" contains another program\'s tables: give Throughline its own with ?schema= in DATABASE_URL',
    );
  });
});
