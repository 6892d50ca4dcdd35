// Writes new events and their log entries, any number in one statement.
import type { EventModel } from '../../../generated/prisma/models.ts';
import type { EventRecord, Position } from '../../domain/events/event.ts';
import { type BatchedQuery, queryByKey } from '../../database/batched-query.ts';
import { jsonArray } from '../../database/json-array.ts';
import { type CreatedJob, createJobs, type NewJob } from '../jobs/create-jobs.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { nextPosition, underLock } from './log-lock.ts';
import { scopeColumns, scopeDefinitions, withinInput } from './rows-sql.ts';

/** A new event, ready to be written. Null `requestId`: the parent's, else `fallbackRequestId`. */
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
  | 'priority'
> {
  readonly requestId: string | null;
  readonly fallbackRequestId: string;
  readonly nodeId: string | null;
  /** JSON text. */
  readonly summary: string;
  /** JSON text. */
  readonly payload: string;
  readonly by: string;
  /** When to publish the event; null for immediately. All events of one call are of the same kind. */
  readonly sendAt: Date | null;
  /** Whether the event is moved out of the outbox, where its id is that of its row. All events of one call are alike. */
  readonly isFromOutbox?: boolean;
  /** Handler runs to be created with the event. */
  readonly runs: readonly NewRun[];
  /** The rows of who sends it: a parent outside is not found. */
  readonly rows: RowScope | null;
}

/** A run of a handler for an event that is about to be written. */
export type NewRun = Omit<NewJob, 'sourceId' | 'sourcePosition'>;

/** An event that existed before. */
export type ExistingEvent = Readonly<
  Pick<EventModel, 'id' | 'held' | 'topic' | 'project' | 'requestId' | 'nodeId' | 'dependsOnId'>
>;

export interface CreatedRow {
  /** Null if nothing was written. */
  readonly position: Position | null;
  readonly at: Date | null;
  readonly requestId: string;
  /** Whether the parent named by `dependsOn` exists; true if none is named. */
  readonly parentFound: boolean;
  /** The event with the same hash, if any. */
  readonly sameHash: ExistingEvent | null;
  /** The event that has this node id in the request, if any. */
  readonly sameNode: Readonly<Pick<EventModel, 'id' | 'topic' | 'project'>> | null;
}

/** In the order of the event's `runs`; null for a run that was not created. */
export interface CreatedWithRuns extends CreatedRow {
  readonly runs: readonly (CreatedJob | null)[];
}

/**
 * Conflicts are looked up in the inserting statement, so that a duplicate needs no second round trip. The look-ups
 * miss only what another gateway commits between this statement's snapshot and its lock. The unique indexes catch
 * that: the row is not inserted, no conflict is returned, and the caller retries. A parent deleted in that moment
 * breaks the foreign key: the flush fails and is retried in smaller groups.
 *
 * The statement has no joins. A join could be planned as a hash join while the table is small, and that plan be kept
 * when it has grown. A nested loop over the steps of a thousand rows takes a million comparisons. Therefore look-ups
 * are scalar subqueries, and inserted rows and conflicts are returned as rows of two kinds. `makers` carries names
 * past the insert, which can return only its own columns, by position: positions drawn in one statement are
 * consecutive. Summaries and payloads are passed in arrays of their own and go straight into the table. As parts of
 * the rows, which are materialized twice, a flush of 1,000 payloads of 10 KB took twice the time.
 */
const published: Birth = {
  makers: 'min(position) AS first, array_agg("by" ORDER BY position) AS names',
  born: { status: 'status', held: 'false', finishedAt: "CASE WHEN status = 'FINISHED' THEN at END" },
  logged: `INSERT INTO log (position, event_id, kind, status, at, "by", topic, request_id, node_id, project, user_name, sender)
    SELECT i.position, i.id, 'CREATED', i.status, i.created_at, m.names[i.position - m.first + 1], i.topic, i.request_id,
      i.node_id, i.project, i.user_name, i.sender
    FROM inserted i, makers m`,
};

/** A scheduled event gets its log entry when it is published. */
const scheduled: Birth = {
  makers: `min(position) AS first, array_agg("by" ORDER BY position) AS names,
      array_agg(send_at ORDER BY position) AS times, array_agg(status ORDER BY position) AS statuses`,
  born: { status: "'PENDING'", held: 'true', finishedAt: 'NULL::timestamptz' },
  logged: `INSERT INTO scheduled_events (event_id, send_at, status, "by")
    SELECT i.id, m.times[i.position - m.first + 1], m.statuses[i.position - m.first + 1], m.names[i.position - m.first + 1]
    FROM inserted i, makers m`,
};

interface Birth {
  readonly makers: string;
  readonly born: { readonly status: string; readonly held: string; readonly finishedAt: string };
  readonly logged: string;
}

/** What a statement does besides where its events come out of the outbox. */
interface Origin {
  readonly taking: string;
  readonly isTaken: string;
  readonly removing: string;
  /** Answers, as written before, for events that the outbox has no more: another gateway moved them. */
  readonly gone: string;
}

const fromSender: Origin = { taking: '', isTaken: '', removing: '', gone: '' };

/**
 * Rows are locked under the log lock, so that what another gateway has moved since the snapshot is seen. A row leaves the
 * outbox with the insertion of its event, or stays.
 */
const fromOutbox: Origin = {
  taking: `taken AS MATERIALIZED (
    SELECT o.id FROM outbox o, moment m WHERE o.id = ANY (ARRAY(SELECT id FROM placed)) FOR UPDATE OF o
  ),`,
  isTaken: 'AND id IN (SELECT id FROM taken)',
  removing: `removed AS (DELETE FROM outbox WHERE id = ANY (ARRAY(SELECT id FROM inserted))),`,
  gone: `UNION ALL
  SELECT id, 0, (SELECT at FROM moment), chain, true, NULL, NULL FROM placed
  WHERE parent_found AND same_hash IS NULL AND same_node IS NULL AND own_position IS NULL
    AND id NOT IN (SELECT id FROM taken)`,
};

const statements = {
  create: { name: 'create-events', text: statementOf(published, fromSender) },
  hold: { name: 'hold-events', text: statementOf(scheduled, fromSender) },
  move: { name: 'move-events', text: statementOf(published, fromOutbox) },
  moveHeld: { name: 'move-held-events', text: statementOf(scheduled, fromOutbox) },
};

function statementOf({ makers, born, logged }: Birth, { taking, isTaken, removing, gone }: Origin): string {
  return `WITH ${underLock},
  placed AS MATERIALIZED (
    SELECT i.*, coalesce(i.request_id, i.parent_request_id, i.fallback_request_id) AS chain,
      CASE WHEN i.node_id IS NOT NULL THEN (SELECT json_build_object('id', s.id, 'topic', s.topic, 'project', s.project) FROM events s WHERE s.node_id = i.node_id
         AND s.request_id = coalesce(i.request_id, i.parent_request_id, i.fallback_request_id)) END AS same_node,
      (i.depends_on IS NULL OR i.parent_request_id IS NOT NULL) AS parent_found
    FROM (
      SELECT r.*,
        CASE WHEN r.depends_on IS NOT NULL THEN
          (SELECT p.request_id FROM events p WHERE p.id = r.depends_on AND ${withinInput('p', 'r')}) END AS parent_request_id,
        CASE WHEN r.hash IS NOT NULL THEN
          (SELECT json_build_object('id', h.id, 'held', h.held, 'topic', h.topic, 'project', h.project, 'requestId', h.request_id, 'nodeId', h.node_id,
             'dependsOnId', h.depends_on) FROM events h WHERE h.hash = r.hash) END AS same_hash,
        CASE WHEN $3::boolean THEN (SELECT o.created_position FROM events o WHERE o.id = r.id) END AS own_position
      FROM json_to_recordset($1::json) AS r(
        n int, id uuid, hash text, topic text, event_type text, sender text, sender_type text, project text,
        user_name text, request_id text, fallback_request_id text, node_id text, depends_on uuid,
        status event_status, description text, priority smallint, "by" text, send_at timestamptz, summary_bytes int, payload_bytes int,
        ${scopeDefinitions})
      OFFSET 0
    ) i
  ),
  ${taking}
  accepted AS MATERIALIZED (
    SELECT p.*, ${nextPosition} AS position, m.at
    FROM (SELECT * FROM placed WHERE parent_found AND same_hash IS NULL AND same_node IS NULL AND own_position IS NULL
          ${isTaken} ORDER BY n) p, moment m
  ),
  makers AS MATERIALIZED (SELECT ${makers} FROM accepted),
  inserted AS (
    INSERT INTO events (id, position, created_position, hash, topic, event_type, sender, sender_type, project, user_name,
      request_id, node_id, depends_on, status, held, description, priority, summary, payload, created_at, updated_at, finished_at,
      summary_bytes, payload_bytes)
    SELECT id, position, position, hash, topic, event_type, sender, sender_type, project, user_name,
      chain, coalesce(node_id, id::text), depends_on, ${born.status}, ${born.held}, description, priority, ($4::jsonb[])[n],
      ($5::jsonb[])[n], at, at, ${born.finishedAt}, summary_bytes, payload_bytes
    FROM accepted
    ON CONFLICT DO NOTHING
    RETURNING id, position, status, created_at, topic, request_id, node_id, project, user_name, sender
  ),
  ${removing}
  logged AS (
    ${logged}
  )
  SELECT id, position, created_at AS at, request_id AS "requestId", true AS "parentFound", NULL::json AS "sameHash",
    NULL::json AS "sameNode" FROM inserted
  UNION ALL
  SELECT id, own_position, (SELECT o.created_at FROM events o WHERE o.id = placed.id AND own_position IS NOT NULL), chain,
    parent_found, same_hash, same_node
  FROM placed WHERE NOT parent_found OR same_hash IS NOT NULL OR same_node IS NOT NULL OR own_position IS NOT NULL
  ${gone}
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM hinted`;
}

/**
 * In the order of `events`; null for an event that was neither written nor found to conflict. `retried`: an earlier
 * attempt may have been committed, so that the row may be ours.
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
  const isHeld = events.some(({ sendAt }) => sendAt !== null);
  const isMoved = events.some(({ isFromOutbox }) => isFromOutbox);
  const statement = isMoved
    ? statements[isHeld ? 'moveHeld' : 'move']
    : statements[isHeld ? 'hold' : 'create'];
  const ids = events.map(({ id }) => id);
  return queryByKey({ ...statement, values }, ids, 'id');
}

/** Writes each event with its runs, or neither. In the order of `events`, like `createEvents`. */
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

/** Everything but the JSON. `n` counts from 1, like Postgres arrays. */
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
    priority: event.priority,
    by: event.by,
    send_at: event.sendAt,
    summary_bytes: Buffer.byteLength(event.summary),
    payload_bytes: Buffer.byteLength(event.payload),
    ...(event.dependsOnId !== null && scopeColumns(event.rows)),
  };
}
