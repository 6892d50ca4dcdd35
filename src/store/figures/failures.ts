// Failed events by topic and error.
import sql, { empty, type Sql } from 'sql-template-tag';
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
 * The largest groups of the latest failures. Counts `limits.failureRows` events at most, and no more of their errors than
 * `limits.failureBytes`. Failures that the caller may not see take none of that room.
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
    WITH RECURSIVE ${failingTopics(rows)} failed AS MATERIALIZED (
      SELECT e.id, e.topic, e.finished_at, left(e.error ->> 'code', ${limits.failureMessageLength}::int4) AS code,
        left(coalesce(e.error ->> 'message', ''), ${limits.failureMessageLength}::int4) AS message
      FROM (
        SELECT x.*, sum(pg_column_size(x.error)) OVER (ORDER BY x.finished_at DESC ROWS UNBOUNDED PRECEDING) AS bytes
        FROM (${failuresWithin(rows, since)} ORDER BY x.finished_at DESC LIMIT ${limits.failureRows}) x
      ) e
      WHERE coalesce(e.bytes, 0) <= ${limits.failureBytes}
    )
    SELECT topic, code, message, count(*)::int4 AS count, max(finished_at) AS "lastAt",
      (array_agg(id ORDER BY finished_at DESC, id))[1] AS "sampleId"
    FROM failed GROUP BY topic, code, message
    ORDER BY count(*) DESC, max(finished_at) DESC, topic, message LIMIT ${first}`),
  );
}

/** The latest failures `x`, by an index that leads to those within `rows`. */
function failuresWithin(rows: RowScope | null, since: Sql): Sql {
  const { projects = null, topics = null, requestIds = null } = rows ?? {};
  const failures = (match: Sql) => sql`SELECT * FROM events x WHERE x.status = 'FAILED' ${match} ${since}`;
  if (requestIds) return failures(sql`AND x.request_id = ANY(${requestIds}::text[]) ${andWithin(rows, 'x')}`);
  const of = (names: Sql, match: Sql) => sql`SELECT x.* FROM ${names} CROSS JOIN LATERAL (
      SELECT * FROM (${failures(match)} ORDER BY x.finished_at DESC LIMIT ${limits.scanRows}) x
      WHERE true ${andWithin(rows, 'x')} ORDER BY x.finished_at DESC LIMIT ${limits.failureRows}) x`;
  if (projects) return of(sql`unnest(${projects}::text[]) AS d(name)`, sql`AND x.project = d.name`);
  if (topics)
    return of(
      sql`(SELECT n.topic FROM names n WHERE true ${andWithin(rows, 'n')}) d`,
      sql`AND x.topic = d.topic`,
    );
  return failures(andWithin(rows, 'x'));
}

/** The topics that have failures, one index probe for each, where they have to be tested. */
function failingTopics(rows: RowScope | null): Sql {
  if (!rows?.topics || rows.projects || rows.requestIds) return empty;
  const next = (after: Sql) =>
    sql`(SELECT min(n.topic) FROM events n WHERE n.status = 'FAILED' AND n.topic > ${after})`;
  return sql`names AS (
      SELECT ${next(sql`''`)} AS topic UNION ALL SELECT ${next(sql`names.topic`)} FROM names WHERE names.topic IS NOT NULL
    ),`;
}
