// The record of applied migrations, Prisma's table `_prisma_migrations`: reads it, adds to it, and refuses a foreign
// one.
import { createHash, randomUUID } from 'node:crypto';
import { type Queryable, StartupError, type Transaction } from '../database.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

/** A row of the table. */
export interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

/** As created by Prisma Migrate. */
export const createRecord = `CREATE TABLE "_prisma_migrations" (
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
const undefinedColumn = '42703';

/** The rows that were not rolled back; none if the session's schema has no record. */
export async function readApplied(queryable: Queryable, schema: string): Promise<Applied[]> {
  const text = `SELECT migration_name, checksum, finished_at FROM "_prisma_migrations"
    WHERE rolled_back_at IS NULL ORDER BY started_at`;
  try {
    return await queryable.query<Applied>({ text, values: [] });
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === undefinedTable) return [];
    if (code === undefinedColumn) throw foreign(schema, 'it is not a table of Prisma Migrate');
    throw error;
  }
}

/** Checks the recorded migrations and returns the first one to be applied. */
export function nextOf(
  migrations: readonly Migration[],
  applied: readonly Applied[],
  schema: string,
): Migration | undefined {
  const known = new Map(migrations.map((migration) => [migration.name, migration]));
  const strangers = applied.filter(({ migration_name: name }) => !known.has(name));
  const [stranger] = strangers;
  if (stranger !== undefined && (strangers.length === applied.length || !isNamedLikeOurs(stranger)))
    throw foreign(schema, `it has the migration ${stranger.migration_name}`);
  for (const row of applied) checkRecord(row, known.get(row.migration_name));
  const names = new Set(applied.map((row) => row.migration_name));
  return migrations.find(({ name }) => !names.has(name));
}

/** Four digits first; Prisma's own names begin with fourteen. */
function isNamedLikeOurs({ migration_name: name }: Applied): boolean {
  return /^\d{4}_/.test(name);
}

function foreign(schema: string, why: string): StartupError {
  return new StartupError(
    `the table _prisma_migrations in the schema "${schema}" belongs to another program: ${why}; give Throughline its own schema with ?schema= in DATABASE_URL`,
  );
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
      `the migration ${name} is recorded as failed; repair the database, then record it with prisma migrate resolve`,
    );
  }
  if (!isSame(row, migration)) {
    throw new StartupError(
      `the migration ${name} was applied to the database in a different version than this program’s`,
    );
  }
}

export function isSame({ checksum }: Pick<Applied, 'checksum'>, { sql }: Migration): boolean {
  return checksums(sql).includes(checksum);
}

/** The checksum of the text, and, as Prisma also accepts, of the text with the other line endings. */
function checksums(sql: string): string[] {
  const unix = sql.replaceAll('\r\n', '\n');
  return [sql, unix, unix.replaceAll('\n', '\r\n')].map((text) =>
    createHash('sha256').update(text).digest('hex'),
  );
}

export async function record(tx: Transaction, { name, sql }: Migration, startedAt: Date): Promise<void> {
  await tx.query({
    text: `INSERT INTO "_prisma_migrations"
      (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
      VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
    values: [randomUUID(), checksums(sql)[0], name, startedAt],
  });
}
