// Row scopes as SQL: conditions on events, entries of the log and jobs, to the same answers as isWithin.
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { auditPrefix, reservedPrefix } from '../../domain/events/reserved-topics.ts';
import { isExactTopic, likePattern } from '../../domain/events/topic.ts';

/** Columns of events and of the log that a row scope looks at, of the row `alias`; none where it does not restrict. */
export function withinConditions(rows: RowScope | null, alias: string): Sql[] {
  if (rows === null) return [];
  const { projects, topics, requestIds, hidesAudit = false, hidesReserved = false } = rows;
  const [project, topic, request] = ['project', 'topic', 'request_id'].map((name) => raw(`${alias}.${name}`));
  return [
    ...(projects === null ? [] : [sql`${project} = ANY(${projects}::text[])`]),
    ...(requestIds === null ? [] : [sql`${request} = ANY(${requestIds}::text[])`]),
    ...(topics === null ? [] : [topicAmong(topic!, topics)]),
    ...(hidesAudit && !hidesReserved ? [sql`${topic} NOT LIKE ${auditPattern}`] : []),
    ...(hidesReserved ? [sql`${topic} NOT LIKE ${reservedPattern}`] : []),
  ];
}

function topicAmong(topic: Sql, patterns: readonly string[]): Sql {
  return patterns.every(isExactTopic)
    ? sql`${topic} = ANY(${patterns}::text[])`
    : sql`${topic} LIKE ANY(${patterns.map(likePattern)}::text[])`;
}

const auditPattern = raw(`'${auditPrefix}%'`);
const reservedPattern = raw(`'${reservedPrefix}%'`);

/** As one condition that can be negated. */
export function within(rows: RowScope | null, alias: string): Sql {
  const conditions = withinConditions(rows, alias);
  return conditions.length === 0 ? sql`true` : sql`(${join(conditions, ' AND ')}) IS TRUE`;
}

/** `AND …`, or nothing where it does not restrict. */
export function andWithin(rows: RowScope | null, alias: string): Sql {
  const conditions = withinConditions(rows, alias);
  return conditions.length === 0 ? empty : sql`AND ${join(conditions, ' AND ')}`;
}

/** The row scope of one of many inputs of a statement, as columns of json_to_recordset; absent where it does not restrict. */
export function scopeColumns(rows: RowScope | null): object {
  if (rows === null) return {};
  const { projects, topics, requestIds, hidesAudit = false } = rows;
  return {
    ...(projects && { in_projects: projects }),
    ...(topics && { in_topics: topics.map(likePattern) }),
    ...(requestIds && { in_requests: requestIds }),
    ...(hidesAudit && { hides_audit: true }),
  };
}

/** The definitions of these columns. */
export const scopeDefinitions =
  'in_projects text[], in_topics text[], in_requests text[], hides_audit boolean';

/** Whether the event `event` is within the scope of the input `input`. */
export function withinInput(event: string, input: string): string {
  return `(${input}.in_projects IS NULL OR ${event}.project = ANY(${input}.in_projects))
    AND (${input}.in_topics IS NULL OR ${event}.topic LIKE ANY(${input}.in_topics))
    AND (${input}.in_requests IS NULL OR ${event}.request_id = ANY(${input}.in_requests))
    AND (${input}.hides_audit IS NULL OR ${event}.topic NOT LIKE '${auditPrefix}%')`;
}

/** Whether the event is of the gateway itself. */
export function isReservedSql(event: string): string {
  return `${event}.topic LIKE '${reservedPrefix}%'`;
}
