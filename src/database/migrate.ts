// Brings a database up to the program's schema: Prisma Migrate's files, lock and record, applied by the gateway itself.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Database,
  DatabaseUnavailable,
  type Queryable,
  StartupError,
  type Transaction,
} from './database.ts';

interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** One row of Prisma's table. */
interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
  readonly rolled_back_at: Date | null;
}

/** The same place from the sources and from the built program. */
const ownMigrations = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

/** The key under which Prisma Migrate works too. */
const lockMigrations = 'SELECT pg_advisory_xact_lock(72707369)';

/** As Prisma Migrate creates it. */
const createRecord = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                    VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"              VARCHAR(64) NOT NULL,
    "finished_at"           TIMESTAMPTZ,
    "migration_name"        VARCHAR(255) NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        TIMESTAMPTZ,
    "started_at"            TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count"   INTEGER NOT NULL DEFAULT 0
)`;

const undefinedTable = '42P01';

/**
 * Applies what is missing, each migration and its record in one transaction; any number of processes may do so at
 * once. Throws StartupError if the database is newer than the program, if a recorded migration failed or differs
 * from the program's, or if one can not be applied.
 * @returns the names of those applied by this call
 */
export async function migrate(
  database: Database,
  migrationsFolder: string = ownMigrations,
): Promise<string[]> {
  const migrations = readMigrations(migrationsFolder);
  const done: string[] = [];
  if (!nextOf(migrations, await readApplied(database))) return done;
  for (;;) {
    const name = await database.transaction((tx) => applyNext(tx, migrations));
    if (name === undefined) return done;
    done.push(name);
  }
}

function readMigrations(folder: string): Migration[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const withSql = names.map((name) => ({ name, file: join(folder, name, 'migration.sql') }));
  const found = withSql.filter(({ file }) => existsSync(file));
  if (found.length === 0)
    throw new StartupError(`there are no migrations in ${folder}; the installation is incomplete`);
  return found.map(({ name, file }) => ({ name, sql: readFileSync(file, 'utf8') }));
}

/** What was recorded and not rolled back; nothing where the table does not exist yet. */
async function readApplied(queryable: Queryable): Promise<Applied[]> {
  const text =
    'SELECT migration_name, checksum, finished_at, rolled_back_at FROM "_prisma_migrations" ORDER BY started_at';
  try {
    const rows = await queryable.query<Applied>({ text, values: [] });
    return rows.filter((row) => row.rolled_back_at === null);
  } catch (error) {
    if ((error as { code?: unknown }).code === undefinedTable) return [];
    throw error;
  }
}

/** The first migration that is still to be applied, after a check of those that are recorded. */
function nextOf(migrations: readonly Migration[], applied: readonly Applied[]): Migration | undefined {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const row of applied) checkRecord(row, known.get(row.migration_name));
  const names = new Set(applied.map((row) => row.migration_name));
  return migrations.find(({ name }) => !names.has(name));
}

function checkRecord(row: Applied, migration: Migration | undefined): void {
  const name = row.migration_name;
  if (!migration) {
    throw new StartupError(
      `the database is newer than the program: it has the migration ${name}; start a newer version of Throughline`,
    );
  }
  if (row.finished_at === null) {
    throw new StartupError(
      `the migration ${name} is recorded as failed; mend the database, then record it with prisma migrate resolve`,
    );
  }
  if (!checksums(migration.sql).includes(row.checksum)) {
    throw new StartupError(
      `the migration ${name} was applied to the database in another form than this program has it`,
    );
  }
}

/** Of the text as it is, and, as Prisma also accepts, with the other line endings. */
function checksums(sql: string): string[] {
  const unix = sql.replaceAll('\r\n', '\n');
  return [sql, unix, unix.replaceAll('\n', '\r\n')].map((text) =>
    createHash('sha256').update(text).digest('hex'),
  );
}

async function applyNext(tx: Transaction, migrations: readonly Migration[]): Promise<string | undefined> {
  await tx.exec(lockMigrations);
  await tx.exec(createRecord);
  const next = nextOf(migrations, await readApplied(tx));
  if (!next) return undefined;
  const startedAt = new Date();
  await tx.exec(next.sql).catch((failure: unknown) => {
    if (failure instanceof DatabaseUnavailable) throw failure;
    const { message, code } = failure as Error & { code?: string };
    throw new StartupError(`the migration ${next.name} can not be applied: ${message} (${code})`, {
      cause: failure,
    });
  });
  await record(tx, next, startedAt);
  return next.name;
}

async function record(tx: Transaction, { name, sql }: Migration, startedAt: Date): Promise<void> {
  await tx.query({
    text: `INSERT INTO "_prisma_migrations"
      (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
      VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
    values: [randomUUID(), checksums(sql)[0], name, startedAt],
  });
}
