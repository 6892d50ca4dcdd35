// Writes new events and their log entries: one statement, one commit, however many.
import type { EventStatus, Position } from '../domain/event.ts';
import type { Queryable } from '../database/database.ts';
import { underLock } from './log-lock.ts';

/** A new event, ready to be written. Null `requestId` means the parent's, else `fallbackRequestId`. */
export interface NewEvent {
  readonly id: string;
  readonly hash: string | null;
  readonly topic: string;
  readonly eventType: string;
  readonly sender: string | null;
  readonly senderType: string | null;
  readonly project: string | null;
  readonly user: string | null;
  readonly requestId: string | null;
  readonly fallbackRequestId: string;
  readonly nodeId: string | null;
  readonly dependsOnId: string | null;
  readonly status: EventStatus;
  readonly description: string;
  /** JSON text. */
  readonly summary: string;
  /** JSON text. */
  readonly payload: string;
  readonly by: string;
}

/** An event that was there before. */
export interface ExistingEvent {
  readonly id: string;
  readonly requestId: string;
  readonly nodeId: string;
  readonly dependsOnId: string | null;
}

export interface CreatedRow {
  /** Null where nothing was written. */
  readonly position: Position | null;
  readonly at: Date | null;
  readonly requestId: string;
  /** Whether the event named by `dependsOn` exists (true where none is named). */
  readonly parentFound: boolean;
  /** The event that has the hash, if any. */
  readonly sameHash: ExistingEvent | null;
  /** The id of the event that has this node id in the request, if any. */
  readonly sameNode: string | null;
}

/**
 * What stands in the way of an insert is looked up in the same statement, so that the usual duplicate costs no second
 * round trip. Only what another gateway commits between this statement's snapshot and its lock is missed by those
 * look-ups; the unique indexes catch it (the row is not inserted and no reason is given), and the caller asks again.
 * A parent deleted in that moment breaks the foreign key: the flush fails and is tried in smaller groups.
 *
 * Look-ups are scalar subqueries, since a join could be planned as a hash join over the whole table while that is
 * small, and the plan be kept when it has grown. `json_to_recordset` takes the rows as one text: for payloads of
 * 8 KB that took a quarter less time than arrays and `unnest`, and the same for small ones.
 */
const createStatement = `WITH ${underLock},
  input AS MATERIALIZED (
    SELECT i.*,
      (SELECT p.request_id FROM events p WHERE p.id = i.depends_on) AS parent_request_id,
      (SELECT json_build_object('id', h.id, 'requestId', h.request_id, 'nodeId', h.node_id, 'dependsOnId', h.depends_on)
         FROM events h WHERE h.hash = i.hash) AS same_hash,
      CASE WHEN $3::boolean THEN (SELECT o.created_position FROM events o WHERE o.id = i.id) END AS own_position
    FROM json_to_recordset($1::json) AS i(
      n int, id uuid, hash text, topic text, event_type text, sender text, sender_type text, project text,
      user_name text, request_id text, fallback_request_id text, node_id text, depends_on uuid,
      status event_status, description text, "by" text, summary jsonb, payload jsonb)
  ),
  placed AS MATERIALIZED (
    SELECT i.*, coalesce(i.request_id, i.parent_request_id, i.fallback_request_id) AS chain,
      (SELECT s.id FROM events s WHERE i.node_id IS NOT NULL AND s.node_id = i.node_id
         AND s.request_id = coalesce(i.request_id, i.parent_request_id, i.fallback_request_id)) AS same_node,
      (i.depends_on IS NULL OR i.parent_request_id IS NOT NULL) AS parent_found
    FROM input i
  ),
  accepted AS MATERIALIZED (
    SELECT p.*, nextval('log_position') AS position, m.at
    FROM (SELECT * FROM placed WHERE parent_found AND same_hash IS NULL AND same_node IS NULL AND own_position IS NULL
          ORDER BY n) p, moment m
  ),
  inserted AS (
    INSERT INTO events (id, position, created_position, hash, topic, event_type, sender, sender_type, project, user_name,
      request_id, node_id, depends_on, status, description, summary, payload, created_at, updated_at, finished_at)
    SELECT id, position, position, hash, topic, event_type, sender, sender_type, project, user_name,
      chain, coalesce(node_id, id::text), depends_on, status, description, summary, payload, at, at,
      CASE WHEN status = 'FINISHED' THEN at END
    FROM accepted ORDER BY n
    ON CONFLICT DO NOTHING
    RETURNING id
  ),
  logged AS (
    INSERT INTO log (position, event_id, kind, status, at, "by", topic, request_id, node_id, project, user_name, sender)
    SELECT a.position, a.id, 'CREATED', a.status, a.at, a."by", a.topic, a.chain, coalesce(a.node_id, a.id::text),
      a.project, a.user_name, a.sender
    FROM inserted JOIN accepted a USING (id) ORDER BY a.n
  )
  SELECT p.n,
    CASE WHEN x.id IS NULL THEN p.own_position ELSE a.position END AS "position",
    CASE WHEN x.id IS NOT NULL THEN a.at
         WHEN p.own_position IS NOT NULL THEN (SELECT o.created_at FROM events o WHERE o.id = p.id) END AS "at",
    p.chain AS "requestId", p.parent_found AS "parentFound", p.same_hash AS "sameHash", p.same_node AS "sameNode",
    (SELECT count(*) FROM hinted) AS hints
  FROM placed p LEFT JOIN accepted a USING (id) LEFT JOIN inserted x USING (id)`;

/** In the order of `events`. `retried`: an earlier try may have been committed, so that a row of ours may be there. */
export async function createEvents(
  database: Queryable,
  events: readonly NewEvent[],
  retried: boolean,
  hint: string,
): Promise<CreatedRow[]> {
  const values = [`[${events.map(toRow).join(',')}]`, hint, retried];
  const rows = await database.query<CreatedRow & { n: number }>({
    name: 'create-events',
    text: createStatement,
    values,
  });
  return rows.sort((a, b) => a.n - b.n);
}

/** The JSON texts are spliced in as they are: they were made by JSON.stringify. */
function toRow(event: NewEvent, n: number): string {
  const light = JSON.stringify({
    n,
    id: event.id,
    hash: event.hash,
    topic: event.topic,
    event_type: event.eventType,
    sender: event.sender,
    sender_type: event.senderType,
    project: event.project,
    user_name: event.user,
    request_id: event.requestId,
    fallback_request_id: event.fallbackRequestId,
    node_id: event.nodeId,
    depends_on: event.dependsOnId,
    status: event.status,
    description: event.description,
    by: event.by,
  });
  return `${light.slice(0, -1)},"summary":${event.summary},"payload":${event.payload}}`;
}
