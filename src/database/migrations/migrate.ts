// Applies missing migrations, compatible with Prisma Migrate's files, lock and record.
import type { Logger } from '../../base/logger.ts';
import { type Database, StartupError, type Transaction } from '../database.ts';
import { moveEarlierLayout } from './earlier-layout.ts';
import { migrationLock, sharePrismaLock } from './migration-lock.ts';
import { ownMigrations, readMigrations } from './migration-files.ts';
import { createRecord, type Migration, nextOf, readApplied, record } from './migration-record.ts';
import { prepareSchema } from './own-schema.ts';
import { deadlock, isRefusal } from '../sql-failure.ts';

export interface MigrateOptions {
  /** The folder of migrations. Default: the program's own. */
  readonly folder?: string;
  readonly logger?: Logger;
}

/** SQLSTATEs for an existing table or index, type, or schema. */
const duplicates = /^(42P07|42710|42P06)$/;

/** A running earlier version may cause deadlocks with the move. */
const mostTries = 5;

/**
 * Applies missing migrations, each with its record in one transaction; to an empty database, all of them in one. Any
 * number of processes may do so concurrently. Tables of an earlier version in `public` are first moved to the database's own schema. Throws
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
      const names = await applyNext(database, migrations, done.length === 0, options.logger);
      if (names.length === 0) return done;
      done.push(...names);
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

async function applyNext(
  database: Database,
  migrations: readonly Migration[],
  isFirst: boolean,
  logger: Logger | undefined,
): Promise<string[]> {
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

/** The next migration; all of them if none is applied yet, which saves the commits and locks in between. */
async function applyWithin(
  tx: Transaction,
  schema: string,
  migrations: readonly Migration[],
): Promise<string[]> {
  const applied = await readApplied(tx, schema);
  const next = nextOf(migrations, applied, schema);
  if (!next) return [];
  if (applied.length > 0) {
    await apply(tx, next, new Date(), '');
    return [next.name];
  }
  const began = Date.now();
  const advice = `; the schema "${schema}" contains another program's tables: give Throughline its own with ?schema= in DATABASE_URL`;
  // Distinct times, by which the record is ordered.
  for (const [n, migration] of migrations.entries()) await apply(tx, migration, new Date(began + n), advice);
  return migrations.map(({ name }) => name);
}

/** `advice`: what to do if an object exists already. */
async function apply(tx: Transaction, migration: Migration, startedAt: Date, advice: string): Promise<void> {
  await tx.exec(migration.sql).catch((failure: unknown) => {
    if (!isRefusal(failure)) throw failure;
    const { message, code } = failure;
    throw new StartupError(
      `the migration ${migration.name} cannot be applied: ${message} (${code})${duplicates.test(code) ? advice : ''}`,
      { cause: failure },
    );
  });
  await record(tx, migration, startedAt);
}
