// The event filter as SQL: the part served by an index (the driver) and the conditions tested on each row.
import sql, { join, raw, type Sql } from 'sql-template-tag';
import { isTopicWithin, type RowScope } from '../../domain/access/row-scope.ts';
import type { EventStatus } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import { isExactTopic, likePattern } from '../../domain/events/topic.ts';
import { conditionsSql } from './conditions-sql.ts';
import { andWithin, withinConditions } from './rows-sql.ts';

/**
 * The index is chosen here, because the planner knows neither the sizes in a young database nor that a page stops
 * early. Each value of the driver is read in order and the results are merged, so that a list of topics costs one
 * page per topic instead of their whole history.
 */
export interface Driver {
  /** The rows `d` of the driver. */
  readonly values: Sql;
  /** Joins the event `x` to the row `d`. An index has these columns first and then the order of creation. */
  readonly match: Sql;
}

export interface FilterSql {
  /** Null: the index on creation, over all events. */
  readonly driver: Driver | null;
  /** Conditions on the event `x` that the driver's index also serves. */
  readonly range: readonly Sql[];
  /** Conditions on the event `e` that are tested on each row read. */
  readonly residual: readonly Sql[];
  /** Whether these come from the caller's rows alone, and so are the same in each of its lists. */
  readonly isResidualOfRows: boolean;
}

/** The filter with a given driver; by default the first that can serve it. */
export function filterSql(
  filter: CheckedFilter,
  driver: Candidate | null = candidateDrivers(filter)[0] ?? null,
): FilterSql {
  const served = driver?.served ?? new Set<keyof CheckedFilter>();
  return {
    driver,
    range: rangeOf(filter, 'x'),
    residual: residualOf(filter, served),
    isResidualOfRows: residualOf({ ...filter, within: null }, served).length === 0,
  };
}

/** The whole filter as conditions on the event `e`, for rows from another source. */
export function undrivenConditions(filter: CheckedFilter): Sql[] {
  return [...rangeOf(filter, 'e'), ...residualOf(filter, new Set())];
}

/** The conditions on the event `x` that every driver's index serves. */
export function rangeConditions(filter: CheckedFilter): Sql[] {
  return rangeOf(filter, 'x');
}

/** Joins conditions with AND. */
export function allOf(conditions: readonly Sql[]): Sql {
  return conditions.length === 0 ? sql`true` : join(conditions, ' AND ');
}

type Served = ReadonlySet<keyof CheckedFilter>;

/** A driver, and the parts of the filter that it serves. */
export interface Candidate extends Driver {
  readonly served: Served;
}

/**
 * The drivers that could serve a filter: a single one if it names ids or requests, otherwise one per selecting list.
 */
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

// The planner uses a partial index only if its condition is written out.
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
  if (filter.hasDependents !== null) residual.push(dependents(filter.hasDependents, filter.within));
  residual.push(...withinConditions(restOf(filter), 'e'));
  if (filter.exhausted !== null) residual.push(exhausted(filter.exhausted));
  if (filter.scheduled !== null) residual.push(filter.scheduled ? sql`e.held` : sql`NOT e.held`);
  residual.push(...filter.words.map(hasWord));
  return filter.conditions === null ? residual : [...residual, conditionsSql(filter.conditions)];
}

/** The rows but for what the lists of the filter say already. */
function restOf({ within, projects, topics, requestIds }: CheckedFilter): RowScope | null {
  if (within === null) return null;
  const isSaid = (given: readonly string[] | null, among: readonly string[] | null) =>
    among !== null && given !== null && given.every((name) => among.includes(name));
  const areTopicsSaid =
    topics?.every((topic) => isExactTopic(topic) && isTopicWithin(within, topic)) ?? false;
  return {
    ...(areTopicsSaid ? {} : within),
    projects: isSaid(projects, within.projects) ? null : within.projects,
    requestIds: isSaid(requestIds, within.requestIds) ? null : within.requestIds,
    topics: areTopicsSaid || isSaid(topics, within.topics) ? null : within.topics,
  };
}

/** Only those within the same rows count. */
function dependents(wanted: boolean, rows: RowScope | null): Sql {
  const exists = sql`EXISTS (SELECT FROM events c WHERE c.depends_on = e.id ${andWithin(rows, 'c')} OFFSET 0)`;
  return wanted ? exists : sql`NOT ${exists}`;
}

/** A scalar subquery is evaluated per row; an EXISTS could be evaluated for all jobs at once. */
function exhausted(wanted: boolean): Sql {
  const isExhausted = sql`(e.status = 'FAILED' AND (SELECT j.ready_at IS NULL FROM jobs j WHERE j.event_id = e.id))`;
  return wanted ? sql`${isExhausted} IS TRUE` : sql`${isExhausted} IS NOT TRUE`;
}

function hasWord(word: string): Sql {
  const pattern = `%${word.replace(/[\\_%]/g, '\\$&')}%`;
  const text = sql`concat_ws(E'\n', e.topic, e.project, e.user_name, e.sender, e.description) COLLATE "default"`;
  return sql`lower(${text}) LIKE ${pattern}`;
}
