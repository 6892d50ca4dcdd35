// Reads the log from a position for finished events that a consumer selects.
import sql, { empty, raw, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import { prepared } from '../../database/prepared.ts';
import { costlyConditions } from '../../domain/conditions/costly-filter.ts';
import type { ConsumerDefinition } from '../../domain/jobs/enroll.ts';
import type { Position } from '../../domain/events/event.ts';
import { isExactTopic, likePattern } from '../../domain/events/topic.ts';
import { keptJsonBytes } from '../events/answer-bytes.ts';
import { conditionsSql } from '../events/conditions-sql.ts';
import { allOf } from '../events/filter-sql.ts';
import { withinConditions } from '../events/rows-sql.ts';

/** An event that became FINISHED, and its log position. */
export interface Source {
  readonly id: string;
  readonly position: Position;
  /** Its JSON in bytes; null if that has to be measured. */
  readonly jsonBytes: number | null;
}

export interface FoundSources {
  /** In log order. */
  readonly sources: readonly Source[];
  /** The log has been read up to here. */
  readonly readTo: Position;
  /** Whether there may be more entries. */
  readonly more: boolean;
}

/**
 * Reads up to `batch` entries. Exact topics are read from the index on topics; patterns are tested on every log
 * entry, once. Skips sources that already have a job of one of the
 * targets.
 */
export async function findSources(
  database: Queryable,
  definition: ConsumerDefinition,
  after: Position,
  batch: number,
  targets: readonly string[] = [definition.target],
): Promise<FoundSources> {
  const statement = sql`WITH read AS MATERIALIZED (${entriesOf(definition, after, batch)}),
    bound AS MATERIALIZED (
      SELECT min(f.position) AS position FROM (
        SELECT max(position) AS position FROM read GROUP BY topic_number HAVING count(*) = max(topic_limit)) f
    ),
    entries AS MATERIALIZED (
      SELECT r.* FROM read r CROSS JOIN bound b WHERE b.position IS NULL OR r.position <= b.position
    )
    SELECT e.id, l.position, ${keptJsonBytes} AS "jsonBytes", false AS more
    FROM entries l CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = l.event_id LIMIT 1) e
    WHERE l.status = 'FINISHED' AND l.kind IN ('CREATED', 'STATUS') AND e.status = 'FINISHED'
      AND ${ofTopics('l', definition)} ${notItself(definition)} ${youngerThan(definition)} AND ${sourceConditions(definition)}
      AND NOT EXISTS (SELECT FROM events x WHERE x.depends_on = e.id AND ${topicIn(targets, 'x')} AND x.job OFFSET 0)
      AND NOT EXISTS (SELECT FROM purged_jobs p WHERE p.source_id = e.id AND ${topicIn(targets, 'p')} OFFSET 0)
    UNION ALL
    SELECT NULL, (SELECT max(position) FROM entries), NULL, b.position IS NOT NULL FROM bound b`;
  const rows = await database.query<{
    id: string | null;
    position: Position | null;
    jsonBytes: number | null;
    more: boolean;
  }>(prepared(statement));
  const summary = rows.find(({ id }) => id === null);
  const sources = rows.filter((row): row is Source & { more: boolean } => row.id !== null);
  return {
    sources: sources
      .map(({ id, position, jsonBytes }) => ({ id, position, jsonBytes }))
      .sort((a, b) => (a.position < b.position ? -1 : 1)),
    readTo: summary?.position ?? after,
    more: summary?.more ?? false,
  };
}

/** A list of one is compared as a value, which the planner estimates better. */
function topicIn(targets: readonly string[], alias: 'x' | 'p'): Sql {
  const topic = raw(`${alias}.topic`);
  return targets.length === 1 ? sql`${topic} = ${targets[0]}` : sql`${topic} = ANY(${targets}::text[])`;
}

/** Each topic reads its share. Entries beyond the first topic that may have more are left for the next call. */
function entriesOf({ topics }: ConsumerDefinition, after: Position, batch: number): Sql {
  const isExact = topics.every(isExactTopic);
  const limit = isExact ? Math.ceil(batch / topics.length) : batch;
  const entries = (number: Sql, condition: Sql) => sql`SELECT position, event_id, kind, status, at, topic,
      ${number} AS topic_number, ${limit}::int4 AS topic_limit
    FROM log WHERE position > ${after} ${condition} ORDER BY position LIMIT ${limit}`;
  if (!isExact) return entries(sql`1`, empty);
  return sql`SELECT l.* FROM unnest(${topics}::text[]) WITH ORDINALITY AS d(topic, number) CROSS JOIN LATERAL (
    ${entries(sql`d.number`, sql`AND log.topic = d.topic`)}) l`;
}

function ofTopics(alias: 'e' | 'l', { topics }: Pick<ConsumerDefinition, 'topics'>): Sql {
  if (topics.includes('*')) return sql`true`;
  const topic = raw(`${alias}.topic`);
  return topics.every(isExactTopic)
    ? sql`${topic} = ANY(${topics}::text[])`
    : sql`${topic} LIKE ANY(${topics.map(likePattern)}::text[])`;
}

/** A pattern that matches its own target does not create jobs for jobs endlessly; a target named exactly does. */
function notItself({ topics, target }: ConsumerDefinition): Sql {
  return topics.includes(target) ? empty : sql`AND l.topic <> ${target}`;
}

function youngerThan({ ignoreOlderThanMs }: ConsumerDefinition): Sql {
  if (ignoreOlderThanMs === null) return empty;
  return sql`AND l.at > now() - make_interval(secs => ${ignoreOlderThanMs / 1_000}::float8)`;
}

/**
 * The conditions of the definition on the source `e` that SQL can decide. An event without a sender type is never
 * ignored.
 */
export function sourceConditions(definition: ConsumerDefinition): Sql {
  const { topics } = definition;
  return allOf([ofTopics('e', { topics }), itemConditions(definition)]);
}

/** The same without the topics, which a plain queue does not have. */
export function itemConditions({ ignoredSenderTypes, conditions, rows }: ConsumerDefinition): Sql {
  const { inDatabase } = costlyConditions(conditions);
  const tests = [
    ...withinConditions(rows, 'e'),
    ...(ignoredSenderTypes.length === 0
      ? []
      : [sql`(e.sender_type = ANY(${ignoredSenderTypes}::text[])) IS NOT TRUE`]),
    ...(inDatabase === null ? [] : [conditionsSql(inDatabase)]),
  ];
  return tests.length === 0 ? sql`true` : allOf(tests);
}
