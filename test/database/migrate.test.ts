// Migrations: recorded as Prisma does, applied once whoever comes, refused where the database is not what it should be.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, StartupError } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { countStatements, describeDatabases, describePostgres } from '../support/database.ts';

const ownFolder = new URL('../../prisma/migrations/', import.meta.url);
const ownNames = (await readdir(ownFolder)).filter((name) => /^\d/.test(name)).sort();
const own = new Map(
  await Promise.all(
    ownNames.map(
      async (name) => [name, await readFile(new URL(`${name}/migration.sql`, ownFolder), 'utf8')] as const,
    ),
  ),
);
const first = '0001_events';
let parent = '';

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'throughline-migrations-'));
});

afterAll(() => rm(parent, { recursive: true, force: true }));

/** A folder of migrations: the program's own first, then those given. */
async function migrationsFolder(name: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = join(parent, name);
  const all = { ...Object.fromEntries(own), ...more };
  for (const [migration, sql] of Object.entries(all)) {
    await mkdir(join(folder, migration), { recursive: true });
    await writeFile(join(folder, migration, 'migration.sql'), sql);
  }
  return folder;
}

async function record(database: Database): Promise<object[]> {
  return database.query({ text: 'SELECT * FROM _prisma_migrations ORDER BY started_at', values: [] });
}

/** Undoes what a test did to the record and to the tables. */
async function restore(database: Database): Promise<void> {
  await database.transaction((tx) =>
    tx.exec(`DROP TABLE IF EXISTS extra;
      DELETE FROM _prisma_migrations WHERE migration_name NOT IN (${ownNames.map((name) => `'${name}'`).join()});
      UPDATE _prisma_migrations SET finished_at = started_at, rolled_back_at = NULL`),
  );
}

describeDatabases('migrations', (backend) => {
  test('are recorded as Prisma Migrate records them', async () => {
    expect(await record(await backend.open())).toEqual(
      ownNames.map((name) => ({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        checksum: createHash('sha256')
          .update(own.get(name) ?? '')
          .digest('hex'),
        finished_at: expect.any(Date),
        migration_name: name,
        logs: null,
        rolled_back_at: null,
        started_at: expect.any(Date),
        applied_steps_count: 1,
      })),
    );
  });

  test('take one query when all are applied', async () => {
    const counting = countStatements(await backend.open());
    expect(await migrate(counting)).toEqual([]);
    expect(counting.statements).toHaveLength(1);
  });

  test('are applied in the order of their names, each with its record', async () => {
    const database = await backend.open();
    const folder = await migrationsFolder('two', {
      '9003_more': 'ALTER TABLE extra ADD b TEXT; INSERT INTO extra VALUES (1);',
      '9002_extra': 'CREATE TABLE extra (a INTEGER);',
    });
    expect(await migrate(database, { folder: folder })).toEqual(['9002_extra', '9003_more']);
    expect(await database.query({ text: 'SELECT * FROM extra', values: [] })).toEqual([{ a: 1, b: null }]);
    expect(await migrate(database, { folder: folder })).toEqual([]);
    await restore(database);
  });

  test('that cannot be applied leave nothing behind, and say why', async () => {
    const database = await backend.open();
    const folder = await migrationsFolder('broken', {
      '9002_broken': 'CREATE TABLE extra (a INTEGER); SELECT 1/0;',
    });
    await expect(migrate(database, { folder: folder })).rejects.toThrow(
      new StartupError('the migration 9002_broken cannot be applied: division by zero (22012)'),
    );
    expect(await record(database)).toHaveLength(ownNames.length);
    await expect(database.query({ text: 'SELECT * FROM extra', values: [] })).rejects.toThrow(
      'does not exist',
    );
  });

  test('that the program does not know make it refuse the database as newer', async () => {
    const database = await backend.open();
    await migrate(database, { folder: await migrationsFolder('newer', { '9099_future': 'SELECT 1' }) });
    await expect(migrate(database)).rejects.toThrow(
      new StartupError(
        'the database is newer than the program: it has the migration 9099_future; start a newer version of Throughline',
      ),
    );
    await restore(database);
  });

  test('that differ from what was applied are refused, but for their line endings', async () => {
    const database = await backend.open();
    const sql = own.get(first) ?? '';
    const windows = await migrationsFolder('windows', { [first]: sql.replaceAll('\n', '\r\n') });
    expect(await migrate(database, { folder: windows })).toEqual([]);
    const edited = await migrationsFolder('edited', { [first]: `${sql}-- edited` });
    await expect(migrate(database, { folder: edited })).rejects.toThrow(
      /0001_events was applied .* in a different version/,
    );
  });

  test('that are recorded as failed are refused, unless they were rolled back', async () => {
    const database = await backend.open();
    const folder = await migrationsFolder('failed', { '9002_extra': 'CREATE TABLE extra (a INTEGER)' });
    const text = `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'y', '9002_extra')`;
    await database.query({ text, values: [] });
    await expect(migrate(database, { folder: folder })).rejects.toThrow(/9002_extra is recorded as failed/);
    await database.query({
      text: `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'x'`,
      values: [],
    });
    expect(await migrate(database, { folder: folder })).toEqual(['9002_extra']);
    await restore(database);
  });

  test('that are missing from the installation are not taken for none', async () => {
    await expect(migrate(await backend.open(), { folder: join(parent, 'nowhere') })).rejects.toThrow(
      StartupError,
    );
  });
});

describePostgres('twenty gateways that start at once', (backend) => {
  test('apply each migration once, and none of them fails', async () => {
    const url = await backend.emptyDatabase();
    const open = () => openPostgres(url, { poolSize: 1, applicationName: 'throughline-test' });
    const databases = await Promise.all(Array.from({ length: 20 }, open));
    try {
      const applied = await Promise.all(databases.map((database) => migrate(database)));
      expect(applied.flat().sort()).toEqual(ownNames);
      expect(await record(databases[0]!)).toHaveLength(ownNames.length);
    } finally {
      await Promise.all(databases.map((database) => database.close()));
    }
  });

  test('wait for whoever holds the lock of Prisma Migrate', async () => {
    const database = await openPostgres(await backend.emptyDatabase(), {
      poolSize: 2,
      applicationName: 'prisma',
    });
    let done = false;
    const held = await database.transaction(async (tx) => {
      await tx.query({ text: 'SELECT pg_advisory_xact_lock(72707369)', values: [] });
      const migrating = migrate(database).finally(() => {
        done = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(done).toBe(false);
      return { migrating };
    });
    expect(await held.migrating).toEqual(ownNames);
    await database.close();
  });
});
