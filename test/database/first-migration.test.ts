// Databases of a first start: migrated in one transaction or copied from a template, they equal those upgraded version by version.
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openEmbedded } from '../../src/database/embedded/embedded.ts';
import { makeTemplate, readTemplate } from '../../src/database/embedded/template.ts';
import { ownMigrations, readMigrations } from '../../src/database/migrations/migration-files.ts';
import { migrate } from '../../src/database/migrations/migrate.ts';
import { openPostgres } from '../../src/database/postgres/postgres.ts';
import { describeDatabases, type PostgresBackend } from '../support/database.ts';

const migrations = readMigrations(ownMigrations);
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'throughline-first-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** Everything in the schema, one line per object or column, without the record of migrations. */
async function schemaOf(database: Database): Promise<string[]> {
  const rows = await database.query<{ line: string }>({
    text: `SELECT line FROM (
        SELECT concat_ws(' ', 'column', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
          a.attcompression, a.attstorage, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid)) AS line
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'v', 'p') AND NOT a.attisdropped AND a.attnum > 0
        UNION ALL SELECT concat_ws(' ', 'relation', relkind, relname, reloptions::text)
        FROM pg_class WHERE relnamespace = current_schema()::regnamespace
        UNION ALL SELECT concat_ws(' ', 'index', indexname, indexdef) FROM pg_indexes WHERE schemaname = current_schema()
        UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
        UNION ALL SELECT concat_ws(' ', 'function', pg_get_functiondef(oid))
        FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid))
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
        UNION ALL SELECT concat_ws(' ', 'enum', t.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder))
        FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace = current_schema()::regnamespace GROUP BY t.typname
        UNION ALL SELECT concat_ws(' ', 'sequence', sequencename, start_value, increment_by, cache_size)
        FROM pg_sequences WHERE schemaname = current_schema()
      ) x WHERE line NOT LIKE '%_prisma_migrations%' ORDER BY line`,
    values: [],
  });
  return rows.map(({ line }) => line);
}

/** Applies the migrations one version after another. */
async function upgrade(database: Database): Promise<void> {
  const names = (await readdir(ownMigrations)).filter((name) => /^\d/.test(name)).sort();
  const growing = await mkdtemp(join(folder, 'versions-'));
  for (const name of names) {
    await mkdir(join(growing, name));
    await cp(join(ownMigrations, name), join(growing, name), { recursive: true });
    expect(await migrate(database, { folder: growing })).toEqual([name]);
  }
}

async function empty(backend: object): Promise<Database> {
  if (!('emptyDatabase' in backend)) return openEmbedded('memory://');
  const url = await (backend as PostgresBackend).emptyDatabase();
  return openPostgres(url, { applicationName: 'throughline-test', poolSize: 2 });
}

describeDatabases('A database that is migrated at once', (backend) => {
  test('has the same schema as one that is upgraded version by version', async () => {
    const database = await empty(backend);
    await upgrade(database);
    const upgraded = await schemaOf(database);
    await database.close();
    expect(upgraded.length).toBeGreaterThan(200);
    expect(await schemaOf(await backend.open())).toEqual(upgraded);
  });

  test('is migrated in one transaction: a failure leaves nothing behind', async () => {
    const database = await empty(backend);
    const broken = await mkdtemp(join(folder, 'broken-'));
    await cp(ownMigrations, broken, { recursive: true });
    await cp(join(ownMigrations, '0001_events'), join(broken, '9001_again'), { recursive: true });
    await expect(migrate(database, { folder: broken })).rejects.toThrow(
      /^the migration 9001_again cannot be applied: .* already exists/,
    );
    expect(await database.query({ text: `SELECT to_regclass('events') AS events`, values: [] })).toEqual([
      { events: null },
    ]);
    expect(await migrate(database)).toEqual(migrations.map(({ name }) => name));
    await database.close();
  });
});

test('A template has all migrations, and serves a program that has more; not one that has others', async () => {
  const templates = join(folder, 'templates');
  await makeTemplate(templates);
  await makeTemplate(templates);
  expect(await readdir(templates)).toHaveLength(1);
  const database = await openEmbedded('memory://', { from: () => readTemplate(templates) });
  expect(await migrate(database)).toEqual([]);
  await database.close();
  const more = [...migrations, { name: '9001_more', sql: 'SELECT 1' }];
  expect(await readTemplate(templates, more)).toBeInstanceOf(Uint8Array);
  const fewer = migrations.slice(0, -1);
  expect(await readTemplate(templates, fewer)).toBeUndefined();
  const other = migrations.map((migration) => ({ ...migration, sql: `${migration.sql}\n` }));
  expect(await readTemplate(templates, other)).toBeUndefined();
});
