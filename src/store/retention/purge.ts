// Statements of a purge: finding what retention rules select, deleting it, and removing its entries from the log.
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import { limits } from '../../base/limits.ts';
import type { Database, Queryable } from '../../database/database.ts';
import type { PageCursor } from '../../domain/events/page.ts';
import type { Position } from '../../domain/events/event.ts';
import { isReserved, reservedPrefix } from '../../domain/events/reserved-topics.ts';
import { isExactTopic, likePattern } from '../../domain/events/topic.ts';
import {
  finishedStatuses,
  type RetentionRule,
  type RetentionTerms,
} from '../../domain/retention/retention.ts';
import { notifyCall } from '../channels.ts';
import { nextPosition, takeLogLock } from '../events/log-lock.ts';
import { orderOverAll } from '../events/order-over-all.ts';

/** A rule in a run that began at a certain time. */
export interface RunningRule extends Pick<RetentionRule, 'id' | 'topics' | 'projects' | 'statuses'> {
  /** Events that last changed before are not kept. */
  readonly before: Date;
}

/** Whose deletions those of a purge are. */
export const purgeName = 'throughline.retention';

/** The rule that selects the event `e`: its number from 1, null if none does. */
function ruleOf(rules: readonly RunningRule[]): Sql {
  const cases = rules.map(
    (
      { statuses, before, ...rule },
      n,
    ) => sql`WHEN ${covers(rule, 'e')} AND e.created_at < ${before} AND e.updated_at < ${before}
      AND e.status = ANY(${statuses ?? finishedStatuses}::event_status[]) THEN ${n + 1}::int4`,
  );
  return sql`CASE WHEN e.held THEN NULL ${join(cases, ' ')} END`;
}

/** Reserved topics are those of patterns that name them. */
function covers({ topics, projects }: Pick<RetentionTerms, 'topics' | 'projects'>, alias: string): Sql {
  const [topic, project] = [raw(`${alias}.topic`), raw(`${alias}.project`)];
  const open = topics.filter((pattern) => !isReserved(pattern));
  const reserved = topics.filter(isReserved);
  const among = (patterns: readonly string[]) =>
    patterns.every(isExactTopic)
      ? sql`${topic} = ANY(${patterns}::text[])`
      : sql`${topic} LIKE ANY(${patterns.map(likePattern)}::text[])`;
  const isOpen = sql`(${among(open)} AND NOT starts_with(${topic}, ${reservedPrefix}))`;
  const ofTopics = reserved.length === 0 ? isOpen : sql`(${isOpen} OR ${among(reserved)})`;
  return projects === null ? ofTopics : sql`${ofTopics} AND ${project} = ANY(${projects}::text[])`;
}

/** A job under a lease, or one that will be retried, is not over, whatever the status of its event. */
const isOver = sql`NOT EXISTS (SELECT FROM jobs j WHERE j.event_id = e.id AND j.ready_at IS NOT NULL
  AND (e.status = 'FAILED' OR j.ready_at > now()) OFFSET 0)`;

export interface PurgePage {
  /** Newest first, so that children go before their parents. */
  readonly ids: readonly string[];
  /** Where the next page begins; null: there is none. */
  readonly next: PageCursor | null;
}

/** Where the events are that a run may select. */
export interface PurgeRange {
  /** All that were created before; null: only those of `topics`. */
  readonly before: Date | null;
  /** Of each topic, those that were created before a later time. */
  readonly topics: ReadonlyMap<string, Date>;
}

/** Looks at the next `most` events of the range by time of creation, newest first. */
export async function findPurgeable(
  database: Queryable,
  rules: readonly RunningRule[],
  { before, topics }: PurgeRange,
  after: PageCursor | null,
  most: number,
): Promise<PurgePage> {
  const place =
    after === null ? empty : sql`AND (x.created_at, x.created_position) < (${after.at}, ${after.position})`;
  const next = (match: Sql, order: Sql) => sql`(SELECT * FROM events x WHERE ${match} ${place}
    ORDER BY x.created_at ${order}, x.created_position ${order} LIMIT ${most})`;
  const beside = before === null ? empty : sql`AND x.created_at >= ${before}`;
  const times = [...topics.values()].map((time) => time.toISOString());
  const ofTopics = sql`SELECT x.*
    FROM unnest(${[...topics.keys()]}::text[], ${times}::timestamptz[]) AS d(topic, before)
    CROSS JOIN LATERAL ${next(sql`x.topic = d.topic AND x.created_at < d.before ${beside}`, raw('DESC'))} x`;
  const ofAll =
    before === null ? empty : sql`UNION ALL ${next(sql`x.created_at < ${before}`, orderOverAll.DESC)}`;
  const events = sql`SELECT x.* FROM (${ofTopics} ${ofAll}) x
    ORDER BY x.created_at DESC, x.created_position DESC LIMIT ${most}`;
  const rows = await database.query<{ id: string; at: Date; position: Position; isSelected: boolean }>(sql`
    SELECT e.id, e.created_at AS at, e.created_position AS position, (${ruleOf(rules)}) IS NOT NULL AND ${isOver} AS "isSelected"
    FROM (${events}) e ORDER BY e.created_at DESC, e.created_position DESC`);
  const last = rows.at(-1);
  return {
    ids: rows.filter(({ isSelected }) => isSelected).map(({ id }) => id),
    next: last !== undefined && rows.length === most ? { at: last.at, position: last.position } : null,
  };
}

/**
 * Deletes those of `ids` that the rules still select, unless an event depends on them that stays. Returns the deleted ones.
 * A job whose source stays is remembered. The statement begins after the lock was taken, so no dependent can be added in
 * between.
 */
export function purgeEvents(
  database: Database,
  rules: readonly RunningRule[],
  ids: readonly string[],
  hint: string,
): Promise<string[]> {
  const outside = sql`SELECT FROM events d WHERE d.depends_on = c.id AND d.id NOT IN (SELECT o.id FROM chosen o)`;
  return database.transaction(async (tx) => {
    await takeLogLock(tx);
    const rows = await tx.query<{ id: string | null }>(sql`WITH RECURSIVE ${chosen(rules, ids, outside)},
      moment AS MATERIALIZED (SELECT date_trunc('milliseconds', clock_timestamp()) AS at),
      deleted AS (
        DELETE FROM events e USING chosen c, moment m
        WHERE e.id = c.id AND c.id NOT IN (SELECT s.id FROM stuck s)
        RETURNING e.*, c.n, c.rule, m.at
      ),
      remembered AS (
        INSERT INTO purged_jobs (source_id, topic)
        SELECT d.depends_on, d.topic FROM deleted d
        WHERE d.job AND d.depends_on IS NOT NULL AND d.depends_on NOT IN (SELECT o.id FROM deleted o)
        ON CONFLICT DO NOTHING
      ),
      logged AS (
        INSERT INTO log (position, event_id, kind, status, at, "by", topic, request_id, node_id, project, user_name, sender)
        SELECT ${raw(nextPosition)}, id, 'DELETED', status, at, ${purgeName}, topic, request_id, node_id, project, user_name,
          sender
        FROM (SELECT * FROM deleted ORDER BY n) d
        RETURNING position, event_id, at
      ),
      noted AS (INSERT INTO purged_events (position, event_id, at) SELECT position, event_id, at FROM logged),
      counted AS (
        UPDATE retention_rules r SET purged = r.purged + d.count
        FROM (SELECT (${rules.map(({ id }) => id)}::uuid[])[rule] AS id, count(*) AS count FROM deleted GROUP BY rule) d
        WHERE r.id = d.id
      ),
      hinted AS MATERIALIZED (
        SELECT ${raw(notifyCall('log', 'h.hint'))} FROM (SELECT ${hint}::text AS hint) h WHERE h.hint <> ''
      )
      SELECT id FROM (SELECT d.id, d.n FROM deleted d UNION ALL SELECT NULL, NULL FROM hinted) d ORDER BY n`);
    return rows.flatMap(({ id }) => id ?? []);
  });
}

/** Those of `ids` that a purge would delete, after everything below them. */
export async function findPurged(
  database: Queryable,
  rules: readonly RunningRule[],
  ids: readonly string[],
): Promise<string[]> {
  const stays = sql`((${ruleOf(rules)}) IS NULL OR NOT ${isOver}) AS stays`;
  const staying = sql`WITH RECURSIVE below(id, stays) AS (
      SELECT e.id, ${stays} FROM events e WHERE e.depends_on = c.id
      UNION ALL
      SELECT e.id, ${stays} FROM below b JOIN events e ON e.depends_on = b.id
    )
    SELECT FROM below WHERE stays`;
  const rows = await database.query<{ id: string }>(sql`WITH RECURSIVE ${chosen(rules, ids, staying)}
    SELECT c.id FROM chosen c WHERE c.id NOT IN (SELECT s.id FROM stuck s) ORDER BY c.n`);
  return rows.map(({ id }) => id);
}

/** As for bulk deletions: `stuck` are chosen events that must stay, because of what `dependents` finds below them. */
function chosen(rules: readonly RunningRule[], ids: readonly string[], dependents: Sql): Sql {
  return sql`input AS MATERIALIZED (SELECT i.id, i.n FROM unnest(${ids}::uuid[]) WITH ORDINALITY AS i(id, n)),
    chosen AS MATERIALIZED (
      SELECT * FROM (
        SELECT i.n, e.id, e.depends_on, ${ruleOf(rules)} AS rule
        FROM input i CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = i.id LIMIT 1) e
        WHERE ${isOver}
      ) e WHERE e.rule IS NOT NULL
    ),
    stuck(id, depends_on) AS (
      SELECT c.id, c.depends_on FROM chosen c WHERE EXISTS (${dependents} OFFSET 0)
      UNION
      SELECT c.id, c.depends_on FROM stuck s JOIN chosen c ON c.id = s.depends_on
    )`;
}

/** Entries up to here are counted for charts. */
const counted = sql`(SELECT coalesce(max(c.position), 0) FROM event_count_position c)`;

/** Removes what the log has of these deleted events, but for their deletion, by which readers of the log notice it. */
export async function removeEntries(database: Queryable, ids: readonly string[]): Promise<void> {
  await database.query(sql`DELETE FROM log l USING unnest(${ids}::uuid[]) AS i(id)
    WHERE l.event_id = i.id AND l.kind <> 'DELETED' AND l.position <= ${counted}`);
}

/**
 * Removes the deletions of up to `most` events that were purged long ago, and whatever else the log still has of them. The
 * last entry of the log stays, since it is the log's position. Returns how many there were.
 */
export async function removeDeletions(database: Queryable, at: Date, most: number): Promise<number> {
  const before = new Date(at.getTime() - limits.retentionDeletionDays * 86_400_000);
  const [row] = await database.query<{ count: number }>(sql`
    WITH old AS MATERIALIZED (
      SELECT p.position, p.event_id FROM purged_events p
      WHERE p.at < ${before} AND p.position <= ${counted} AND p.position < (SELECT max(g.position) FROM log g)
      ORDER BY p.position LIMIT ${most}
    ),
    removed AS (DELETE FROM log l USING old o WHERE l.event_id = o.event_id AND l.position <= o.position),
    forgotten AS (DELETE FROM purged_events p USING old o WHERE p.position = o.position)
    SELECT count(*)::int4 AS count FROM old`);
  return row?.count ?? 0;
}
