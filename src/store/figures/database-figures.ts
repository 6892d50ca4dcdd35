// Figures of the database and of the log.
import type { Queryable } from '../../database/database.ts';
import type { Position } from '../../domain/events/event.ts';

export interface StoredFigures {
  /** The last position of the log, and the first that it still has; both 0 if it is empty. */
  readonly position: Position;
  readonly oldestPosition: Position;
  /** Tables and their indexes. */
  readonly sizeBytes: number;
  /** Null where the database has counted no rows yet. */
  readonly deadRowShare: number | null;
  /** Of any program on the database; null if no transaction is open. */
  readonly oldestTransactionSeconds: number | null;
}

/** Costs a look at each table, not at its rows. */
export async function readStoredFigures(database: Queryable): Promise<StoredFigures> {
  const [figures] = await database.query<StoredFigures>({
    name: 'stored-figures',
    text: `SELECT coalesce((SELECT max(position) FROM log), 0)::int8 AS position,
      coalesce((SELECT min(position) FROM log), 0)::int8 AS "oldestPosition",
      (SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::float8
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = current_schema() AND c.relkind = 'r') AS "sizeBytes",
      (SELECT sum(s.n_dead_tup)::float8 / nullif(sum(s.n_live_tup + s.n_dead_tup), 0)::float8
        FROM pg_stat_user_tables s WHERE s.schemaname = current_schema()) AS "deadRowShare",
      (SELECT extract(epoch FROM clock_timestamp() - min(t.at))::float8 FROM (
        SELECT a.xact_start AS at FROM pg_stat_activity a
        WHERE a.datname = current_database() AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
        UNION ALL SELECT p.prepared FROM pg_prepared_xacts p WHERE p.database = current_database()
      ) t) AS "oldestTransactionSeconds"`,
    values: [],
  });
  return figures!;
}
