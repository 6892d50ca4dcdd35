// Reads the log for durable subscriptions: finds the sent events they select, for many subscriptions in one
// statement.
import sql, { empty, join, type Sql } from 'sql-template-tag';
import type { Queryable } from '../../database/database.ts';
import type { LogEntry, Position } from '../../domain/events/event.ts';
import type { SubscriptionDefinition } from '../../domain/subscriptions/subscription.ts';
import { isExactTopic, likePattern } from '../../domain/events/topic.ts';
import { conditionsSql } from './conditions-sql.ts';
import { andWithin } from './rows-sql.ts';

export interface Search {
  readonly definition: SubscriptionDefinition;
  readonly after: Position;
  /** The maximum of log entries to read; with many topics slightly more. */
  readonly batch: number;
  /** The maximum of events to find. */
  readonly count: number;
}

/** A sent event, with the fields its log entry keeps. */
export interface Candidate extends Pick<
  LogEntry,
  'position' | 'topic' | 'project' | 'user' | 'sender' | 'requestId' | 'status'
> {
  readonly id: LogEntry['eventId'];
}

export interface Found {
  /** In log order. Only the pre-filter has been applied. */
  readonly candidates: readonly Candidate[];
  /** The log has been read up to here. */
  readonly readTo: Position;
}

type Row = Candidate & { readonly number: number; readonly kind: 'found' | 'bound' | 'end' };

/** Log entries read per topic at least, so that one busy topic among many is not read entry by entry. */
const leastShare = 10;
/** Searches per statement. Each has its own plan in it. */
const together = 20;

/** In the order of `searches`. `end` is a position before which nothing can be committed any more. */
export async function findPending(
  database: Queryable,
  searches: readonly Search[],
  end: Position,
): Promise<Found[]> {
  const found: Found[] = [];
  for (let from = 0; from < searches.length; from += together) {
    const some = searches.slice(from, from + together);
    const parts = some.map((search, n) => searchSql(search, n, end));
    const rows = await database.query<Row>(sql`${join(parts, ' UNION ALL ')}`);
    found.push(
      ...some.map((search, n) =>
        foundOf(
          search,
          rows.filter(({ number }) => number === n),
          end,
        ),
      ),
    );
  }
  return found;
}

/** Like findPending, but only counts. Applies only the pre-filter. */
export async function countPending(
  database: Queryable,
  searches: readonly Search[],
  end: Position,
): Promise<{ readonly count: number; readonly readTo: Position }[]> {
  const parts = searches.map((search, n) => searchSql(search, n, end));
  if (parts.length === 0) return [];
  const rows = await database.query<{ number: number; count: number; last: Position; bound: Position }>(sql`
    SELECT number, count(*) FILTER (WHERE kind = 'found')::int4 AS count,
      max(position) FILTER (WHERE kind = 'found') AS last, max(position) FILTER (WHERE kind = 'bound') AS bound
    FROM (${join(parts, ' UNION ALL ')}) p GROUP BY number`);
  return searches.map((search, n) => {
    const row = rows.find(({ number }) => number === n);
    const count = row?.count ?? 0;
    return { count, readTo: (count >= search.count ? row?.last : row?.bound) ?? end };
  });
}

function foundOf({ count }: Search, rows: readonly Row[], end: Position): Found {
  const candidates = rows.filter(({ kind }) => kind === 'found');
  candidates.sort((a, b) => (a.position < b.position ? -1 : 1));
  const last = candidates.at(-1);
  if (last && candidates.length >= count) return { candidates, readTo: last.position };
  const bound = rows.find(({ kind }) => kind === 'bound');
  return { candidates, readTo: bound?.position ?? end };
}

/**
 * The log's fields of the event stand for its current ones. Joins are only by event id, so that entries are read in
 * order and reading stops with the last one needed.
 */
function searchSql({ definition, after, batch, count }: Search, number: number, end: Position): Sql {
  const preFilter = definition.preFilter === null ? empty : sql`AND ${conditionsSql(definition.preFilter)}`;
  return sql`(WITH read AS MATERIALIZED (${entriesOf(definition, after, end, batch)}),
    bound AS MATERIALIZED (
      SELECT min(f.position) AS position FROM (
        SELECT max(position) AS position FROM read GROUP BY part HAVING count(*) = max(part_limit)) f
    )
    SELECT ${number}::int4 AS number, 'found' AS kind, f.* FROM (
      SELECT l.event_id AS id, l.position, l.topic, l.project, l.user_name AS "user", l.sender,
        l.request_id AS "requestId", l.status
      FROM (SELECT r.* FROM read r, bound b
            WHERE r.kind = 'CREATED' AND (b.position IS NULL OR r.position <= b.position) ${ofDefinition(definition)} ${andWithin(definition.rows, 'r')}
            ORDER BY r.position) l
        CROSS JOIN LATERAL (
          SELECT v.id, v.event_type, v.payload, v.summary, v.created_at, l.topic, l.project, l.user_name, l.sender,
            l.request_id, l.status
          FROM events v WHERE v.id = l.event_id ${andWithin(definition.rows, 'v')} LIMIT 1) e
      WHERE true ${preFilter} ORDER BY l.position LIMIT ${count}) f
    UNION ALL
    SELECT ${number}::int4, 'bound', NULL, b.position, NULL, NULL, NULL, NULL, NULL, NULL FROM bound b)`;
}

const columns = sql`log.position, log.event_id, log.kind, log.status, log.topic, log.project, log.user_name, log.sender,
  log.request_id`;

/** Each topic reads its share. Entries beyond the first topic that may have more are left for the next call. */
function entriesOf(
  { source, topics }: SubscriptionDefinition,
  after: Position,
  end: Position,
  batch: number,
): Sql {
  const range = sql`log.position > ${after} AND log.position <= ${end}`;
  if (source !== null) {
    return sql`SELECT ${columns}, 1 AS part, ${batch}::int4 AS part_limit FROM log
      WHERE log.sender = ${source} AND log.kind = 'CREATED' AND ${range} ORDER BY log.position LIMIT ${batch}`;
  }
  if (topics === null || !topics.every(isExactTopic)) {
    return sql`SELECT ${columns}, 1 AS part, ${batch}::int4 AS part_limit FROM log
      WHERE ${range} ORDER BY log.position LIMIT ${batch}`;
  }
  const share = Math.max(leastShare, Math.ceil(batch / topics.length));
  return sql`SELECT l.* FROM unnest(${topics}::text[]) WITH ORDINALITY AS d(topic, number) CROSS JOIN LATERAL (
    SELECT ${columns}, d.number AS part, ${share}::int4 AS part_limit FROM log
    WHERE log.topic = d.topic AND ${range} ORDER BY log.position LIMIT ${share}) l`;
}

/** The parts of the definition that the index does not decide. */
function ofDefinition({ source, topics }: SubscriptionDefinition): Sql {
  if (topics === null || topics.includes('*')) return empty;
  if (topics.every(isExactTopic)) return source === null ? empty : sql`AND r.topic = ANY(${topics}::text[])`;
  return sql`AND r.topic LIKE ANY(${topics.map(likePattern)}::text[])`;
}
