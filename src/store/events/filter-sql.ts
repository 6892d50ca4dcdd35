// The event filter as SQL: the part that an index serves ("the driver") and what remains to be tested row by row.
import sql, { join, raw, type Sql } from 'sql-template-tag';
import type { EventStatus } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import { isExactTopic, likePattern } from '../../domain/events/topic.ts';
import { conditionsSql } from './conditions-sql.ts';

/**
 * We choose the index, not the planner: it knows neither the sizes on a young database nor that a page stops early.
 * Each value of the driver is read in order by itself and the results are merged, so that a list of topics costs a
 * page for each of them and not their whole history.
 */
export interface Driver {
  /** Rows that the driver goes through, as `d`. */
  readonly values: Sql;
  /** What ties the event `x` to the row `d`; an index begins with these columns and goes on in order of creation. */
  readonly match: Sql;
}

export interface FilterSql {
  /** Null: the index on creation, over everything. */
  readonly driver: Driver | null;
  /** Conditions on the event `x` that the driver's index serves as well. */
  readonly range: readonly Sql[];
  /** Conditions on the event `e` that are tested on each row read. */
  readonly residual: readonly Sql[];
}

/** The filter with one of the drivers that could serve it, the first one unless another is given. */
export function filterSql(
  filter: CheckedFilter,
  driver: Candidate | null = candidateDrivers(filter)[0] ?? null,
): FilterSql {
  const served = driver?.served ?? new Set<keyof CheckedFilter>();
  return { driver, range: rangeOf(filter, 'x'), residual: residualOf(filter, served) };
}

/** All of the filter as conditions on the event `e`, for rows that come from elsewhere. */
export function undrivenConditions(filter: CheckedFilter): Sql[] {
  return [...rangeOf(filter, 'e'), ...residualOf(filter, new Set())];
}

/** What of the filter every driver's index serves, on the event `x`. */
export function rangeConditions(filter: CheckedFilter): Sql[] {
  return rangeOf(filter, 'x');
}

/** Conditions as one, for a WHERE. */
export function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`true` : join(conditions, ' AND ');
}

type Served = ReadonlySet<keyof CheckedFilter>;

/** A driver, and the parts of the filter that it serves. */
export interface Candidate extends Driver {
  readonly served: Served;
}

/** The drivers that could serve a filter: one where it names ids or requests, else one for each name it selects by. */
export function candidateDrivers(filter: CheckedFilter): Candidate[] {
  const { ids, requestIds, topics, statuses, users, projects, senders } = filter;
  if (ids) return [drive(sql`unnest(${ids}::uuid[]) AS d(value)`, sql`x.id = d.value`, ['ids'])];
  if (requestIds) return [driveByText(requestIds, sql`x.request_id`, ['requestIds'])];
  const exactTopics = topics?.every(isExactTopic) ? topics : null;
  const unfinished = statuses?.includes('FINISHED') ? null : statuses;
  const byTopic =
    exactTopics &&
    (unfinished
      ? driveByTopicAndStatus(exactTopics, unfinished)
      : driveByText(exactTopics, sql`x.topic`, ['topics']));
  const all = [
    byTopic,
    users && driveByText(users, sql`x.user_name`, ['users']),
    unfinished && !exactTopics && driveByStatus(unfinished),
    projects && driveByText(projects, sql`x.project`, ['projects']),
    senders && driveByText(senders, sql`x.sender`, ['senders']),
  ];
  return all.filter((candidate) => candidate !== null && candidate !== undefined && candidate !== false);
}

function drive(values: Sql, match: Sql, served: (keyof CheckedFilter)[]): Candidate {
  return { values, match, served: new Set(served) };
}

function driveByText(values: readonly string[], column: Sql, served: (keyof CheckedFilter)[]): Candidate {
  return drive(sql`unnest(${values}::text[]) AS d(value)`, sql`${column} = d.value`, served);
}

// The partial indexes are considered only where the condition is written out.
function driveByStatus(statuses: readonly EventStatus[]): Candidate {
  const match = sql`x.status = d.value AND x.status <> 'FINISHED'`;
  return drive(sql`unnest(${statuses}::event_status[]) AS d(value)`, match, ['statuses']);
}

function driveByTopicAndStatus(topics: readonly string[], statuses: readonly EventStatus[]): Candidate {
  const values = sql`(SELECT topic, status FROM unnest(${topics}::text[]) AS topic,
    unnest(${statuses}::event_status[]) AS status) AS d`;
  const match = sql`x.topic = d.topic AND x.status = d.status AND x.status <> 'FINISHED'`;
  return drive(values, match, ['topics', 'statuses']);
}

function rangeOf(filter: CheckedFilter, alias: 'x' | 'e'): Sql[] {
  const column = raw(`${alias}.created_at`);
  return [
    ...(filter.createdAfter ? [sql`${column} > ${filter.createdAfter}`] : []),
    ...(filter.createdBefore ? [sql`${column} < ${filter.createdBefore}`] : []),
    ...(filter.createdFrom ? [sql`${column} >= ${filter.createdFrom}`] : []),
    ...(filter.createdUntil ? [sql`${column} <= ${filter.createdUntil}`] : []),
  ];
}

function residualOf(filter: CheckedFilter, served: Served): Sql[] {
  const left = <Key extends keyof CheckedFilter>(key: Key) => (served.has(key) ? null : filter[key]);
  const residual: Sql[] = [];
  const among = (column: Sql, values: readonly string[] | null, type: Sql) => {
    if (values !== null) residual.push(sql`${column} = ANY(${values}::${type})`);
  };
  among(sql`e.id`, left('ids'), sql`uuid[]`);
  among(sql`e.request_id`, left('requestIds'), sql`text[]`);
  among(sql`e.project`, left('projects'), sql`text[]`);
  among(sql`e.user_name`, left('users'), sql`text[]`);
  among(sql`e.sender`, left('senders'), sql`text[]`);
  among(sql`e.status`, left('statuses'), sql`event_status[]`);
  const topics = left('topics');
  if (topics !== null) residual.push(sql`e.topic LIKE ANY(${topics.map(likePattern)}::text[])`);
  if (filter.hasDependents !== null) residual.push(dependents(filter.hasDependents));
  if (filter.exhausted !== null) residual.push(exhausted(filter.exhausted));
  if (filter.scheduled !== null) residual.push(filter.scheduled ? sql`e.held` : sql`NOT e.held`);
  residual.push(...filter.words.map(hasWord));
  return filter.conditions === null ? residual : [...residual, conditionsSql(filter.conditions)];
}

function dependents(wanted: boolean): Sql {
  return wanted
    ? sql`EXISTS (SELECT FROM events c WHERE c.depends_on = e.id OFFSET 0)`
    : sql`NOT EXISTS (SELECT FROM events c WHERE c.depends_on = e.id OFFSET 0)`;
}

/** A subquery for one value is asked for each row; an EXISTS might be answered for all jobs at once. */
function exhausted(wanted: boolean): Sql {
  const isExhausted = sql`(e.status = 'FAILED' AND (SELECT j.ready_at IS NULL FROM jobs j WHERE j.event_id = e.id))`;
  return wanted ? sql`${isExhausted} IS TRUE` : sql`${isExhausted} IS NOT TRUE`;
}

function hasWord(word: string): Sql {
  const pattern = `%${word.replace(/[\\_%]/g, '\\$&')}%`;
  const text = sql`concat_ws(E'\n', e.topic, e.project, e.user_name, e.sender, e.description) COLLATE "default"`;
  return sql`lower(${text}) LIKE ${pattern}`;
}
