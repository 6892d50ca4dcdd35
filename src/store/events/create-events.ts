// Writes new events and their log entries: one statement, one commit, however many.
import type { EventModel } from '../../../generated/prisma/models.ts';
import type { EventRecord, Position } from '../../domain/events/event.ts';
import { type BatchedQuery, batchedQuery } from '../../database/batched-query.ts';
import { jsonArray } from '../../database/json-array.ts';
import { type CreatedJob, createJobs, type NewJob } from '../jobs/create-jobs.ts';
import { nextPosition, underLock } from './log-lock.ts';

/** A new event, ready to be written. Null `requestId` means the parent's, else `fallbackRequestId`. */
export interface NewEvent extends Pick<
  EventRecord,
  | 'id'
  | 'hash'
  | 'topic'
  | 'eventType'
  | 'sender'
  | 'senderType'
  | 'project'
  | 'user'
  | 'dependsOnId'
  | 'status'
  | 'description'
> {
  readonly requestId: string | null;
  readonly fallbackRequestId: string;
  readonly nodeId: string | null;
  /** JSON text. */
  readonly summary: string;
  /** JSON text. */
  readonly payload: string;
  readonly by: string;
  /** When it is to be sent; null for now. Those of one call are all of one kind. */
  readonly sendAt: Date | null;
  /** Runs of handlers, to be made with it. */
  readonly runs: readonly NewRun[];
}

/** A run of a handler for an event that is about to be written. */
export type NewRun = Omit<NewJob, 'sourceId' | 'sourcePosition'>;

/** An event that was there before. */
export type ExistingEvent = Readonly<
  Pick<EventModel, 'id' | 'held' | 'requestId' | 'nodeId' | 'dependsOnId'>
>;

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

/** In the order of the event's `runs`; null for one that was not made. */
export interface CreatedWithRuns extends CreatedRow {
  readonly runs: readonly (CreatedJob | null)[];
}

/**
 * What stands in the way of an insert is looked up in the same statement, so that the usual duplicate costs no second
 * round trip. Only what another gateway commits between this statement's snapshot and its lock is missed by those
 * look-ups; the unique indexes catch it (the row is not inserted and no reason is given), and the caller asks again.
 * A parent deleted in that moment breaks the foreign key: the flush fails and is tried in smaller groups.
 *
 * Nothing is joined: look-ups are scalar subqueries, since a join could be planned as a hash join over the whole table
 * while that is small, and the plan be kept when it has grown; and the steps of a thousand rows, joined to one another
 * by nested loops, take a million comparisons each. So what was inserted and what stood in the way come as rows of two
 * kinds. `makers` takes the names of the makers past the insert, which can return its own columns only: positions
 * drawn in one statement follow one another. Summaries and payloads come in arrays of their own and go straight into the
 * table: as parts of the rows, which are kept twice on their way, flushes of 1,000 with payloads of 10 KB took twice the
 * time.
 */
const createStatement = statementOf({
  makers: 'min(position) AS first, array_agg("by" ORDER BY position) AS names',
  born: { status: 'status', held: 'false', finishedAt: "CASE WHEN status = 'FINISHED' THEN at END" },
  logged: `INSERT INTO log (position, event_id, kind, status, at, "by", topic, request_id, node_id, project, user_name, sender)
    SELECT i.position, i.id, 'CREATED', i.status, i.created_at, m.names[i.position - m.first + 1], i.topic, i.request_id,
      i.node_id, i.project, i.user_name, i.sender
    FROM inserted i, makers m`,
});

/** What is held back has no entry in the log: nobody is told of it before its time. */
const holdStatement = statementOf({
  makers: `min(position) AS first, array_agg("by" ORDER BY position) AS names,
      array_agg(send_at ORDER BY position) AS times, array_agg(status ORDER BY position) AS statuses`,
  born: { status: "'PENDING'", held: 'true', finishedAt: 'NULL::timestamptz' },
  logged: `INSERT INTO scheduled_events (event_id, send_at, status, "by")
    SELECT i.id, m.times[i.position - m.first + 1], m.statuses[i.position - m.first + 1], m.names[i.position - m.first + 1]
    FROM inserted i, makers m`,
});

interface Birth {
  readonly makers: string;
  readonly born: { readonly status: string; readonly held: string; readonly finishedAt: string };
  readonly logged: string;
}

function statementOf({ makers, born, logged }: Birth): string {
  return `WITH ${underLock},
  placed AS MATERIALIZED (
    SELECT i.*, coalesce(i.request_id, i.parent_request_id, i.fallback_request_id) AS chain,
      CASE WHEN i.node_id IS NOT NULL THEN (SELECT s.id FROM events s WHERE s.node_id = i.node_id
         AND s.request_id = coalesce(i.request_id, i.parent_request_id, i.fallback_request_id)) END AS same_node,
      (i.depends_on IS NULL OR i.parent_request_id IS NOT NULL) AS parent_found
    FROM (
      SELECT r.*,
        CASE WHEN r.depends_on IS NOT NULL THEN
          (SELECT p.request_id FROM events p WHERE p.id = r.depends_on) END AS parent_request_id,
        CASE WHEN r.hash IS NOT NULL THEN
          (SELECT json_build_object('id', h.id, 'held', h.held, 'requestId', h.request_id, 'nodeId', h.node_id,
             'dependsOnId', h.depends_on) FROM events h WHERE h.hash = r.hash) END AS same_hash,
        CASE WHEN $3::boolean THEN (SELECT o.created_position FROM events o WHERE o.id = r.id) END AS own_position
      FROM json_to_recordset($1::json) AS r(
        n int, id uuid, hash text, topic text, event_type text, sender text, sender_type text, project text,
        user_name text, request_id text, fallback_request_id text, node_id text, depends_on uuid,
        status event_status, description text, "by" text, send_at timestamptz, summary_bytes int, payload_bytes int)
      OFFSET 0
    ) i
  ),
  accepted AS MATERIALIZED (
    SELECT p.*, ${nextPosition} AS position, m.at
    FROM (SELECT * FROM placed WHERE parent_found AND same_hash IS NULL AND same_node IS NULL AND own_position IS NULL
          ORDER BY n) p, moment m
  ),
  makers AS MATERIALIZED (SELECT ${makers} FROM accepted),
  inserted AS (
    INSERT INTO events (id, position, created_position, hash, topic, event_type, sender, sender_type, project, user_name,
      request_id, node_id, depends_on, status, held, description, summary, payload, created_at, updated_at, finished_at,
      summary_bytes, payload_bytes)
    SELECT id, position, position, hash, topic, event_type, sender, sender_type, project, user_name,
      chain, coalesce(node_id, id::text), depends_on, ${born.status}, ${born.held}, description, ($4::jsonb[])[n],
      ($5::jsonb[])[n], at, at, ${born.finishedAt}, summary_bytes, payload_bytes
    FROM accepted
    ON CONFLICT DO NOTHING
    RETURNING id, position, status, created_at, topic, request_id, node_id, project, user_name, sender
  ),
  logged AS (
    ${logged}
  )
  SELECT id, position, created_at AS at, request_id AS "requestId", true AS "parentFound", NULL::json AS "sameHash",
    NULL::uuid AS "sameNode" FROM inserted
  UNION ALL
  SELECT id, own_position, (SELECT o.created_at FROM events o WHERE o.id = placed.id AND own_position IS NOT NULL), chain,
    parent_found, same_hash, same_node
  FROM placed WHERE NOT parent_found OR same_hash IS NOT NULL OR same_node IS NOT NULL OR own_position IS NOT NULL
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM hinted`;
}

/**
 * In the order of `events`; null for one that was neither written nor found to have anything in its way. `retried`:
 * an earlier try may have been committed, so that a row of ours may be there.
 */
export function createEvents(
  events: readonly NewEvent[],
  retried: boolean,
  hint: string,
): BatchedQuery<readonly (CreatedRow | null)[]> {
  const values = [
    JSON.stringify(events.map(toRow)),
    hint,
    retried,
    jsonArray(events.map(({ summary }) => summary)),
    jsonArray(events.map(({ payload }) => payload)),
  ];
  const statement = events.some(({ sendAt }) => sendAt !== null)
    ? { name: 'hold-events', text: holdStatement }
    : { name: 'create-events', text: createStatement };
  return batchedQuery({ ...statement, values }, (rows: readonly (CreatedRow & { id: string | null })[]) => {
    const byId = new Map(rows.map((row) => [row.id, row]));
    return events.map(({ id }) => byId.get(id) ?? null);
  });
}

/** Events and their runs: both or neither. In the order of `events`, as `createEvents` answers. */
export function createWithRuns(
  events: readonly NewEvent[],
  retried: boolean,
  hint: string,
): BatchedQuery<readonly (CreatedWithRuns | null)[]> {
  const creation = createEvents(events, retried, hint);
  const jobs = events.flatMap(({ id, runs }) =>
    runs.map((run) => ({ ...run, sourceId: id, sourcePosition: null })),
  );
  const making = jobs.length === 0 ? null : createJobs(jobs, retried, hint);
  return {
    statements: [...creation.statements, ...(making?.statements ?? [])],
    answer: ([created = [], ...more]) => {
      const made = making?.answer(more) ?? [];
      const byId = new Map(jobs.map(({ id }, n) => [id, made[n] ?? null]));
      return creation
        .answer([created])
        .map((row, n) => row && { ...row, runs: events[n]!.runs.map(({ id }) => byId.get(id) ?? null) });
    },
  };
}

/** All but its JSON; `n` counts from 1, as arrays of Postgres do. */
function toRow(event: NewEvent, index: number): object {
  return {
    n: index + 1,
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
    send_at: event.sendAt,
    summary_bytes: Buffer.byteLength(event.summary),
    payload_bytes: Buffer.byteLength(event.payload),
  };
}
