// Counts of events out of the log itself: for short steps, and for filters that the kept counts do not know.
import sql, { join, raw, type Sql } from 'sql-template-tag';
import { limits } from '../../base/limits.ts';
import type { Queryable } from '../../database/database.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import { isExactTopic, likePattern } from '../../domain/events/topic.ts';
import { undrivenConditions } from '../events/filter-sql.ts';
import { withinConditions } from '../events/rows-sql.ts';
import { countColumns, type StepCounts } from './event-counts.ts';

export interface LogRates {
  readonly steps: readonly StepCounts[];
  /** Entries that were read; more than allowed if there were too many. */
  readonly entries: number;
}

/**
 * The last position before a time, as SQL. Times in the log never decrease, so a binary search finds it in a few look-ups
 * by position.
 */
function positionBefore(time: Date): Sql {
  const middle = raw('s.low + (s.high - s.low) / 2');
  return sql`(WITH RECURSIVE search(step, low, high) AS (
      SELECT 0, 0::int8, (SELECT coalesce(max(position), 0) FROM log)
      UNION ALL
      SELECT s.step + 1, CASE WHEN e.at < ${time} THEN e.position ELSE s.low END,
        CASE WHEN e.at < ${time} THEN s.high ELSE ${middle} END
      FROM search s LEFT JOIN LATERAL (
        SELECT g.position, g.at FROM log g WHERE g.position > ${middle} ORDER BY g.position LIMIT 1) e ON true
      WHERE s.low < s.high
    ) SELECT low FROM search ORDER BY step DESC LIMIT 1)`;
}

/**
 * Counts entries between the bounds. Where `isOfEvents`, the filter is tested on the events as they are now; otherwise on
 * topics and projects as of the entries.
 */
export async function readLogRates(
  database: Queryable,
  bounds: readonly Date[],
  filter: CheckedFilter,
  isOfEvents: boolean,
): Promise<LogRates> {
  const most = isOfEvents ? limits.rateFilteredEntries : limits.rateEntries;
  const times = sql`${bounds.map((at) => at.toISOString())}::timestamptz[]`;
  const event = isOfEvents
    ? sql`CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = l.event_id LIMIT 1) e`
    : sql``;
  const tests = isOfEvents ? undrivenConditions(filter) : conditionsOnEntry(filter);
  const rows = await database.query<StepCounts>(sql`
    WITH range AS MATERIALIZED (
      SELECT ${positionBefore(bounds[0]!)} AS low, ${positionBefore(bounds.at(-1)!)} AS high
    ),
    entries AS MATERIALIZED (${entriesOf(filter, most)}),
    counted AS (
      SELECT width_bucket(l.at, ${times}) AS step, ${raw(countColumns)}
      FROM entries l ${event} WHERE ${join([sql`true`, ...tests], ' AND ')} GROUP BY 1
    )
    SELECT step, sent::float8, finished::float8, failed::float8 FROM counted
    UNION ALL SELECT 0, (SELECT count(*) FROM entries)::float8, 0, 0`);
  return {
    steps: rows.filter(({ step }) => step > 0),
    entries: rows.find(({ step }) => step === 0)?.sent ?? 0,
  };
}

/** Exact topics are read by their index. */
function entriesOf({ topics }: CheckedFilter, most: number): Sql {
  const entries = (match: Sql) => sql`SELECT g.* FROM log g
    WHERE g.position > (SELECT low FROM range) AND g.position <= (SELECT high FROM range) ${match}
    ORDER BY g.position LIMIT ${most + 1}`;
  if (topics === null || !topics.every(isExactTopic)) return entries(sql``);
  return sql`SELECT g.* FROM unnest(${topics}::text[]) AS d(topic)
    CROSS JOIN LATERAL (${entries(sql`AND g.topic = d.topic`)}) g LIMIT ${most + 1}`;
}

function conditionsOnEntry({ topics, projects, within }: CheckedFilter): Sql[] {
  return [
    ...(topics === null ? [] : [sql`l.topic LIKE ANY(${topics.map(likePattern)}::text[])`]),
    ...(projects === null ? [] : [sql`l.project = ANY(${projects}::text[])`]),
    ...withinConditions(within, 'l'),
  ];
}
