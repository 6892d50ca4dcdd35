// Changes events and writes the changes to the log, any number in one statement.
import { type BatchedQuery, queryByKey } from '../../database/batched-query.ts';
import { jsonArray } from '../../database/json-array.ts';
import type { EventStatus, Position } from '../../domain/events/event.ts';
import { transitions } from '../../domain/events/status.ts';
import { pause } from '../jobs/job-sql.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { nextPosition, underLock } from './log-lock.ts';
import { isReservedSql, scopeColumns, scopeDefinitions, withinInput } from './rows-sql.ts';

/** A change to be written. Null leaves a field unchanged, unless `replace`, which sets all content as given. */
export interface EventChangeRow {
  readonly id: string;
  readonly replace: boolean;
  readonly topic: string | null;
  readonly eventType: string | null;
  readonly senderType: string | null;
  readonly status: EventStatus | null;
  readonly description: string | null;
  readonly retries: number | null;
  /** Only with `replace`. */
  readonly priority: number | null;
  readonly project: string | null;
  readonly user: string | null;
  readonly sender: string | null;
  /** JSON texts. */
  readonly summary: string | null;
  readonly payload: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly by: string;
  /** A worker's fencing token. The change is made only while this attempt holds the job's lease. */
  readonly attempt: number | null;
  /** Identifies a write with an attempt, so that a retry of it is recognised. */
  readonly writeId: string | null;
  /** The worker releases the job. This is logged as a change of status even if the status stays. */
  readonly release: boolean;
  /** The change is not allowed unless the event is PENDING: nobody has begun it. */
  readonly unbegun: boolean;
  /** The rows of who changes it: an event outside is not found. */
  readonly rows: RowScope | null;
  /** The attempt holds the lease only if this key claimed the job; null for any key. */
  readonly onlyOf: string | null;
  /**
   * Any status may follow any. A write without an attempt is taken to be the holder's: it extends the lease instead of
   * ending it. The first retry of a failed job needs no delay.
   */
  readonly lenient: boolean;
}

export interface UpdatedRow {
  readonly found: boolean;
  /** Whether the transition from `fromStatus` is allowed. */
  readonly allowed: boolean;
  /** Whether the attempt holds the lease; true if no attempt was given. */
  readonly holds: boolean;
  /** Whether the event is scheduled. It can then be aborted, and its content can change. */
  readonly held: boolean;
  /** Its topic is one of the gateway itself: it is not changed. */
  readonly reserved: boolean;
  readonly fromStatus: EventStatus | null;
  readonly position: Position | null;
  readonly status: EventStatus | null;
}

/**
 * A change of the given fields that leaves the rest unchanged. A single object literal, since spreading several
 * objects is many times slower.
 */
export function changeOf(given: Pick<EventChangeRow, 'id' | 'by'> & Partial<EventChangeRow>): EventChangeRow {
  return {
    id: given.id,
    replace: given.replace ?? false,
    topic: given.topic ?? null,
    eventType: given.eventType ?? null,
    senderType: given.senderType ?? null,
    status: given.status ?? null,
    description: given.description ?? null,
    retries: given.retries ?? null,
    priority: given.priority ?? null,
    project: given.project ?? null,
    user: given.user ?? null,
    sender: given.sender ?? null,
    summary: given.summary ?? null,
    payload: given.payload ?? null,
    result: given.result ?? null,
    error: given.error ?? null,
    by: given.by,
    attempt: given.attempt ?? null,
    writeId: given.writeId ?? null,
    release: given.release ?? false,
    unbegun: given.unbegun ?? false,
    rows: given.rows ?? null,
    onlyOf: given.onlyOf ?? null,
    lenient: given.lenient ?? false,
  };
}

const transitionRows = Object.entries(transitions)
  .flatMap(([from, tos]) => tos.map((to) => `('${from}', '${to}')`))
  .join(', ');

/**
 * The rows are read in the statement's snapshot, which is older than its lock. `position` is the row version that
 * reveals a change committed in between: the update then finds no row, and the caller retries.
 *
 * A job's row is updated as well. A write that ends a run ends the lease, and so does a write without an attempt. A
 * job that has not ended is then ready: at once, or after its retry delay if it failed. A lease that lapsed before
 * stays lapsed, since it counts as a run. A FAILED job that waits for its retry can be aborted. A scheduled event can
 * only be aborted, and is then never published; other changes of it are not announced. `repeated`: this write may
 * have been committed by an earlier attempt.
 *
 * A lenient write extends the lease of a job that is held, in `renewed` if it changes nothing else; there a lease with
 * more than nine tenths left stays, so that a flood of progress writes no rows. If it makes a job PENDING or
 * IN_PROGRESS that nobody holds, the event's sender holds it from now on.
 */
const updateStatement = `WITH ${underLock},
  input AS MATERIALIZED (
    SELECT i.* FROM json_to_recordset($1::json) AS i(
      n int, id uuid, replace boolean, topic text, event_type text, sender_type text, status event_status,
      description text, retries int, priority smallint, project text, user_name text, sender text, "by" text, sets_summary boolean,
      sets_payload boolean, sets_result boolean, sets_error boolean, attempt int, write_id uuid, release boolean,
      summary_bytes int, payload_bytes int, result_bytes int, only_of text, unbegun boolean, lenient boolean, ${scopeDefinitions})
  ),
  found AS MATERIALIZED (
    SELECT i.*, m.at, e.position AS was_at, e.status AS from_status, e.held, j.worker,
      ${isReservedSql('e')} IS TRUE AS reserved,
      coalesce(i.status, e.status) AS to_status,
      coalesce(i.status <> e.status, false) AS moves,
      (i.unbegun IS NOT TRUE OR e.status = 'PENDING') AND (i.status IS NULL OR i.status = e.status
        OR (NOT e.held OR i.status = 'ABORTED') AND (e.status::text, i.status::text) IN (VALUES ${transitionRows})
        OR (e.status = 'FAILED' AND i.status = 'ABORTED' AND j.ready_at IS NOT NULL)
        OR (i.lenient AND NOT e.held)) AS allowed,
      (i.replace OR i.release OR i.sets_result OR i.description IS NOT NULL OR i.retries IS NOT NULL
        OR i.project IS NOT NULL OR i.user_name IS NOT NULL OR i.sender IS NOT NULL OR i.sets_summary
        OR i.sets_payload OR i.sets_error OR (i.lenient AND i.status IS NOT NULL)) AS has_content,
      (i.attempt IS NULL OR (i.attempt = j.attempt AND j.worker IS NOT NULL AND j.ready_at > m.at
        AND (i.only_of IS NULL OR i.only_of = j.key_id))) IS TRUE AS holds,
      ($3::boolean AND i.write_id = j.last_write) IS TRUE AS repeated
    FROM input i CROSS JOIN moment m
      LEFT JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id AND ${withinInput('events', 'i')} LIMIT 1) e ON true
      LEFT JOIN LATERAL (SELECT * FROM jobs WHERE (e.job OR e.queued) AND jobs.event_id = i.id LIMIT 1) j ON true
  ),
  current AS MATERIALIZED (
    SELECT f.*, was_at IS NOT NULL AND NOT reserved AND allowed AND holds AND NOT repeated AND (moves OR has_content) AS changes
    FROM found f
  ),
  changing AS MATERIALIZED (
    SELECT c.*, ${nextPosition} AS position FROM (SELECT * FROM current WHERE changes ORDER BY n) c
  ),
  updated AS (
    UPDATE events e SET
      position = c.position,
      updated_at = c.at,
      status = c.to_status,
      held = e.held AND NOT c.moves,
      started_at = CASE WHEN c.moves AND c.to_status = 'IN_PROGRESS' THEN c.at ELSE e.started_at END,
      finished_at = CASE WHEN NOT c.moves THEN e.finished_at
                         WHEN c.to_status IN ('FINISHED', 'FAILED', 'ABORTED') THEN c.at END,
      topic = coalesce(c.topic, e.topic),
      event_type = coalesce(c.event_type, e.event_type),
      sender_type = CASE WHEN c.replace THEN c.sender_type ELSE e.sender_type END,
      sender = CASE WHEN c.replace THEN c.sender ELSE coalesce(c.sender, e.sender) END,
      project = CASE WHEN c.replace THEN c.project ELSE coalesce(c.project, e.project) END,
      user_name = CASE WHEN c.replace THEN c.user_name ELSE coalesce(c.user_name, e.user_name) END,
      description = coalesce(c.description, e.description),
      retries = coalesce(c.retries, e.retries),
      priority = coalesce(c.priority, e.priority),
      summary = CASE WHEN c.sets_summary THEN ($4::jsonb[])[c.n] ELSE e.summary END,
      payload = CASE WHEN c.sets_payload THEN ($5::jsonb[])[c.n] ELSE e.payload END,
      summary_bytes = CASE WHEN c.sets_summary THEN c.summary_bytes ELSE e.summary_bytes END,
      payload_bytes = CASE WHEN c.sets_payload THEN c.payload_bytes ELSE e.payload_bytes END,
      result_bytes = CASE WHEN c.sets_result THEN c.result_bytes ELSE e.result_bytes END,
      result = CASE WHEN c.sets_result THEN ($6::jsonb[])[c.n] ELSE e.result END,
      error = CASE WHEN c.sets_error THEN ($7::jsonb[])[c.n]
                   WHEN c.moves AND c.to_status = 'FINISHED' THEN NULL ELSE e.error END
    FROM changing c
    WHERE e.id = c.id AND e.position = c.was_at
    RETURNING c.n, c.write_id, c.moves OR c.release AS moves, c.from_status, c.to_status, c.position, c.at, c.attempt, c.replace,
      CASE WHEN c.attempt IS NOT NULL THEN c.worker ELSE c."by" END AS "by",
      c.description AS why, c.attempt IS NOT NULL AND NOT c.release AS keeps,
      c.lenient, c.sender AS new_sender, c.retries IS NOT NULL AS sets_retries, e.id, e.retries, e.job OR e.queued AS is_job, e.held,
      e.topic, e.request_id, e.node_id, e.project, e.user_name, e.sender
  ),
  settled AS (
    UPDATE jobs j SET
      position = u.position,
      last_run = u.retries >= j.max_retries,
      last_write = u.write_id,
      exhausted = u.to_status = 'FAILED' AND (CASE WHEN u.moves OR (u.lenient AND u.sets_retries) THEN u.retries >= j.max_retries ELSE j.exhausted END),
      worker = CASE
        WHEN u.lenient AND u.to_status IN ('PENDING', 'IN_PROGRESS') THEN
          CASE WHEN u.moves OR j.worker IS NOT NULL THEN coalesce(u.new_sender, j.worker, u.sender, u."by") END
        WHEN u.to_status IN ('PENDING', 'IN_PROGRESS') AND (u.keeps OR j.ready_at <= u.at) THEN j.worker END,
      ready_at = CASE
        WHEN u.to_status IN ('FINISHED', 'ABORTED') THEN NULL
        WHEN u.lenient AND u.to_status IN ('PENDING', 'IN_PROGRESS') AND (u.moves OR j.worker IS NOT NULL) THEN
          u.at + make_interval(secs => j.lease_ms / 1000.0)
        WHEN u.lenient AND NOT u.moves AND NOT u.sets_retries THEN j.ready_at
        WHEN u.lenient AND u.to_status = 'FAILED' AND u.retries < j.max_retries AND u.retries = 0 THEN u.at
        WHEN u.lenient AND u.to_status = 'FAILED' AND u.retries < j.max_retries THEN u.at + ${pause('j.retry_delay_ms', 'u.retries')}
        WHEN u.lenient AND u.to_status = 'FAILED' THEN NULL
        WHEN u.to_status <> 'FAILED' THEN CASE WHEN u.keeps OR j.ready_at <= u.at THEN j.ready_at ELSE u.at END
        WHEN NOT u.moves THEN j.ready_at
        WHEN u.retries < j.max_retries THEN u.at + ${pause('j.retry_delay_ms', 'u.retries')} END
    FROM updated u WHERE u.is_job AND j.event_id = u.id
  ),
  renewed AS (
    UPDATE jobs j SET ready_at = c.at + make_interval(secs => j.lease_ms / 1000.0)
    FROM (SELECT * FROM current WHERE lenient AND was_at IS NOT NULL AND holds AND NOT changes AND NOT reserved) c
    WHERE j.event_id = c.id
      AND (j.worker IS NOT NULL AND j.ready_at < c.at + make_interval(secs => j.lease_ms / 1111.0)) IS TRUE
  ),
  logged AS (
    INSERT INTO log (position, event_id, kind, from_status, status, at, "by", description, attempt,
      topic, request_id, node_id, project, user_name, sender)
    SELECT position, id, CASE WHEN moves THEN 'STATUS' ELSE 'UPDATED' END::change_kind,
      CASE WHEN moves THEN from_status END, to_status, at, "by", CASE WHEN moves AND NOT replace THEN why END, attempt,
      topic, request_id, node_id, project, user_name, sender
    FROM updated WHERE NOT held
  )
  SELECT n, true AS found, true AS allowed, true AS holds, false AS held, false AS reserved,
    from_status AS "fromStatus", position, to_status AS status
  FROM updated
  UNION ALL
  SELECT n, was_at IS NOT NULL, allowed OR repeated, holds OR repeated, held IS TRUE, reserved, from_status, was_at, from_status
  FROM current WHERE NOT changes
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM hinted`;

/**
 * In the order of `changes`, which must be of distinct events; null for one that another gateway changed first. The
 * caller then retries.
 */
export function updateEvents(
  changes: readonly EventChangeRow[],
  retried: boolean,
  hint: string,
): BatchedQuery<readonly (UpdatedRow | null)[]> {
  const values = [
    JSON.stringify(changes.map(toRow)),
    hint,
    retried,
    jsonArray(changes.map(({ summary }) => summary)),
    jsonArray(changes.map(({ payload }) => payload)),
    jsonArray(changes.map(({ result }) => result)),
    jsonArray(changes.map(({ error }) => error)),
  ];
  const statement = { name: 'update-events', text: updateStatement, values };
  const numbers = changes.map((_, index) => index + 1);
  return queryByKey(statement, numbers, 'n');
}

/** Everything but the JSON. `n` counts from 1, like Postgres arrays. */
function toRow(change: EventChangeRow, index: number): object {
  return {
    n: index + 1,
    id: change.id,
    replace: change.replace,
    topic: change.topic,
    event_type: change.eventType,
    sender_type: change.senderType,
    status: change.status,
    description: change.description,
    retries: change.retries,
    priority: change.priority,
    project: change.project,
    user_name: change.user,
    sender: change.sender,
    by: change.by,
    attempt: change.attempt,
    write_id: change.writeId,
    release: change.release,
    sets_summary: change.summary !== null,
    sets_payload: change.payload !== null,
    sets_result: change.result !== null,
    sets_error: change.error !== null,
    summary_bytes: bytesOf(change.summary),
    payload_bytes: bytesOf(change.payload),
    result_bytes: bytesOf(change.result),
    lenient: change.lenient,
    ...(change.onlyOf !== null && { only_of: change.onlyOf }),
    ...(change.unbegun && { unbegun: true }),
    ...scopeColumns(change.rows),
  };
}

function bytesOf(text: string | null): number | null {
  return text === null ? null : Buffer.byteLength(text);
}
