// Failed events by topic and error.
import sql, { empty } from 'sql-template-tag';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { andWithin } from '../events/rows-sql.ts';

export interface FailureGroupRow {
  readonly topic: string;
  readonly code: string | null;
  readonly message: string;
  readonly count: number;
  readonly lastAt: Date;
  /** The latest of its events. */
  readonly sampleId: string;
}

/**
 * The largest groups of the latest failures. Reads `limits.failureRows` events at most, by the index on failures, and no
 * more of their errors than `limits.failureBytes`.
 */
export function readFailureGroups(
  database: Queryable,
  from: Date | null,
  first: number,
  rows: RowScope | null,
): Promise<FailureGroupRow[]> {
  const since = from === null ? empty : sql`AND x.finished_at >= ${from}`;
  return database.query(
    prepared(sql`
    WITH failed AS MATERIALIZED (
      SELECT e.id, e.topic, e.finished_at, left(e.error ->> 'code', ${limits.failureMessageLength}::int4) AS code,
        left(coalesce(e.error ->> 'message', ''), ${limits.failureMessageLength}::int4) AS message
      FROM (
        SELECT x.*, sum(pg_column_size(x.error)) OVER (ORDER BY x.finished_at DESC ROWS UNBOUNDED PRECEDING) AS bytes
        FROM (SELECT * FROM events x WHERE x.status = 'FAILED' ${since}
          ORDER BY x.finished_at DESC LIMIT ${limits.failureRows}) x
      ) e
      WHERE coalesce(e.bytes, 0) <= ${limits.failureBytes} ${andWithin(rows, 'e')}
    )
    SELECT topic, code, message, count(*)::int4 AS count, max(finished_at) AS "lastAt",
      (array_agg(id ORDER BY finished_at DESC, id))[1] AS "sampleId"
    FROM failed GROUP BY topic, code, message
    ORDER BY count(*) DESC, max(finished_at) DESC, topic, message LIMIT ${first}`),
  );
}
