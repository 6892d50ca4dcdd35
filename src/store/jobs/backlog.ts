// Counts of the work of consumers, for many consumers in one statement each.
import sql, { raw } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import type { Position } from '../../domain/events/event.ts';
import { auditPrefix } from '../../domain/events/reserved-topics.ts';
import { isQueuedSql } from './find-queued.ts';

/** The jobs of a consumer, by their state. Each count stops at `cap` + 1. */
export interface JobCounts {
  readonly id: string;
  /** Jobs that were created for the consumer, and that nobody has claimed yet. */
  readonly unclaimed: number;
  readonly ready: number;
  readonly retrying: number;
  readonly held: number;
  readonly exhausted: number;
  readonly oldestUnclaimedAt: Date | null;
}

export interface CountedConsumer {
  /** As it is stored with jobs. */
  readonly id: string;
  readonly targets: readonly string[];
}

export function countJobs(
  database: Queryable,
  consumers: readonly CountedConsumer[],
  cap: number,
): Promise<JobCounts[]> {
  return database.query(sql`
    SELECT i.id, s.unclaimed, s.ready, s.retrying, s.held, x.exhausted, s.oldest AS "oldestUnclaimedAt"
    FROM json_to_recordset(${JSON.stringify(consumers)}::json) AS i(id text, targets json)
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE j.attempt = 0)::int4 AS unclaimed,
        count(*) FILTER (WHERE j.attempt > 0 AND j.ready_at <= now())::int4 AS ready,
        count(*) FILTER (WHERE j.attempt > 0 AND j.ready_at > now() AND j.worker IS NULL)::int4 AS retrying,
        count(*) FILTER (WHERE j.ready_at > now() AND j.worker IS NOT NULL)::int4 AS held,
        min(j.ready_at) FILTER (WHERE j.attempt = 0) AS oldest
      FROM (SELECT j.* FROM json_array_elements_text(i.targets) AS t(topic) CROSS JOIN LATERAL (
          SELECT ready_at, worker, attempt FROM jobs
          WHERE target = t.topic AND consumer = i.id AND ready_at IS NOT NULL LIMIT ${cap + 1}) j LIMIT ${cap + 1}) j) s
    CROSS JOIN LATERAL (
      SELECT count(*)::int4 AS exhausted FROM (SELECT FROM json_array_elements_text(i.targets) AS t(topic) CROSS JOIN LATERAL (
        SELECT FROM jobs WHERE consumer = i.id AND target = t.topic AND exhausted LIMIT ${cap + 1}) j LIMIT ${cap + 1}) x) x`);
}

/** What waits for a consumer. Stops at `cap` + 1. */
export interface WaitingCount {
  readonly id: string;
  readonly waiting: number;
  readonly oldestAt: Date | null;
  /** Whether the scan covered everything that may be waiting. */
  readonly isWhole: boolean;
}

export interface CountedSources extends CountedConsumer {
  readonly position: Position;
  /** Exact topics or, as LIKE patterns, others; not both. */
  readonly topics: readonly string[] | null;
  readonly patterns: readonly string[] | null;
  /** Whether events of the audit are left out. */
  readonly hidesAudit: boolean;
}

/** Entries at the consumer's position that are looked up in jobs: behind them nothing has been claimed yet. */
const headEntries = 500;

/** Finished events after the position, of consumers without filters. Patterns are tested on `cap` entries at most. */
export function countSources(
  database: Queryable,
  consumers: readonly CountedSources[],
  cap: number,
): Promise<WaitingCount[]> {
  const input = consumers.map((consumer) => ({ ...consumer, position: String(consumer.position) }));
  const isSource = raw(`l.status = 'FINISHED' AND l.kind IN ('CREATED', 'STATUS')
    AND NOT (i."hidesAudit" AND starts_with(l.topic, '${auditPrefix}'))`);
  return database.query(sql`
    SELECT i.id, c.waiting, c.oldest AS "oldestAt", c.waiting <= ${cap} AND c.is_whole AS "isWhole"
    FROM json_to_recordset(${JSON.stringify(input)}::json) AS i(id text, targets json, position int8, topics json, patterns json,
      "hidesAudit" boolean)
    CROSS JOIN LATERAL (
      SELECT count(*)::int4 AS waiting, min(n.at) AS oldest, coalesce(max(n.number), 0) <= ${cap} AS is_whole FROM (
        SELECT l.*, row_number() OVER (ORDER BY l.position) AS number FROM (
          (SELECT l.position, l.event_id, l.at, true AS is_source FROM json_array_elements_text(i.topics) AS t(topic) CROSS JOIN LATERAL (
            SELECT * FROM log l WHERE l.topic = t.topic AND l.position > i.position AND ${isSource}
            ORDER BY l.position LIMIT ${cap + 1}) l WHERE i.topics IS NOT NULL)
          UNION ALL
          (SELECT l.position, l.event_id, l.at, ${isSource} AND l.topic LIKE ANY(ARRAY(SELECT json_array_elements_text(i.patterns)))
              AND NOT l.topic = ANY(ARRAY(SELECT json_array_elements_text(i.targets))) AS is_source
            FROM log l WHERE i.patterns IS NOT NULL AND l.position > i.position ORDER BY l.position LIMIT ${cap + 1})
          ORDER BY 1 LIMIT ${cap + 1}) l) n
      WHERE n.is_source AND (n.number > ${headEntries} OR NOT EXISTS (SELECT FROM events e
        WHERE e.depends_on = n.event_id AND e.topic = ANY(ARRAY(SELECT json_array_elements_text(i.targets))) AND e.job OFFSET 0)
        AND NOT EXISTS (SELECT FROM purged_jobs p WHERE p.source_id = n.event_id
          AND p.topic = ANY(ARRAY(SELECT json_array_elements_text(i.targets))) OFFSET 0))) c`);
}

/** Events of plain queues without filters. */
export function countQueued(
  database: Queryable,
  consumers: readonly { readonly id: string; readonly target: string }[],
  cap: number,
): Promise<WaitingCount[]> {
  return database.query(sql`
    SELECT i.id, c.waiting, o.created_at AS "oldestAt", c.waiting <= ${cap} AS "isWhole"
    FROM json_to_recordset(${JSON.stringify(consumers)}::json) AS i(id text, target text)
    CROSS JOIN LATERAL (SELECT count(*)::int4 AS waiting, min(x.created_position) AS first FROM (
      SELECT e.created_position FROM events e WHERE e.topic = i.target AND ${raw(isQueuedSql('e'))}
      ORDER BY e.priority DESC, e.created_position LIMIT ${cap + 1}) x) c
    LEFT JOIN LATERAL (SELECT e.created_at FROM events e WHERE e.topic = i.target AND ${raw(isQueuedSql('e'))}
      AND e.created_position = c.first LIMIT 1) o ON true`);
}
