// Deletes events without dependents. Their log entries remain.
import { type BatchedQuery, queryByKey } from '../../database/batched-query.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { nextPosition, underLock } from './log-lock.ts';
import { isReservedSql, scopeColumns, scopeDefinitions, withinInput } from './rows-sql.ts';

export interface EventDeletion {
  readonly id: string;
  readonly by: string;
  /** The rows of who deletes it: an event outside is not found. */
  readonly rows: RowScope | null;
}

export interface DeletedRow {
  readonly deleted: boolean;
  readonly found: boolean;
  readonly hasDependents: boolean;
  /** Its topic is one of the gateway itself: it is not deleted. */
  readonly reserved: boolean;
  /** Whether the log has an earlier entry of its deletion. */
  readonly deletedBefore: boolean;
}

/**
 * A dependent committed between this statement's snapshot and its lock breaks the foreign key, and nothing is
 * deleted.
 */
const deleteStatement = `WITH ${underLock},
  input AS MATERIALIZED (SELECT i.* FROM json_to_recordset($1::json) AS i(n int, id uuid, "by" text, ${scopeDefinitions})),
  current AS MATERIALIZED (
    SELECT i.*, e.id IS NOT NULL AS found, ${isReservedSql('e')} IS TRUE AS reserved,
      e.id IS NOT NULL AND EXISTS (SELECT FROM events d WHERE d.depends_on = i.id OFFSET 0) AS has_dependents,
      EXISTS (SELECT FROM log l WHERE l.event_id = i.id AND l.kind = 'DELETED' OFFSET 0) AS deleted_before
    FROM input i
      LEFT JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id AND ${withinInput('events', 'i')} LIMIT 1) e ON true
  ),
  deleted AS (
    DELETE FROM events e USING current c, moment m
    WHERE e.id = c.id AND c.found AND NOT c.reserved AND NOT c.has_dependents AND ${withinInput('e', 'c')}
    RETURNING e.*, c.n, c."by", m.at
  ),
  logged AS (
    INSERT INTO log (position, event_id, kind, status, at, "by", topic, request_id, node_id, project, user_name, sender)
    SELECT ${nextPosition}, id, 'DELETED', status, at, "by", topic, request_id, node_id, project, user_name, sender
    FROM deleted
  )
  SELECT n, true AS found, false AS "hasDependents", false AS reserved, false AS "deletedBefore", true AS deleted FROM deleted
  UNION ALL
  SELECT n, found, has_dependents, reserved, deleted_before, false
  FROM current WHERE NOT found OR has_dependents OR reserved
  UNION ALL
  SELECT NULL, NULL, NULL, NULL, NULL, NULL FROM hinted`;

/**
 * In the order of `deletions`, which must be of distinct events; null for an event that another gateway deleted
 * first.
 */
export function deleteEvents(
  deletions: readonly EventDeletion[],
  hint: string,
): BatchedQuery<readonly (DeletedRow | null)[]> {
  const values = [
    JSON.stringify(deletions.map(({ id, by, rows }, n) => ({ n, id, by, ...scopeColumns(rows) }))),
    hint,
  ];
  const statement = { name: 'delete-events', text: deleteStatement, values };
  const numbers = deletions.map((_, n) => n);
  return queryByKey(statement, numbers, 'n');
}
