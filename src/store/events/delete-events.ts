// Deletes events without dependents. Their log entries remain.
import { type BatchedQuery, queryByKey } from '../../database/batched-query.ts';
import { nextPosition, underLock } from './log-lock.ts';

export interface EventDeletion {
  readonly id: string;
  readonly by: string;
}

export interface DeletedRow {
  readonly deleted: boolean;
  readonly found: boolean;
  readonly hasDependents: boolean;
  /** Whether the log has an earlier entry of its deletion. */
  readonly deletedBefore: boolean;
}

/**
 * A dependent committed between this statement's snapshot and its lock breaks the foreign key, and nothing is
 * deleted.
 */
const deleteStatement = `WITH ${underLock},
  input AS MATERIALIZED (SELECT i.* FROM json_to_recordset($1::json) AS i(n int, id uuid, "by" text)),
  current AS MATERIALIZED (
    SELECT i.*, EXISTS (SELECT FROM events e WHERE e.id = i.id OFFSET 0) AS found,
      EXISTS (SELECT FROM events d WHERE d.depends_on = i.id OFFSET 0) AS has_dependents,
      EXISTS (SELECT FROM log l WHERE l.event_id = i.id AND l.kind = 'DELETED' OFFSET 0) AS deleted_before
    FROM input i
  ),
  deleted AS (
    DELETE FROM events e USING current c, moment m WHERE e.id = c.id AND NOT c.has_dependents
    RETURNING e.*, c.n, c."by", m.at
  ),
  logged AS (
    INSERT INTO log (position, event_id, kind, status, at, "by", topic, request_id, node_id, project, user_name, sender)
    SELECT ${nextPosition}, id, 'DELETED', status, at, "by", topic, request_id, node_id, project, user_name, sender
    FROM deleted
  )
  SELECT n, true AS found, false AS "hasDependents", false AS "deletedBefore", true AS deleted FROM deleted
  UNION ALL
  SELECT n, found, has_dependents, deleted_before, false FROM current WHERE NOT found OR has_dependents
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL FROM hinted`;

/**
 * In the order of `deletions`, which must be of distinct events; null for an event that another gateway deleted
 * first.
 */
export function deleteEvents(
  deletions: readonly EventDeletion[],
  hint: string,
): BatchedQuery<readonly (DeletedRow | null)[]> {
  const values = [JSON.stringify(deletions.map((deletion, n) => ({ n, ...deletion }))), hint];
  const statement = { name: 'delete-events', text: deleteStatement, values };
  const numbers = deletions.map((_, n) => n);
  return queryByKey(statement, numbers, 'n');
}
