// Moves the tables of earlier versions, which are in the first schema of the connection's search path (mostly
// `public`), to the gateway's own schema.
import { type Queryable, StartupError, type Transaction } from '../database.ts';
import { migrationLock } from './migration-lock.ts';
import { createRecord, isSame, type Migration } from './migration-record.ts';
import { deadlock, isRefusal, quoteIdentifier } from '../sql-failure.ts';

/** The first migration of versions with their own schema. Where it is recorded, nothing must be moved. */
const firstOfOwnSchema = '0009_own_schema';

/** The log lock of those versions, held while writing. */
const earlierLogLock = 'SELECT pg_advisory_xact_lock(8231405770112)';

/** A migration record outside our schema, ours or another program's. */
interface ForeignRecord {
  readonly schema: string;
  readonly rows: readonly RecordRow[];
}

interface RecordRow {
  readonly migration_name: string;
  readonly checksum: string;
}

/**
 * Moves an earlier version's objects to `schema`, which exists and has no migration record, and returns their former
 * schema; undefined if there are none. Moves the tables, types and sequences created by our recorded migrations, and
 * our rows of the record. Looks only at `public` and the connection's search path.
 */
export async function moveEarlierLayout(
  tx: Transaction,
  schema: string,
  migrations: readonly Migration[],
): Promise<string | undefined> {
  // One schema at a time, so that two installations do not move the same tables.
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

/** Omits records that the role may not read: an earlier version run by this role could read its own. */
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

/** Our migrations in the record, if the tables are an earlier version's; otherwise none. */
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
      `the tables of an earlier version cannot be moved from the schema "${from}" to "${to}": ${failure.message} (${failure.code})`,
      { cause: failure },
    );
  }
}

/** Moves the whole table if all of its rows are ours; otherwise another program still uses it. */
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
 * An earlier version would find the schema empty and start anew in it. A type with the name of the first one that it
 * creates makes it refuse to start.
 */
async function leaveMark(tx: Transaction, from: string, to: string): Promise<void> {
  const [right] = await tx.query<{ given: boolean }>({
    text: `SELECT has_schema_privilege($1, 'CREATE') AS given`,
    values: [from],
  });
  if (!right?.given) return;
  const mark = `${quoteIdentifier(from)}."event_status"`;
  const comment = `Throughline has moved to the schema ${to}. This type prevents earlier versions from creating new tables here; drop it when they are no longer used.`;
  await tx.exec(
    `CREATE TYPE ${mark} AS ENUM ('MOVED'); COMMENT ON TYPE ${mark} IS '${comment.replaceAll("'", "''")}'`,
  );
}
