// Counts of events per minute, hour and day: derived from the log by position, and read for charts.
import sql, { empty, join, raw, type Sql } from 'sql-template-tag';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import { auditPrefix } from '../../domain/events/reserved-topics.ts';
import { likePattern } from '../../domain/events/topic.ts';
import type { RowScope } from '../../domain/access/row-scope.ts';
import { withinConditions } from '../events/rows-sql.ts';

/** What a log entry counts as. `from_status` is null where the status did not change. */
export const countColumns = `count(*) FILTER (WHERE l.kind = 'CREATED') AS sent,
  count(*) FILTER (WHERE l.status = 'FINISHED' AND (l.kind = 'CREATED' OR (l.kind = 'STATUS' AND l.from_status IS NOT NULL))) AS finished,
  count(*) FILTER (WHERE l.status = 'FAILED' AND (l.kind = 'CREATED' OR (l.kind = 'STATUS' AND l.from_status IS NOT NULL))) AS failed`;

/**
 * Counts come from the log alone, and the position moves in the same statement: nothing is counted twice or left out,
 * whatever ends in between. The row lock lets one gateway count at a time; the others pass. The lock reads the newest
 * position, and an entry that this statement does not see yet is beyond all that it sees, since positions follow commit
 * order.
 */
const countStatement = `WITH place AS MATERIALIZED (SELECT position FROM event_count_position FOR UPDATE SKIP LOCKED),
  entries AS MATERIALIZED (
    SELECT l.* FROM place p CROSS JOIN LATERAL (
      SELECT position, at, topic, project, kind, status, from_status FROM log
      WHERE log.position > p.position ORDER BY log.position LIMIT $1) l
  ),
  sums AS MATERIALIZED (
    SELECT date_trunc('minute', l.at, 'UTC') AS at, l.topic, coalesce(l.project, '') AS project, ${countColumns}
    FROM entries l GROUP BY 1, 2, 3
  ),
  counted AS (
    INSERT INTO event_counts AS c (span, topic, at, project, sent, finished, failed)
    SELECT u.span, t.topic, date_trunc(u.name, s.at, 'UTC'), t.project, sum(s.sent), sum(s.finished), sum(s.failed)
    FROM sums s
      CROSS JOIN (VALUES (60, 'minute', ${limits.rateMinuteDays}), (3600, 'hour', ${limits.rateHourDays}), (86400, 'day', NULL))
        AS u(span, name, days)
      CROSS JOIN LATERAL (VALUES (s.topic, s.project), ('', s.project), ('*', '')) AS t(topic, project)
    WHERE NOT (t.topic IN ('', '*') AND starts_with(s.topic, '${auditPrefix}'))
      AND (u.days IS NULL OR s.at >= now() - make_interval(days => u.days))
    GROUP BY 1, 2, 3, 4 HAVING sum(s.sent + s.finished + s.failed) > 0
    ON CONFLICT (span, topic, at, project) DO UPDATE
      SET sent = c.sent + excluded.sent, finished = c.finished + excluded.finished, failed = c.failed + excluded.failed
  ),
  moved AS (
    UPDATE event_count_position SET position = (SELECT max(position) FROM entries) WHERE EXISTS (SELECT FROM entries)
  )
  SELECT (SELECT count(*) FROM entries)::int4 AS entries, EXISTS (SELECT FROM event_count_position) AS "isReady"`;

/** Counts up to so many further entries of the log. Returns their number; 0 also while another gateway counts. */
export async function countEntries(database: Queryable, most: number): Promise<number> {
  const [row] = await database.query<{ entries: number; isReady: boolean }>({
    name: 'count-entries',
    text: countStatement,
    values: [most],
  });
  if (row!.isReady) return row!.entries;
  await ensureCountPosition(database);
  return countEntries(database, most);
}

/** Makes the row of the position. */
async function ensureCountPosition(database: Queryable): Promise<void> {
  await database.query(
    sql`INSERT INTO event_count_position (id, position) VALUES (1, 0) ON CONFLICT DO NOTHING`,
  );
}

/** Removes up to so many counts that are older than they are kept. Returns how many. */
export async function removeOldCounts(database: Queryable, most: number): Promise<number> {
  const old = (span: number, days: number) =>
    sql`(SELECT c.ctid FROM event_counts c WHERE c.span = ${span}::int4
      AND c.at < now() - make_interval(days => ${days + 1}::int4) LIMIT ${most})`;
  const rows = await database.query(
    sql`DELETE FROM event_counts WHERE ctid = ANY(ARRAY(${old(60, limits.rateMinuteDays)})
      || ARRAY(${old(3600, limits.rateHourDays)})) RETURNING span`,
  );
  return rows.length;
}

/** Which counts are wanted. */
export interface CountSelection {
  /** In seconds. */
  readonly span: number;
  /** Beginnings of the steps, and the end of the last; multiples of the span. */
  readonly bounds: readonly Date[];
  /** Exact topics or patterns; null for all. */
  readonly topics: readonly string[] | null;
  readonly projects: readonly string[] | null;
  /** Without requests, of which the counts know nothing. */
  readonly within: RowScope | null;
}

export interface StepCounts {
  /** From 1. */
  readonly step: number;
  readonly sent: number;
  readonly finished: number;
  readonly failed: number;
}

export interface ReadCounts {
  readonly steps: readonly StepCounts[];
  /** Counts that were read; more than `limits.rateRows` if there were too many. */
  readonly stored: number;
  /** Entries of the log that are not in the counts yet; more than `limits.rateEntries` if there were too many. */
  readonly recent: number;
}

/** Counts, and what the log has beyond them, as one snapshot. */
export async function readCounts(database: Queryable, selection: CountSelection): Promise<ReadCounts> {
  const { bounds } = selection;
  const times = sql`${bounds.map((at) => at.toISOString())}::timestamptz[]`;
  const inRange = (alias: string) =>
    sql`${raw(alias)}.at >= ${bounds[0]} AND ${raw(alias)}.at < ${bounds.at(-1)}`;
  const rows = await database.query<StepCounts>(sql`
    WITH RECURSIVE place AS MATERIALIZED (
      SELECT coalesce((SELECT position FROM event_count_position), 0) AS position
    ),
    ${topicNames(selection)}
    stored AS MATERIALIZED (${storedCounts(selection, inRange('c'))} LIMIT ${limits.rateRows + 1}),
    entries AS MATERIALIZED (
      SELECT l.* FROM place p CROSS JOIN LATERAL (
        SELECT position, at, topic, project, kind, status, from_status FROM log
        WHERE log.position > p.position ORDER BY log.position LIMIT ${limits.rateEntries + 1}) l
    ),
    recent AS (
      SELECT l.at, ${raw(countColumns)} FROM entries l WHERE ${join([inRange('l'), ...conditions(selection, 'l')], ' AND ')}
      GROUP BY l.at
    )
    SELECT width_bucket(r.at, ${times}) AS step, ${sums}
    FROM (
      SELECT c.at, c.sent, c.finished, c.failed FROM stored c WHERE ${join([sql`true`, ...conditionsOfStored(selection)], ' AND ')}
      UNION ALL SELECT * FROM recent
    ) r GROUP BY 1
    UNION ALL
    SELECT 0, (SELECT count(*) FROM stored)::float8, (SELECT count(*) FROM entries)::float8, 0`);
  const read = rows.find(({ step }) => step === 0);
  return {
    steps: rows.filter(({ step }) => step > 0),
    stored: read?.sent ?? 0,
    recent: read?.finished ?? 0,
  };
}

const sums = raw(
  'sum(r.sent)::float8 AS sent, sum(r.finished)::float8 AS finished, sum(r.failed)::float8 AS failed',
);

/** All topics of the span, one index probe for each, where they have to be tested. */
function topicNames({ span, topics, projects, within }: CountSelection): Sql {
  const isSummed = isOfAll({ topics, projects, within }) || isOfProjects({ topics, within });
  if (isSummed || areExact(topics)) return empty;
  const next = (after: Sql) =>
    sql`(SELECT min(n.topic) FROM event_counts n WHERE n.span = ${span}::int4 AND n.topic > ${after})`;
  return sql`names AS (
      SELECT ${next(sql`''`)} AS topic UNION ALL SELECT ${next(sql`names.topic`)} FROM names WHERE names.topic IS NOT NULL
    ),`;
}

/** Reads as many as may be read and one more, before they are tested. */
function storedCounts(selection: CountSelection, inRange: Sql): Sql {
  const { span, topics, within } = selection;
  const ofSpan = sql`c.span = ${span}::int4 AND ${inRange}`;
  const of = (topic: Sql) => sql`SELECT * FROM event_counts c WHERE ${ofSpan} AND ${topic}`;
  if (isOfAll(selection)) {
    if (within?.hidesAudit) return of(sql`c.topic = '*'`);
    // The byte after the last of the prefix.
    const end = `${auditPrefix.slice(0, -1)}/`;
    return sql`${of(sql`c.topic = '*'`)} UNION ALL ${of(sql`c.topic >= ${auditPrefix} AND c.topic < ${end}`)}`;
  }
  if (isOfProjects(selection)) return of(sql`c.topic = ''`);
  const names = areExact(topics)
    ? sql`unnest(${topics}::text[]) AS d(topic)`
    : sql`(SELECT * FROM names c WHERE ${join([sql`c.topic > '*'`, ...topicConditions(selection)], ' AND ')}) d`;
  return sql`SELECT c.* FROM ${names} CROSS JOIN LATERAL (${of(sql`c.topic = d.topic`)}) c`;
}

/** Whether the sums by project answer it. */
function isOfProjects({ topics, within }: Pick<CountSelection, 'topics' | 'within'>): boolean {
  return topics === null && within?.topics == null && within?.hidesAudit === true;
}

function isOfAll({ topics, projects, within }: Omit<CountSelection, 'span' | 'bounds'>): boolean {
  return topics === null && projects === null && within?.topics == null && within?.projects == null;
}

function areExact(topics: readonly string[] | null): topics is readonly string[] {
  return topics !== null && topics.every((topic) => !topic.includes('*'));
}

function topicConditions({ topics }: CountSelection): Sql[] {
  return topics === null ? [] : [sql`c.topic LIKE ANY(${topics.map(likePattern)}::text[])`];
}

/** Sums have no topic to test. */
function conditionsOfStored(selection: CountSelection): Sql[] {
  if (isOfAll(selection)) return [];
  return conditions(
    isOfProjects(selection) ? { ...selection, within: projectsOnly(selection.within) } : selection,
    'c',
  );
}

function projectsOnly(within: RowScope | null): RowScope | null {
  return within && { projects: within.projects, topics: null, requestIds: null };
}

/** What the selection wants of the topic and project of a row. */
function conditions({ topics, projects, within }: CountSelection, alias: string): Sql[] {
  const [topic, project] = [raw(`${alias}.topic`), raw(`${alias}.project`)];
  return [
    ...(topics === null ? [] : [sql`${topic} LIKE ANY(${topics.map(likePattern)}::text[])`]),
    ...(projects === null ? [] : [sql`${project} = ANY(${projects}::text[])`]),
    ...withinConditions(within, alias),
  ];
}
