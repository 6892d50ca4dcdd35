// Claims events of plain queues for the first time: the event itself becomes a job.
import { type BatchedQuery, queryByKey } from '../../database/batched-query.ts';
import type { ClaimTerms } from '../../domain/jobs/enroll.ts';
import type { Position } from '../../domain/events/event.ts';
import { nextPosition, underLock } from '../events/log-lock.ts';
import { type ClaimLimit, termColumns } from './create-jobs.ts';
import { flowTables, recordClaims, withinFlow } from './flow-sql.ts';
import { isQueuedSql } from './find-queued.ts';

export interface QueuedClaim {
  /** Identifies the claim, so that a retry of it is recognised. */
  readonly claimId: string;
  readonly eventId: string;
  readonly target: string;
  readonly consumerId: string;
  readonly terms: ClaimTerms;
  /** Whether it is not claimed while a job of the target is ready to run again, or an event of a higher priority waits. */
  readonly yields: boolean;
  /** Set if the consumer has limits. */
  readonly limit: ClaimLimit | null;
}

export interface ClaimedQueued {
  readonly position: Position;
  readonly until: Date;
}

/**
 * An event is claimed only if it still waits. Its sender and description stay: they are those of whoever sent it. For
 * sequential jobs the caller takes the lock in an earlier statement.
 */
const claimStatement = statementOf(false);
const claimLimitedStatement = statementOf(true);

function statementOf(isLimited: boolean): string {
  return `WITH ${underLock},
  input AS MATERIALIZED (
    SELECT i.* FROM json_to_recordset($1::json) AS i(
      n int, id uuid, claim_id uuid, consumer text, worker text, max_retries int, retry_delay_ms int, lease_ms int,
      sequential boolean, yields boolean, key_id text, flow_key text)
  ),
  found AS MATERIALIZED (
    SELECT i.*, true AS claims, m.at, e.position AS was_at, e.status AS from_status
    FROM input i
      CROSS JOIN moment m
      CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e
    WHERE ${isQueuedSql('e')}
      AND NOT (i.sequential
        AND EXISTS (SELECT FROM jobs o WHERE o.target = e.topic AND o.ready_at IS NOT NULL OFFSET 0))
      AND NOT (i.yields AND (EXISTS (SELECT FROM (
          SELECT FROM jobs o WHERE o.target = e.topic AND o.ready_at <= m.at ORDER BY o.ready_at LIMIT 1) o OFFSET 0)
        OR EXISTS (SELECT FROM (
          SELECT FROM events q WHERE q.topic = e.topic AND ${isQueuedSql('q')} AND q.priority > e.priority
          ORDER BY q.priority DESC LIMIT 1) q OFFSET 0)))
  ),
  ${isLimited ? `${flowTables},` : ''}
  numbered AS MATERIALIZED (
    SELECT f.*, ${nextPosition} AS new_position
    FROM (SELECT * FROM ${isLimited ? `${withinFlow} AS limited` : 'found'} ORDER BY n) f
  ),
  ${isLimited ? `${recordClaims('numbered', 'new_position')},` : ''}
  updated AS (
    UPDATE events e SET position = c.new_position, updated_at = c.at, status = 'PENDING', queued = true
    FROM numbered c
    WHERE e.id = c.id AND e.position = c.was_at
    RETURNING c.*, e.created_position, e.retries, e.priority, e.topic, e.request_id, e.node_id, e.project, e.user_name, e.sender
  ),
  leased AS (
    INSERT INTO jobs (event_id, source_id, position, source_position, ready_at, attempt, max_retries, retry_delay_ms,
      lease_ms, last_run, target, priority, consumer, worker, key_id, flow_key, last_write)
    SELECT id, NULL, new_position, created_position, at + make_interval(secs => lease_ms / 1000.0), 1, max_retries,
      retry_delay_ms, lease_ms, retries >= max_retries, topic, priority, consumer, worker, key_id, flow_key, claim_id
    FROM updated
  ),
  logged AS (
    INSERT INTO log (position, event_id, kind, from_status, status, at, "by", attempt, topic, request_id, node_id, project,
      user_name, sender)
    SELECT new_position, id, 'STATUS', from_status, 'PENDING', at, worker, 1, topic, request_id, node_id, project, user_name,
      sender
    FROM updated
  )
  SELECT n, new_position AS position, at + make_interval(secs => lease_ms / 1000.0) AS until FROM updated
  UNION ALL
  SELECT i.n, j.position, j.ready_at
  FROM input i CROSS JOIN LATERAL (SELECT * FROM jobs WHERE $3::boolean AND jobs.event_id = i.id LIMIT 1) j
  WHERE j.last_write = i.claim_id
  UNION ALL
  SELECT NULL, NULL, NULL FROM hinted`;
}

/** In the order of `claims`, which must be of distinct events; null for one that does not wait any more. */
export function claimQueued(
  claims: readonly QueuedClaim[],
  retried: boolean,
  hint: string,
): BatchedQuery<readonly (ClaimedQueued | null)[]> {
  const values = [JSON.stringify(claims.map(toRow)), hint, retried];
  const statement = claims.some(({ limit }) => limit !== null)
    ? { name: 'claim-limited', text: claimLimitedStatement, values }
    : { name: 'claim-queued', text: claimStatement, values };
  const numbers = claims.map((_, n) => n);
  return queryByKey(statement, numbers, 'n');
}

function toRow({ claimId, eventId, consumerId, terms, yields, limit }: QueuedClaim, n: number): object {
  const claim = { n, id: eventId, claim_id: claimId, consumer: consumerId, yields };
  return { ...claim, flow_key: limit?.key ?? null, ...termColumns(terms) };
}
