// Claims existing jobs that are ready to run again, and ends lapsed leases.
import { type BatchedQuery, queryByKey } from '../../database/batched-query.ts';
import type { ClaimTerms } from '../../domain/jobs/enroll.ts';
import type { EventStatus, Position } from '../../domain/events/event.ts';
import { termColumns } from './create-jobs.ts';
import { nextPosition, underLock } from '../events/log-lock.ts';
import { flowTables, recordClaims, withinFlow } from './flow-sql.ts';

/** A job as it was found. The claim requires that it is unchanged. */
export interface ReadyJob {
  readonly eventId: string;
  /** Null for a job of a plain queue. */
  readonly sourceId: string | null;
  /** The value of the flow key of the consumer that claimed it. */
  readonly flowKey?: string | null;
  readonly attempt: number;
  readonly position: Position;
  /** Whether its lease lapsed in its last run. A claim then only marks it FAILED. */
  readonly expires: boolean;
}

/** Null terms end a lapsed lease without a new claim: the job becomes PENDING, or FAILED if it `expires`. */
export interface Reclaim {
  /** Identifies the claim, so that a retry of it is recognised. */
  readonly claimId: string;
  readonly job: ReadyJob;
  readonly consumerId: string;
  readonly terms: ClaimTerms | null;
  /** Whether the consumer has limits. False if absent. */
  readonly isLimited?: boolean;
}

export interface ReclaimedJob {
  readonly position: Position;
  /** FAILED if no run is left, otherwise PENDING. */
  readonly status: EventStatus;
  readonly attempt: number;
  readonly until: Date | null;
}

/** Common table expression: the events of the jobs in `taken`. */
const updatedEvents = `updated AS (
    UPDATE events e SET
      position = t.new_position,
      updated_at = t.at,
      status = CASE WHEN t.expires THEN 'FAILED' ELSE 'PENDING' END::event_status,
      finished_at = CASE WHEN t.expires THEN t.at END,
      retries = CASE WHEN t.expires THEN e.retries ELSE t.counted END,
      sender = CASE WHEN t.renames THEN t.sender ELSE e.sender END,
      sender_type = CASE WHEN t.renames THEN t.sender_type ELSE e.sender_type END,
      project = CASE WHEN t.renames THEN coalesce(t.project, e.project) ELSE e.project END,
      user_name = CASE WHEN t.renames THEN coalesce(t.claimed_for, e.user_name) ELSE e.user_name END,
      description = CASE WHEN t.renames THEN coalesce(t.description, e.description) ELSE e.description END,
      error = CASE WHEN t.expires THEN jsonb_build_object('message', format(
          'The lease of %s ended without an answer in its last run (attempt %s).', t.holder, t.attempt),
          'code', 'LEASE_EXPIRED', 'stack', NULL) ELSE e.error END
    FROM taken t
    WHERE e.id = t.id
    RETURNING t.n, t.new_position, t.from_status, e.status, t.at, t.holder, t.attempt, t.new_attempt, t.until, t.claims,
      t.worker, e.id, e.topic, e.request_id, e.node_id, e.project, e.user_name, e.sender
  )`;

/**
 * The job's row decides: it is claimed only if its version and attempt are unchanged and it is still ready.
 * Everything else follows from that update, so that only one of several gateways writes. A failure and a lapsed lease
 * count as a run; a restart and a release do not. An event of a plain queue keeps the sender that it was sent with. A lease that ends without a new claim leaves the job ready.
 */
const reclaimStatement = statementOf(false);
const reclaimLimitedStatement = statementOf(true);

function statementOf(isLimited: boolean): string {
  return `WITH ${underLock},
  input AS MATERIALIZED (
    SELECT i.* FROM json_to_recordset($1::json) AS i(
      n int, id uuid, claim_id uuid, attempt int, position int8, consumer text, worker text, sender text, sender_type text,
      description text, project text, max_retries int, retry_delay_ms int, lease_ms int, sequential boolean, key_id text,
      claimed_for text)
  ),
  found AS MATERIALIZED (
    SELECT i.*, ${isLimited ? 'j.flow_key, ' : ''}m.at, e.status AS from_status, j.worker AS holder, j.worker IS NOT NULL AND j.last_run AS expires,
      i.worker IS NOT NULL AND NOT (j.worker IS NOT NULL AND j.last_run) AS claims,
      e.retries + (e.status = 'FAILED' OR j.worker IS NOT NULL)::int AS counted
    FROM input i
      CROSS JOIN moment m
      CROSS JOIN LATERAL (SELECT * FROM jobs WHERE jobs.event_id = i.id LIMIT 1) j
      CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e
    WHERE j.attempt = i.attempt AND j.position = i.position AND j.ready_at <= m.at
      AND (i.worker IS NOT NULL OR j.worker IS NOT NULL)
      AND (i.sequential IS NOT TRUE OR (j.worker IS NOT NULL AND j.last_run)
        OR NOT EXISTS (SELECT FROM jobs o WHERE o.target = j.target AND o.ready_at IS NOT NULL AND o.event_id <> i.id
          AND (o.source_position < j.source_position OR (o.worker IS NOT NULL AND o.ready_at > m.at)) OFFSET 0))
  ),
  ${isLimited ? `${flowTables},` : ''}
  numbered AS MATERIALIZED (
    SELECT f.*, ${nextPosition} AS new_position
    FROM (SELECT * FROM ${isLimited ? `${withinFlow} AS limited` : 'found'} ORDER BY n) f
  ),
  ${isLimited ? `${recordClaims('numbered', 'new_position')},` : ''}
  taken AS (
    UPDATE jobs j SET
      position = c.new_position,
      attempt = j.attempt + c.claims::int,
      worker = CASE WHEN c.claims THEN c.worker END,
      key_id = CASE WHEN c.claims THEN c.key_id ELSE j.key_id END,
      ready_at = CASE WHEN c.claims THEN c.at + make_interval(secs => c.lease_ms / 1000.0)
                      WHEN NOT c.expires THEN j.ready_at END,
      max_retries = CASE WHEN c.claims THEN c.max_retries ELSE j.max_retries END,
      retry_delay_ms = CASE WHEN c.claims THEN c.retry_delay_ms ELSE j.retry_delay_ms END,
      lease_ms = CASE WHEN c.claims THEN c.lease_ms ELSE j.lease_ms END,
      last_run = c.expires OR c.counted >= CASE WHEN c.claims THEN c.max_retries ELSE j.max_retries END,
      exhausted = c.expires,
      last_write = c.claim_id,
      consumer = CASE WHEN c.claims THEN c.consumer ELSE j.consumer END
    FROM numbered c
    WHERE j.event_id = c.id AND j.attempt = c.attempt AND j.position = c.position AND (j.ready_at <= c.at) IS TRUE
    RETURNING c.*, c.claims AND j.source_id IS NOT NULL AS renames, j.attempt AS new_attempt, j.ready_at AS until
  ),
  ${updatedEvents},
  logged AS (
    INSERT INTO log (position, event_id, kind, from_status, status, at, "by", description, attempt,
      topic, request_id, node_id, project, user_name, sender)
    SELECT new_position, id, 'STATUS', from_status, status, at, CASE WHEN claims THEN worker END,
      CASE WHEN holder IS NOT NULL THEN format('The lease of %s (attempt %s) ended without an answer.', holder, attempt) END,
      new_attempt, topic, request_id, node_id, project, user_name, sender
    FROM updated
  )
  SELECT n, new_position AS position, status, new_attempt AS attempt, until FROM updated
  UNION ALL
  SELECT i.n, j.position, e.status, j.attempt, j.ready_at
  FROM input i
    CROSS JOIN LATERAL (SELECT * FROM jobs WHERE $3::boolean AND jobs.event_id = i.id LIMIT 1) j
    CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e
  WHERE j.last_write = i.claim_id
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL FROM hinted`;
}

/**
 * In the order of `reclaims`, which must be of distinct jobs; null for a job that has changed. `retried`: an earlier
 * attempt may have been committed.
 */
export function reclaimJobs(
  reclaims: readonly Reclaim[],
  retried: boolean,
  hint: string,
): BatchedQuery<readonly (ReclaimedJob | null)[]> {
  const values = [JSON.stringify(reclaims.map(toRow)), hint, retried];
  const statement = reclaims.some(({ isLimited }) => isLimited)
    ? { name: 'reclaim-limited-jobs', text: reclaimLimitedStatement, values }
    : { name: 'reclaim-jobs', text: reclaimStatement, values };
  const numbers = reclaims.map((_, n) => n);
  return queryByKey(statement, numbers, 'n');
}

function toRow({ claimId, job, consumerId, terms }: Reclaim, n: number): object {
  return {
    n,
    id: job.eventId,
    claim_id: claimId,
    attempt: job.attempt,
    position: String(job.position),
    consumer: consumerId,
    ...(terms && termColumns(terms)),
  };
}
