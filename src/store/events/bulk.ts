// What bulk mutations ask of the database, a bounded number of events at a time.
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { Database, Queryable } from '../../database/database.ts';
import { costlyFilter } from '../../domain/conditions/costly-filter.ts';
import type { Position } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import { allOf, undrivenConditions } from './filter-sql.ts';
import { notifyCall } from '../channels.ts';
import { nextPosition, takeLogLock } from './log-lock.ts';
import { measuredBytes } from './measured-bytes.ts';

/** Events to be deleted as far as the filter still selects them and nothing that stays depends on them. */
export interface BulkDeletion {
  /** In the order in which they are to be logged. */
  readonly ids: readonly string[];
  /** The row version of each when the filter selected it: what looks at large values is tested only where it is another. */
  readonly positions: readonly Position[];
  readonly filter: CheckedFilter;
  readonly by: string;
}

/** Of these events, those that are jobs and wait for their next run. */
export async function readAwaitingRun(database: Queryable, ids: readonly string[]): Promise<Set<string>> {
  const rows = await database.query<{ id: string }>({
    name: 'read-awaiting-run',
    text: `SELECT i.id FROM unnest($1::uuid[]) AS i(id)
      CROSS JOIN LATERAL (SELECT ready_at FROM jobs WHERE jobs.event_id = i.id LIMIT 1) j
      WHERE j.ready_at IS NOT NULL`,
    values: [ids],
  });
  return new Set(rows.map(({ id }) => id));
}

/**
 * Those of `deletion` that were deleted, in its order: parents and children go together. `retried`: an earlier try may
 * have been committed without our knowing; what it deleted is answered too.
 *
 * The statement begins after the lock was taken, so that no dependent can come in between: there is nothing to retry.
 */
export function deleteWithin(
  database: Database,
  deletion: BulkDeletion,
  retried: boolean,
  hint: string,
): Promise<string[]> {
  return database.transaction(async (tx) => {
    await takeLogLock(tx);
    const rows = await tx.query<{ id: string | null }>(deleteStatement(deletion, retried, hint));
    return rows.flatMap(({ id }) => id ?? []);
  });
}

function deleteStatement({ ids, positions, filter, by }: BulkDeletion, retried: boolean, hint: string): Sql {
  const before = sql`UNION ALL SELECT i.id, i.n FROM input i WHERE EXISTS (
    SELECT FROM log l WHERE l.event_id = i.id AND l.kind = 'DELETED' AND l."by" = ${by} OFFSET 0)`;
  const selected = sql`${matches(costlyFilter(filter)?.cheap ?? filter)}
    AND (e.position = i.position OR (${matches(filter)}))`;
  return sql`WITH RECURSIVE ${chosen(ids, positions, selected, outside)},
    moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at),
    deleted AS (
      DELETE FROM events e USING chosen c, moment m
      WHERE e.id = c.id AND c.id NOT IN (SELECT s.id FROM stuck s)
      RETURNING e.*, c.n, m.at
    ),
    logged AS (
      INSERT INTO log (position, event_id, kind, status, at, "by", topic, request_id, node_id, project, user_name, sender)
      SELECT ${raw(nextPosition)}, id, 'DELETED', status, at, ${by}, topic, request_id, node_id, project, user_name,
        sender
      FROM (SELECT * FROM deleted ORDER BY n) d
    ),
    hinted AS MATERIALIZED (
      SELECT ${raw(notifyCall('log', 'h.hint'))} FROM (SELECT ${hint}::text AS hint) h WHERE h.hint <> ''
    )
    SELECT id FROM (
      SELECT d.id, d.n FROM deleted d ${retried ? before : empty}
      UNION ALL SELECT NULL, NULL FROM hinted
    ) d ORDER BY n`;
}

/** Those of `ids` that deleting with this filter would delete, if all that depends on them was looked at before them. */
export async function findDeletable(
  database: Queryable,
  ids: readonly string[],
  filter: CheckedFilter,
): Promise<string[]> {
  const rows = await database.query<{
    id: string;
  }>(sql`WITH RECURSIVE ${chosen(ids, [], matches(filter), staying(filter))}
    SELECT c.id FROM chosen c WHERE c.id NOT IN (SELECT s.id FROM stuck s) ORDER BY c.n`);
  return rows.map(({ id }) => id);
}

/** An event below one of those asked for. */
export interface Descendant {
  readonly id: string;
  readonly parent: string;
  /** Whether the filter selects it, as far as SQL can tell. */
  readonly isSelected: boolean;
  /** How much there is to be read of it. */
  readonly bytes: number;
}

/** All that is below these events. */
export async function readBelow(
  database: Queryable,
  ids: readonly string[],
  filter: CheckedFilter,
): Promise<Descendant[]> {
  return database.query(sql`
    WITH RECURSIVE below(id) AS (
      SELECT c.id FROM unnest(${ids}::uuid[]) AS i(id) JOIN events c ON c.depends_on = i.id
      UNION
      SELECT c.id FROM below b JOIN events c ON c.depends_on = b.id
    )
    SELECT e.id, e.depends_on AS parent, (${matches(filter)}) IS TRUE AS "isSelected", ${measuredBytes} AS bytes
    FROM below b CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = b.id LIMIT 1) e`);
}

/**
 * `input`: the events `ids`, numbered; `chosen`: those that the filter selects; `stuck`: those of these that have to
 * stay, because `dependents` finds something below them, or because one stays that depends on them. With the OFFSET it
 * is asked for each by itself; else all that depends on anything might be read and joined.
 */
function chosen(ids: readonly string[], positions: readonly Position[], selected: Sql, dependents: Sql): Sql {
  return sql`input AS MATERIALIZED (
      SELECT i.id, i.n, i.position FROM unnest(${ids}::uuid[], ${positions}::int8[]) WITH ORDINALITY AS i(id, position, n)
    ),
    chosen AS MATERIALIZED (
      SELECT i.n, e.id, e.depends_on
      FROM input i CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e
      WHERE ${selected}
    ),
    stuck(id, depends_on) AS (
      SELECT c.id, c.depends_on FROM chosen c WHERE EXISTS (${dependents} OFFSET 0)
      UNION
      SELECT c.id, c.depends_on FROM stuck s JOIN chosen c ON c.id = s.depends_on
    )`;
}

/** A dependent of `c` that is not chosen itself. */
const outside = sql`SELECT FROM events d WHERE d.depends_on = c.id AND d.id NOT IN (SELECT o.id FROM chosen o)`;

/** Something in the tree below `c`, not counting those chosen, that the filter does not select. */
function staying(filter: CheckedFilter): Sql {
  // Of a condition that is null, as one on a name that is not given, NOT would be null too.
  const stays = sql`(${matches(filter)}) IS NOT TRUE AS stays`;
  return sql`
    WITH RECURSIVE below(id, stays) AS (
      SELECT e.id, ${stays} FROM events e WHERE e.depends_on = c.id AND e.id NOT IN (SELECT o.id FROM chosen o)
      UNION ALL
      SELECT e.id, ${stays} FROM below b JOIN events e ON e.depends_on = b.id
    )
    SELECT FROM below WHERE stays`;
}

function matches(filter: CheckedFilter): Sql {
  return allOf(undrivenConditions(filter));
}
