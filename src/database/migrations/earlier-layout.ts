// Earlier versions kept their tables in the first schema of the connection's search path, mostly `public`: those are moved to
// the schema of our own.
import { type Queryable, StartupError, type Transaction } from '../database.ts';
import { migrationLock } from './migration-lock.ts';
import { createRecord, isSame, type Migration } from './migration-record.ts';
import { deadlock, isRefusal, quoteIdentifier } from '../sql-failure.ts';

/** The first migration of the versions that have a schema of their own: where it is recorded, the tables are where they belong. */
const firstOfOwnSchema = '0009_own_schema';

/** The log's lock in those versions: who holds it is writing. */
const earlierLogLock = 'SELECT pg_advisory_xact_lock(8231405770112)';

/** A record of migrations outside of our schema, ours or another program's. */
interface ForeignRecord {
  readonly schema: string;
  readonly rows: readonly RecordRow[];
}

interface RecordRow {
  readonly migration_name: string;
  readonly checksum: string;
}

/**
 * Moves what an earlier version made to `schema`, which exists and has no record of migrations, and answers where it was;
 * undefined where there is nothing of that kind. Ours are the tables, types and sequences that our recorded migrations
 * made, and our rows of the record; nothing else is touched. Only `public` and the connection's own search path are
 * looked at.
 */
export async function moveEarlierLayout(
  tx: Transaction,
  schema: string,
  migrations: readonly Migration[],
): Promise<string | undefined> {
  // One schema after the other, else two would move the same.
  await tx.exec(migrationLock(''));
  for (const found of await readForeignRecords(tx, schema)) {
    const ours = recordedOf(found, migrations);
    if (ours.length === 0) continue;
    await moveObjects(tx, ours, found.schema, schema);
    await moveRecord(tx, found, ours, schema);
    await leaveMark(tx, found.schema, schema);
    return found.schema;
  }
  return undefined;
}

/** Without those that the role may not read: an earlier version run by the role could read its own. */
async function readForeignRecords(tx: Transaction, schema: string): Promise<ForeignRecord[]> {
  await tx.exec('SET LOCAL search_path TO DEFAULT');
  const places = await tx.query<{ name: string }>({
    text: `SELECT n.nspname::text AS name
      FROM unnest(current_schemas(false) || 'public'::name) WITH ORDINALITY AS s(name, rank)
      JOIN pg_namespace n ON n.nspname = s.name
      JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = '_prisma_migrations' AND c.relkind = 'r'
      WHERE n.nspname <> $1 AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
      GROUP BY n.nspname ORDER BY min(s.rank)`,
    values: [schema],
  });
  await tx.exec(`SET LOCAL search_path TO ${quoteIdentifier(schema)}`);
  const records: ForeignRecord[] = [];
  for (const { name } of places) records.push({ schema: name, rows: await readRows(tx, name) });
  return records;
}

/** As JSON, since a table of that name may have any columns. */
function readRows(queryable: Queryable, schema: string): Promise<RecordRow[]> {
  return queryable.query({
    text: `SELECT r ->> 'migration_name' AS migration_name, r ->> 'checksum' AS checksum
      FROM ${quoteIdentifier(schema)}."_prisma_migrations" m CROSS JOIN to_jsonb(m) r
      WHERE r ->> 'rolled_back_at' IS NULL`,
    values: [],
  });
}

/** Our migrations that the record has, if the tables are an earlier version's; none otherwise. */
function recordedOf({ rows }: ForeignRecord, migrations: readonly Migration[]): readonly Migration[] {
  const names = new Set(rows.map((row) => row.migration_name));
  const [first] = migrations;
  const hasFirst = rows.some((row) => row.migration_name === first?.name && isSame(row, first));
  return hasFirst && !names.has(firstOfOwnSchema) ? migrations.filter(({ name }) => names.has(name)) : [];
}

async function moveObjects(
  tx: Transaction,
  ours: readonly Migration[],
  from: string,
  to: string,
): Promise<void> {
  const objects = ours.flatMap(({ sql }) => [...sql.matchAll(/^CREATE (TABLE|TYPE|SEQUENCE) "(\w+)"/gm)]);
  const nameOf = (object: string) => `${quoteIdentifier(from)}.${quoteIdentifier(object)}`;
  const tables = objects.flatMap(([, kind, name = '']) => (kind === 'TABLE' ? [nameOf(name)] : []));
  const moves = objects.map(
    ([, kind, name = '']) => `ALTER ${kind} ${nameOf(name)} SET SCHEMA ${quoteIdentifier(to)};`,
  );
  await tx.exec(earlierLogLock);
  try {
    await tx.exec(`LOCK TABLE ${tables.join()} IN ACCESS EXCLUSIVE MODE`);
    await tx.exec(moves.join('\n'));
  } catch (failure) {
    if (!isRefusal(failure) || failure.code === deadlock) throw failure;
    throw new StartupError(
      `the tables of an earlier version can not be moved from the schema "${from}" to "${to}": ${failure.message} (${failure.code})`,
      { cause: failure },
    );
  }
}

/** With all its rows where they are all ours; else another program goes on with the table. */
async function moveRecord(
  tx: Transaction,
  { schema: from, rows }: ForeignRecord,
  ours: readonly Migration[],
  to: string,
): Promise<void> {
  const table = `${quoteIdentifier(from)}."_prisma_migrations"`;
  const names = new Set(ours.map(({ name }) => name));
  if (rows.every((row) => names.has(row.migration_name))) {
    return tx.exec(`ALTER TABLE ${table} SET SCHEMA ${quoteIdentifier(to)}`);
  }
  await tx.exec(createRecord);
  const columns =
    'id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, applied_steps_count';
  await tx.query({
    text: `WITH moved AS (DELETE FROM ${table} WHERE migration_name = ANY($1::text[]) RETURNING ${columns})
      INSERT INTO "_prisma_migrations" (${columns}) SELECT ${columns} FROM moved`,
    values: [[...names]],
  });
}

/**
 * An earlier version would take the schema for empty, and begin anew in it: a type by the name of the first that it makes
 * has it refuse to start instead.
 */
async function leaveMark(tx: Transaction, from: string, to: string): Promise<void> {
  const [right] = await tx.query<{ given: boolean }>({
    text: `SELECT has_schema_privilege($1, 'CREATE') AS given`,
    values: [from],
  });
  if (!right?.given) return;
  const mark = `${quoteIdentifier(from)}."event_status"`;
  const comment = `Throughline has moved to the schema ${to}. This keeps versions from before the move from beginning anew here; drop it once none will be started.`;
  await tx.exec(
    `CREATE TYPE ${mark} AS ENUM ('MOVED'); COMMENT ON TYPE ${mark} IS '${comment.replaceAll("'", "''")}'`,
  );
}
