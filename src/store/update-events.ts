// Changes events and writes what changed to the log: one statement, one commit, however many.
import type { Queryable } from '../database/database.ts';
import type { EventStatus, Position } from '../domain/event.ts';
import { transitions } from '../domain/status.ts';
import { underLock } from './log-lock.ts';

/** A change to be written. Null leaves a field as it is, unless `replace`, which sets all content as it is given. */
export interface EventChangeRow {
  readonly id: string;
  readonly replace: boolean;
  readonly topic: string | null;
  readonly eventType: string | null;
  readonly senderType: string | null;
  readonly status: EventStatus | null;
  readonly description: string | null;
  readonly retries: number | null;
  readonly project: string | null;
  readonly user: string | null;
  readonly sender: string | null;
  /** JSON texts. */
  readonly summary: string | null;
  readonly payload: string | null;
  readonly result: string | null;
  readonly error: string | null;
  readonly by: string;
}

export interface UpdatedRow {
  readonly found: boolean;
  /** Whether the transition is allowed from `fromStatus`. */
  readonly allowed: boolean;
  readonly fromStatus: EventStatus | null;
  readonly position: Position | null;
  readonly status: EventStatus | null;
}

const transitionRows = Object.entries(transitions)
  .flatMap(([from, tos]) => tos.map((to) => `('${from}', '${to}')`))
  .join(', ');

/**
 * The rows are read in the statement's snapshot, which is older than its lock; `position` is the version by which a
 * change that was committed in between is noticed: the update then finds no row, and the caller looks again.
 */
const updateStatement = `WITH ${underLock},
  input AS MATERIALIZED (
    SELECT i.* FROM json_to_recordset($1::json) AS i(
      n int, id uuid, replace boolean, topic text, event_type text, sender_type text, status event_status,
      description text, retries int, project text, user_name text, sender text, "by" text, sets_result boolean,
      summary jsonb, payload jsonb, result jsonb, error jsonb)
  ),
  current AS MATERIALIZED (
    SELECT i.*, e.position AS was_at, e.status AS from_status,
      coalesce(i.status, e.status) AS to_status,
      coalesce(i.status <> e.status, false) AS moves,
      (i.status IS NULL OR i.status = e.status
        OR (e.status::text, i.status::text) IN (VALUES ${transitionRows})) AS allowed,
      (i.replace OR i.sets_result OR i.description IS NOT NULL OR i.retries IS NOT NULL OR i.project IS NOT NULL
        OR i.user_name IS NOT NULL OR i.sender IS NOT NULL OR i.summary IS NOT NULL OR i.payload IS NOT NULL
        OR i.error IS NOT NULL) AS has_content
    FROM input i LEFT JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e ON true
  ),
  changing AS MATERIALIZED (
    SELECT c.*, nextval('log_position') AS position, m.at
    FROM (SELECT * FROM current WHERE was_at IS NOT NULL AND allowed AND (moves OR has_content) ORDER BY n) c, moment m
  ),
  updated AS (
    UPDATE events e SET
      position = c.position,
      updated_at = c.at,
      status = c.to_status,
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
      summary = coalesce(c.summary, e.summary),
      payload = coalesce(c.payload, e.payload),
      result = CASE WHEN c.sets_result THEN c.result ELSE e.result END,
      error = coalesce(c.error, e.error)
    FROM changing c
    WHERE e.id = c.id AND e.position = c.was_at
    RETURNING c.n, c.moves, c.from_status, c.to_status, c.position, c.at, c."by", c.replace, c.description AS why, e.id,
      e.topic, e.request_id, e.node_id, e.project, e.user_name, e.sender
  ),
  logged AS (
    INSERT INTO log (position, event_id, kind, from_status, status, at, "by", description,
      topic, request_id, node_id, project, user_name, sender)
    SELECT position, id, CASE WHEN moves THEN 'STATUS' ELSE 'UPDATED' END::change_kind,
      CASE WHEN moves THEN from_status END, to_status, at, "by", CASE WHEN moves AND NOT replace THEN why END,
      topic, request_id, node_id, project, user_name, sender
    FROM updated
  )
  SELECT n, true AS found, true AS allowed, from_status AS "fromStatus", position, to_status AS status FROM updated
  UNION ALL
  SELECT n, was_at IS NOT NULL, allowed, from_status, was_at, from_status
  FROM current WHERE was_at IS NULL OR NOT allowed OR NOT (moves OR has_content)
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL FROM hinted`;

/**
 * In the order of `changes`, which must be of different events; null for one that another gateway changed first: look
 * again.
 */
export async function updateEvents(
  database: Queryable,
  changes: readonly EventChangeRow[],
  hint: string,
): Promise<(UpdatedRow | null)[]> {
  const values = [`[${changes.map(toRow).join(',')}]`, hint];
  const rows = await database.query<UpdatedRow & { n: number | null }>({
    name: 'update-events',
    text: updateStatement,
    values,
  });
  const byNumber = new Map(rows.map((row) => [row.n, row]));
  return changes.map((_, n) => byNumber.get(n) ?? null);
}

/** The JSON texts are spliced in as they are: they were made by JSON.stringify. */
function toRow(change: EventChangeRow, n: number): string {
  const light = JSON.stringify({
    n,
    id: change.id,
    replace: change.replace,
    topic: change.topic,
    event_type: change.eventType,
    sender_type: change.senderType,
    status: change.status,
    description: change.description,
    retries: change.retries,
    project: change.project,
    user_name: change.user,
    sender: change.sender,
    by: change.by,
    sets_result: change.result !== null,
  });
  const { summary, payload, result, error } = change;
  return `${light.slice(0, -1)},"summary":${summary},"payload":${payload},"result":${result},"error":${error}}`;
}
