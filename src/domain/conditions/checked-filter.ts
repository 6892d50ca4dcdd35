// A checked filter, and what it matches: tested here in process, or as SQL in the store, to the same result.
import { type CelFilter, type CelVerdict, matched, tooCostly, unmatched } from '../cel/filter.ts';
import { CostExceeded, Meter } from '../cel/meter.ts';
import { isWithin, type RowScope } from '../access/row-scope.ts';
import type { EventStatus } from '../events/event.ts';
import { topicMatches } from '../events/topic.ts';
import type { CheckedConditions } from './conditions.ts';
import { type Conditionable, conditionsMatch } from './match-conditions.ts';

/** A checked filter. A null member does not filter. */
export interface CheckedFilter {
  readonly ids: readonly string[] | null;
  readonly topics: readonly string[] | null;
  readonly projects: readonly string[] | null;
  readonly users: readonly string[] | null;
  readonly senders: readonly string[] | null;
  readonly statuses: readonly EventStatus[] | null;
  readonly requestIds: readonly string[] | null;
  readonly hasDependents: boolean | null;
  readonly createdAfter: Date | null;
  readonly createdBefore: Date | null;
  /** Like createdAfter and createdBefore, but inclusive. For the event log. */
  readonly createdFrom: Date | null;
  readonly createdUntil: Date | null;
  readonly words: readonly string[];
  /** The given conditions, and those that `where` implies. */
  readonly conditions: CheckedConditions | null;
  readonly exhausted: boolean | null;
  readonly scheduled: boolean | null;
  /** The part that must be tested on the event itself. */
  readonly where: CelFilter | null;
  /** The rows that the caller may see. */
  readonly within: RowScope | null;
}

/** Whether one of its lists is empty. */
export function matchesNothing({
  ids,
  topics,
  projects,
  users,
  senders,
  statuses,
  requestIds,
}: CheckedFilter): boolean {
  return [ids, topics, projects, users, senders, statuses, requestIds].some((list) => list?.length === 0);
}

/** The fields that a filter's lists, times and words test. */
export type Listable = Pick<
  Conditionable,
  'id' | 'topic' | 'project' | 'user' | 'sender' | 'status' | 'requestId' | 'description' | 'createdAt'
>;

/** The fields that a filter tests: of an event, or of a change and its log columns. */
export type Filterable = Conditionable;

export function filterMatches(filter: CheckedFilter, event: Filterable): boolean {
  return listsMatch(filter, event) && testFilter(filter, event).matches;
}

/** Tests the conditions and the CEL expression. `meter` bounds the cost; the default is about a tenth of a second. */
export function testFilter(
  { conditions, where }: Pick<CheckedFilter, 'conditions' | 'where'>,
  event: Filterable,
  meter: Meter = new Meter(),
): CelVerdict {
  try {
    if (conditions !== null && !conditionsMatch(conditions, event, meter)) return unmatched;
  } catch (error) {
    if (error instanceof CostExceeded) return tooCostly;
    throw error;
  }
  return where === null ? matched : where.test(event, meter);
}

/** Tests everything but the conditions and the CEL expression. */
export function listsMatch(filter: CheckedFilter, event: Listable): boolean {
  return (
    isAmong(filter.ids, event.id) &&
    isAmong(filter.requestIds, event.requestId) &&
    isAmong(filter.projects, event.project) &&
    isAmong(filter.users, event.user) &&
    isAmong(filter.senders, event.sender) &&
    isAmong(filter.statuses, event.status) &&
    (filter.topics === null || filter.topics.some((pattern) => topicMatches(pattern, event.topic))) &&
    (filter.createdAfter === null || event.createdAt > filter.createdAfter) &&
    (filter.createdBefore === null || event.createdAt < filter.createdBefore) &&
    hasWords(filter.words, event) &&
    isWithin(filter.within, event)
  );
}

function isAmong<T>(list: readonly T[] | null, value: T | null): boolean {
  return list === null || (value !== null && list.includes(value));
}

function hasWords(words: readonly string[], event: Listable): boolean {
  if (words.length === 0) return true;
  const text = [event.topic, event.project, event.user, event.sender, event.description]
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}
