// Applies missing migrations, compatible with Prisma Migrate's files, lock and record.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../base/logger.ts';
import { type Database, StartupError, type Transaction } from '../database.ts';
import { moveEarlierLayout } from './earlier-layout.ts';
import { migrationLock, sharePrismaLock } from './migration-lock.ts';
import { createRecord, type Migration, nextOf, readApplied, record } from './migration-record.ts';
import { prepareSchema } from './own-schema.ts';
import { deadlock, isRefusal } from '../sql-failure.ts';

export interface MigrateOptions {
  /** The folder of migrations. Default: the program's own. */
  readonly folder?: string;
  readonly logger?: Logger;
}

/** The same path from the sources and from the build. */
const ownMigrations = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** SQLSTATEs for an existing table or index, type, or schema. */
const duplicates = /^(42P07|42710|42P06)$/;

/** A running earlier version may cause deadlocks with the move. */
const mostTries = 5;

/**
 * Applies missing migrations, each with its record in one transaction. Any number of processes may do so
 * concurrently. Tables of an earlier version in `public` are first moved to the database's own schema. Throws
 * StartupError if the database is newer than the program, if a recorded migration failed or differs from the
 * program's, or if a migration cannot be applied.
 * @returns the names of the applied migrations
 */
export async function migrate(database: Database, options: MigrateOptions = {}): Promise<string[]> {
  const migrations = readMigrations(options.folder ?? ownMigrations);
  const done: string[] = [];
  try {
    if (!nextOf(migrations, await readApplied(database, database.schema), database.schema)) return done;
    for (;;) {
      const name = await applyNext(database, migrations, done.length === 0, options.logger);
      if (name === undefined) return done;
      done.push(name);
    }
  } catch (failure) {
    if (!isRefusal(failure)) throw failure;
    throw new StartupError(`the database cannot be migrated: ${failure.message} (${failure.code})`, {
      cause: failure,
    });
  }
}

/** The first migration that is missing; undefined if there is none. Throws StartupError like `migrate`. */
export async function missingMigration(database: Database): Promise<string | undefined> {
  const applied = await readApplied(database, database.schema);
  return nextOf(readMigrations(ownMigrations), applied, database.schema)?.name;
}

function readMigrations(folder: string): Migration[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const withSql = names.map((name) => ({ name, file: join(folder, name, 'migration.sql') }));
  const found = withSql.filter(({ file }) => existsSync(file));
  if (found.length === 0)
    throw new StartupError(`there are no migrations in ${folder}; the installation is incomplete`);
  return found.map(({ name, file }) => ({ name, sql: readFileSync(file, 'utf8') }));
}

async function applyNext(
  database: Database,
  migrations: readonly Migration[],
  isFirst: boolean,
  logger: Logger | undefined,
): Promise<string | undefined> {
  const { schema } = database;
  for (let tries = 1; ; tries++) {
    try {
      return await database.transaction(async (tx) => {
        await tx.exec(`${sharePrismaLock}; ${migrationLock(schema)}`);
        if (isFirst) await prepareRecord(tx, schema, migrations, logger);
        return await applyWithin(tx, schema, migrations);
      });
    } catch (failure) {
      if (!isRefusal(failure) || failure.code !== deadlock || tries === mostTries) throw failure;
    }
  }
}

async function prepareRecord(
  tx: Transaction,
  schema: string,
  migrations: readonly Migration[],
  logger: Logger | undefined,
): Promise<void> {
  await prepareSchema(tx, schema);
  const [row] = await tx.query<{ exists: boolean }>({
    text: `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists`,
    values: [],
  });
  if (row?.exists) return;
  const from = await moveEarlierLayout(tx, schema, migrations);
  if (from === undefined) await tx.exec(createRecord);
  else logger?.info({ from, to: schema }, 'moving the tables to their own schema');
}

async function applyWithin(
  tx: Transaction,
  schema: string,
  migrations: readonly Migration[],
): Promise<string | undefined> {
  const applied = await readApplied(tx, schema);
  const next = nextOf(migrations, applied, schema);
  if (!next) return undefined;
  const startedAt = new Date();
  await tx.exec(next.sql).catch((failure: unknown) => {
    if (!isRefusal(failure)) throw failure;
    const { message, code } = failure;
    const isTaken = applied.length === 0 && duplicates.test(code);
    const advice = isTaken
      ? `; the schema "${schema}" contains another program's tables: give Throughline its own with ?schema= in DATABASE_URL`
      : '';
    throw new StartupError(`the migration ${next.name} cannot be applied: ${message} (${code})${advice}`, {
      cause: failure,
    });
  });
  await record(tx, next, startedAt);
  return next.name;
}
