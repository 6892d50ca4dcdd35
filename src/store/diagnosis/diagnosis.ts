// Statements about the database itself: its version, encoding, settings, size, and dead rows. They need no migrated schema.
import type { Database } from '../../database/database.ts';

export interface ServerState {
  readonly version: string;
  readonly encoding: string;
  readonly collation: string;
  readonly now: Date;
  readonly bytes: bigint;
  readonly connections: number;
  /** How long the oldest open transaction has been open, in seconds; dead rows that it may see cannot be removed. */
  readonly oldestTransaction: number;
}

export async function readServerState(database: Database): Promise<ServerState> {
  const text = `SELECT current_setting('server_version') AS version, pg_encoding_to_char(encoding) AS encoding,
      datcollate AS collation, clock_timestamp() AS now, pg_database_size(oid) AS bytes,
      (SELECT count(*)::int4 FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
      (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
        FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS "oldestTransaction"
    FROM pg_database WHERE datname = current_database()`;
  const [row] = await database.query<ServerState>({ text, values: [] });
  return row!;
}

/** Values as Postgres shows them, by name; a name that the server does not know is missing. */
export async function readSettings(
  database: Database,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const text = `SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])`;
  const rows = await database.query<{ name: string; setting: string }>({ text, values: [names] });
  return new Map(rows.map(({ name, setting }) => [name, setting]));
}

export interface TableState {
  readonly name: string;
  readonly liveRows: bigint;
  readonly deadRows: bigint;
  readonly vacuumedAt: Date | null;
}

/** The tables with the most dead rows first, as the server counted them. */
export async function readTables(database: Database): Promise<TableState[]> {
  const text = `SELECT relname::text AS name, n_live_tup AS "liveRows", n_dead_tup AS "deadRows",
      greatest(last_vacuum, last_autovacuum) AS "vacuumedAt"
    FROM pg_stat_user_tables WHERE schemaname = $1 ORDER BY n_dead_tup DESC, relname`;
  return database.query<TableState>({ text, values: [database.schema] });
}
