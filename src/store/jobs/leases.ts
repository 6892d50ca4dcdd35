// Leases of jobs: extension by heartbeats, many in one statement, and reads.
import sql, { empty } from 'sql-template-tag';
import type { JobModel } from '../../../generated/prisma/models.ts';
import { type BatchedQuery, batchedQuery } from '../../database/batched-query.ts';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { lockAndTime } from '../events/log-lock.ts';
import { andWithin, scopeColumns, scopeDefinitions, withinInput } from '../events/rows-sql.ts';

/** The holder of a job, and the end of its lease. */
export interface Lease extends Readonly<Pick<JobModel, 'attempt'>> {
  readonly worker: NonNullable<JobModel['worker']>;
  /** The key that claimed it; null if unknown. */
  readonly key?: string | null;
  readonly until: NonNullable<JobModel['readyAt']>;
}

/** A lease that was extended or shortened. */
export interface ExtendedLease extends Lease {
  readonly target: string;
  /** Milliseconds from now to its end if the lease was shortened; otherwise null. */
  readonly soonerMs: number | null;
}

export interface Heartbeat {
  readonly eventId: string;
  readonly attempt: number;
  /** From now; null for the length that the claim requested. */
  readonly leaseMs: number | null;
  /** The attempt holds the lease only if this key claimed the job; null or absent for any key. */
  readonly onlyOf?: string | null;
  /** The rows of who extends it: a job outside is as good as lost. */
  readonly rows?: RowScope | null;
}

/**
 * Does not change the event. Every writer of a job holds the log lock, so there are no deadlocks. IS TRUE keeps the
 * planner from scanning all ready or claimed jobs.
 */
const extendStatement = `WITH ${lockAndTime}
  UPDATE jobs j SET ready_at = c.at + make_interval(secs => coalesce(i.lease_ms, j.lease_ms) / 1000.0)
  FROM (SELECT i.*, (SELECT ready_at FROM jobs WHERE event_id = i.id) AS was_until
        FROM json_to_recordset($1::json) AS i(n int, id uuid, attempt int, lease_ms int, only_of text, is_scoped boolean,
          ${scopeDefinitions}) OFFSET 0) i,
    moment c
  WHERE j.event_id = i.id AND j.attempt = i.attempt AND (j.worker IS NOT NULL AND j.ready_at > c.at) IS TRUE
    AND (i.only_of IS NULL OR i.only_of = j.key_id)
    AND (i.is_scoped IS NULL OR EXISTS (SELECT FROM events e WHERE e.id = i.id AND ${withinInput('e', 'i')} OFFSET 0))
  RETURNING i.n, j.worker, j.attempt, j.ready_at AS until, j.target,
    CASE WHEN j.ready_at < i.was_until THEN (extract(epoch FROM j.ready_at - c.at) * 1000)::int4 END AS "soonerMs"`;

/** In the order of `heartbeats`, which must be of distinct jobs; null for a lost lease. */
export function extendLeases(
  heartbeats: readonly Heartbeat[],
): BatchedQuery<readonly (ExtendedLease | null)[]> {
  const inputs = heartbeats.map(({ eventId, attempt, leaseMs, onlyOf = null, rows = null }, n) => ({
    n,
    id: eventId,
    attempt,
    lease_ms: leaseMs,
    ...(onlyOf !== null && { only_of: onlyOf }),
    ...(rows !== null && { is_scoped: true, ...scopeColumns(rows) }),
  }));
  const statement = { name: 'extend-leases', text: extendStatement, values: [JSON.stringify(inputs)] };
  return batchedQuery(statement, (rows: readonly (ExtendedLease & { n: number })[]) => {
    const byNumber = new Map(rows.map(({ n, ...lease }) => [n, lease]));
    return heartbeats.map((_, n) => byNumber.get(n) ?? null);
  });
}

/** Current leases, by event. */
export async function readLeases(
  database: Queryable,
  eventIds: readonly string[],
  within: RowScope | null = null,
): Promise<Map<string, Lease>> {
  const visible = within
    ? sql`AND EXISTS (SELECT FROM events e WHERE e.id = j.event_id ${andWithin(within, 'e')} OFFSET 0)`
    : empty;
  const statement = sql`SELECT j.event_id AS "eventId", j.worker, j.key_id AS key, j.attempt, j.ready_at AS until
    FROM unnest(${eventIds}::uuid[]) AS i(id)
      CROSS JOIN LATERAL (SELECT * FROM jobs WHERE jobs.event_id = i.id LIMIT 1) j
    WHERE j.worker IS NOT NULL AND j.ready_at > now() ${visible}`;
  const rows = await database.query<Lease & { eventId: string }>(prepared(statement));
  return new Map(rows.map(({ eventId, ...lease }) => [eventId, lease]));
}
