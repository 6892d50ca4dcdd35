// Creates jobs and their log entries, any number in one statement.
import { type BatchedQuery, queryByKey } from '../../database/batched-query.ts';
import type { ClaimTerms } from '../../domain/jobs/enroll.ts';
import type { EventRecord, Position } from '../../domain/events/event.ts';
import { nextPosition, underLock } from '../events/log-lock.ts';
import { flowTables, recordClaims, withinFlow } from './flow-sql.ts';

/**
 * The initial state of a job: claimed by a worker that has yet to begin; claimed and begun; or unclaimed and ready.
 */
export type JobBirth = 'HELD' | 'BEGUN' | 'READY';

/** A job to be created for a source that became FINISHED at `sourcePosition`. */
export interface NewJob {
  readonly birth: JobBirth;
  readonly id: string;
  readonly sourceId: string;
  /** Null for the position at which it was created. */
  readonly sourcePosition: Position | null;
  readonly target: string;
  readonly consumerId: string;
  readonly terms: ClaimTerms;
  /** Whether it is not created while a job of the target is ready to run again, since those come first. */
  readonly yields: boolean;
  /** Set if the consumer has limits. */
  readonly limit?: ClaimLimit | null;
}

/** What the limits of a consumer need of a claim. */
export interface ClaimLimit {
  /** The value of the consumer's flow key. */
  readonly key: string | null;
}

export interface CreatedJob extends Pick<EventRecord, 'requestId' | 'project' | 'user' | 'priority'> {
  readonly position: Position;
  readonly at: Date;
  /** The end of the lease; for an unclaimed job, its creation time. */
  readonly until: Date;
}

/**
 * No job is created if the source has got one, or has changed, since it was found; nor a sequential job while another
 * of its target has not ended. The unique index catches what was committed between this statement's snapshot and its
 * lock. For sequential jobs the caller takes the lock in an earlier statement.
 *
 * There are no joins, as in create-events.ts: the terms are carried past the insert in arrays, by position, since
 * positions drawn in one statement are consecutive.
 */
const createJobsStatement = statementOf(false);
const createLimitedStatement = statementOf(true);

function statementOf(isLimited: boolean): string {
  return `WITH ${underLock},
  input AS MATERIALIZED (
    SELECT i.* FROM json_to_recordset($1::json) AS i(
      n int, id uuid, source uuid, source_position int8, target text, consumer text, worker text, sender text,
      sender_type text, description text, project text, max_retries int, retry_delay_ms int, lease_ms int,
      sequential boolean, status event_status, held boolean, yields boolean, key_id text,
      claimed_for text${isLimited ? ', flow_key text' : ''})
  ),
  found AS MATERIALIZED (
    SELECT i.*, ${isLimited ? 'true AS claims, ' : ''}coalesce(i.source_position, s.created_position) AS source_place, s.request_id, coalesce(i.project, s.project) AS job_project, coalesce(i.claimed_for, s.user_name) AS user_name, s.priority
    FROM input i CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.source LIMIT 1) s
    WHERE s.status = 'FINISHED'
      AND NOT EXISTS (SELECT FROM events x WHERE x.depends_on = i.source AND x.topic = i.target AND x.job OFFSET 0)
      AND NOT EXISTS (SELECT FROM purged_jobs p WHERE p.source_id = i.source AND p.topic = i.target OFFSET 0)
      AND NOT (i.sequential
        AND EXISTS (SELECT FROM jobs o WHERE o.target = i.target AND o.ready_at IS NOT NULL OFFSET 0))
      AND NOT (i.yields AND EXISTS (SELECT FROM (
        SELECT FROM jobs o WHERE o.target = i.target AND o.ready_at <= (SELECT at FROM moment)
        ORDER BY o.ready_at LIMIT 1) o OFFSET 0))
  ),
  ${isLimited ? `${flowTables},` : ''}
  accepted AS MATERIALIZED (
    SELECT f.*, ${nextPosition} AS position, m.at
    FROM (SELECT * FROM ${isLimited ? `${withinFlow} AS limited` : 'found'} ORDER BY n) f, moment m
  ),
  ${isLimited ? `${recordClaims('accepted', 'position')},` : ''}
  terms AS MATERIALIZED (
    SELECT min(position) AS first, array_agg(worker ORDER BY position) AS workers, array_agg(consumer ORDER BY position) AS consumers,
      array_agg(key_id ORDER BY position) AS keys, ${isLimited ? 'array_agg(flow_key ORDER BY position) AS flow_keys,' : ''}
      array_agg(held ORDER BY position) AS held,
      array_agg(source_place ORDER BY position) AS source_positions,
      array_agg(max_retries ORDER BY position) AS max_retries,
      array_agg(retry_delay_ms ORDER BY position) AS delays, array_agg(lease_ms ORDER BY position) AS leases,
      array_agg(CASE WHEN held THEN lease_ms / 1000.0 ELSE 0 END ORDER BY position) AS seconds
    FROM accepted
  ),
  inserted AS (
    INSERT INTO events (id, position, created_position, topic, event_type, sender, sender_type, project, user_name,
      request_id, node_id, depends_on, status, description, priority, created_at, updated_at, started_at, job)
    SELECT id, position, position, target, 'events.NormalType', sender, sender_type, job_project, user_name,
      request_id, id::text, source, status, coalesce(description, ''), priority, at, at, CASE WHEN status = 'IN_PROGRESS' THEN at END,
      true
    FROM accepted
    ON CONFLICT DO NOTHING
    RETURNING id, position, status, created_at, topic, request_id, node_id, project, user_name, sender, depends_on, priority
  ),
  logged AS (
    INSERT INTO log (position, event_id, kind, status, at, "by", attempt, topic, request_id, node_id, project, user_name,
      sender)
    SELECT i.position, i.id, 'CREATED', i.status, i.created_at, t.workers[i.position - t.first + 1],
      CASE WHEN t.held[i.position - t.first + 1] THEN 1 END, i.topic,
      i.request_id, i.node_id, i.project, i.user_name, i.sender
    FROM inserted i, terms t
  ),
  leased AS (
    INSERT INTO jobs (event_id, source_id, position, source_position, ready_at, attempt, max_retries, retry_delay_ms,
      lease_ms, last_run, target, priority, consumer, worker, key_id${isLimited ? ', flow_key' : ''})
    SELECT i.id, i.depends_on, i.position, t.source_positions[i.position - t.first + 1],
      i.created_at + make_interval(secs => t.seconds[i.position - t.first + 1]), t.held[i.position - t.first + 1]::int,
      t.max_retries[i.position - t.first + 1], t.delays[i.position - t.first + 1], t.leases[i.position - t.first + 1],
      t.max_retries[i.position - t.first + 1] = 0, i.topic, i.priority, t.consumers[i.position - t.first + 1],
      CASE WHEN t.held[i.position - t.first + 1] THEN t.workers[i.position - t.first + 1] END,
      CASE WHEN t.held[i.position - t.first + 1] THEN t.keys[i.position - t.first + 1] END
      ${isLimited ? ', t.flow_keys[i.position - t.first + 1]' : ''}
    FROM inserted i, terms t
    RETURNING event_id
  )
  SELECT id, position, created_at AS at, request_id AS "requestId", project, user_name AS "user", priority,
    created_at + make_interval(secs => t.seconds[position - t.first + 1]) AS until
  FROM inserted, terms t
  UNION ALL
  SELECT e.id, e.position, e.created_at, e.request_id, e.project, e.user_name, e.priority, j.ready_at
  FROM input i
    CROSS JOIN LATERAL (SELECT * FROM jobs WHERE $3::boolean AND jobs.event_id = i.id LIMIT 1) j
    CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e
  WHERE NOT i.held OR (j.attempt = 1 AND j.worker IS NOT NULL)
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM hinted`;
}

/**
 * In the order of `jobs`; null for a job that was not created. `retried`: an earlier attempt may have been committed,
 * so that an existing job may be ours.
 */
export function createJobs(
  jobs: readonly NewJob[],
  retried: boolean,
  hint: string,
): BatchedQuery<readonly (CreatedJob | null)[]> {
  const values = [JSON.stringify(jobs.map(toRow)), hint, retried];
  const isLimited = jobs.some((job) => job.limit != null);
  const statement = isLimited
    ? { name: 'create-limited-jobs', text: createLimitedStatement, values }
    : { name: 'create-jobs', text: createJobsStatement, values };
  const ids = jobs.map(({ id }) => id);
  return queryByKey(statement, ids, 'id');
}

function toRow(job: NewJob, n: number): object {
  const { birth, id, sourceId, sourcePosition, target, consumerId, terms, yields } = job;
  return {
    n,
    id,
    source: sourceId,
    source_position: sourcePosition === null ? null : String(sourcePosition),
    target,
    consumer: consumerId,
    status: birth === 'BEGUN' ? 'IN_PROGRESS' : 'PENDING',
    held: birth !== 'READY',
    yields,
    ...(job.limit && { flow_key: job.limit.key }),
    ...termColumns(terms),
  };
}

/** As both claiming statements take them. */
export function termColumns(terms: ClaimTerms): object {
  return {
    worker: terms.worker,
    sender: terms.sender,
    sender_type: terms.senderType,
    description: terms.description,
    project: terms.project,
    claimed_for: terms.user,
    max_retries: terms.maxRetries,
    retry_delay_ms: terms.retryDelayMs,
    lease_ms: terms.leaseMs,
    sequential: terms.sequential,
    key_id: terms.key,
  };
}
