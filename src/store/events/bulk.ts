// Statements of bulk mutations. Each handles a bounded number of events.
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { Database, Queryable } from '../../database/database.ts';
import { costlyFilter } from '../../domain/conditions/costly-filter.ts';
import type { Position } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import { allOf, undrivenConditions } from './filter-sql.ts';
import { notifyCall } from '../channels.ts';
import { nextPosition, takeLogLock } from './log-lock.ts';
import { measuredBytes } from './measured-bytes.ts';

/** Events to delete if the filter still selects them and no remaining event depends on them. */
export interface BulkDeletion {
  /** In the order of their log entries. */
  readonly ids: readonly string[];
  /**
   * Row versions at which the filter selected the events. Tests on large fields are repeated only if the version
   * changed.
   */
  readonly positions: readonly Position[];
  readonly filter: CheckedFilter;
  readonly by: string;
}

/** The jobs among these events that wait for a retry. */
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
 * Returns the deleted events of `deletion` in its order. Parents are deleted together with their children. `retried`:
 * an earlier attempt may have been committed unnoticed; its deletions are returned as well.
 *
 * The statement begins after the lock was taken, so no dependent can be added in between.
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

/**
 * The events of `ids` that a deletion with this filter would delete, if everything below them was looked at first.
 */
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

/** An event below a requested one. */
export interface Descendant {
  readonly id: string;
  readonly parent: string;
  /** Whether the filter selects it, as far as SQL can decide. */
  readonly isSelected: boolean;
  /** The size of its payload, summary and description. */
  readonly bytes: number;
}

/** All events below these. */
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
 * `input`: the events `ids`, numbered. `chosen`: those that the filter selects. `stuck`: chosen ones that must stay,
 * because `dependents` finds something below them, or because a dependent of theirs stays. OFFSET keeps the subquery
 * per row; otherwise all dependents of any event might be read and joined.
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

/** A dependent of `c` that is not chosen. */
const outside = sql`SELECT FROM events d WHERE d.depends_on = c.id AND d.id NOT IN (SELECT o.id FROM chosen o)`;

/** An event below `c`, other than the chosen ones, that the filter does not select. */
function staying(filter: CheckedFilter): Sql {
  // NOT would be null for a condition that is null, such as one on a missing name.
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
