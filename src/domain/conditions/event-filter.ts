// The filter of lists and feeds: checked once, then answered here in process or as SQL in the store, to the same result.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { withConditionsInLists } from './condition-lists.ts';
import { type CelFilter, type CelVerdict, checkCel, matched, tooCostly, unmatched } from '../cel/filter.ts';
import { CostExceeded, Meter } from '../cel/meter.ts';
import { celConditions } from '../cel/necessary.ts';
import { type CheckedConditions, checkConditions, type ConditionsInput, join } from './conditions.ts';
import { type Conditionable, conditionsMatch } from './match-conditions.ts';
import type { EventStatus } from '../events/event.ts';
import { checkId, optionalName } from '../events/send.ts';
import { checkTopicPattern, topicMatches } from '../events/topic.ts';

type Given<T> = T | null | undefined;

/** Conditions are joined by AND, the members of each list by OR. An absent or null list does not filter; an empty one matches nothing. */
export interface EventFilter {
  readonly ids?: Given<readonly string[]>;
  /** Patterns: * stands for any run of characters. */
  readonly topics?: Given<readonly string[]>;
  readonly projects?: Given<readonly string[]>;
  readonly users?: Given<readonly string[]>;
  readonly senders?: Given<readonly string[]>;
  readonly statuses?: Given<readonly EventStatus[]>;
  readonly requestIds?: Given<readonly string[]>;
  readonly hasDependents?: Given<boolean>;
  /** Later than this. */
  readonly createdAfter?: Given<Date>;
  /** Earlier than this. */
  readonly createdBefore?: Given<Date>;
  /** Words, each of which must occur in the topic, project, user, sender or description, in any case of letters. */
  readonly text?: Given<string>;
  readonly conditions?: Given<ConditionsInput>;
  /** Whether it is a job that failed and has no retry left. */
  readonly exhausted?: Given<boolean>;
  /** Whether it is held back. */
  readonly scheduled?: Given<boolean>;
  /** In CEL. */
  readonly where?: Given<string>;
}

/** A checked filter: null does not filter. */
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
  /** As createdAfter and createdBefore, but inclusive: for the event log. */
  readonly createdFrom: Date | null;
  readonly createdUntil: Date | null;
  readonly words: readonly string[];
  /** Those that were given, and those that must hold for `where` to be true. */
  readonly conditions: CheckedConditions | null;
  readonly exhausted: boolean | null;
  readonly scheduled: boolean | null;
  /** What only a look at the event itself can tell. */
  readonly where: CelFilter | null;
}

export function checkFilter(filter: Given<EventFilter>): CheckedFilter {
  const given = filter ?? {};
  const where = checkCel(given.where);
  return withConditionsInLists({
    ids: checkList('ids', given.ids, (id) => checkId(id, 'ids')),
    topics: checkList('topics', given.topics, (topic) => checkTopicPattern(topic)),
    projects: checkList('projects', given.projects, (name) => optionalName('projects', name) ?? name),
    users: checkList('users', given.users, (name) => optionalName('users', name) ?? name),
    senders: checkList('senders', given.senders, (name) => optionalName('senders', name) ?? name),
    statuses: checkStatuses(given),
    requestIds: checkList('requestIds', given.requestIds, (id) => optionalName('requestIds', id) ?? id),
    hasDependents: given.hasDependents ?? null,
    createdAfter: given.createdAfter ?? null,
    createdBefore: given.createdBefore ?? null,
    createdFrom: null,
    createdUntil: null,
    words: wordsOf(given.text ?? ''),
    conditions: conditionsWith(checkConditions(given.conditions), where),
    exhausted: given.exhausted ?? null,
    scheduled: given.scheduled ?? null,
    where,
  });
}

/** The conditions, and what has to hold for the filter in CEL to be true: an index or SQL can decide them. */
export function conditionsWith(
  conditions: CheckedConditions | null,
  where: CelFilter | null,
): CheckedConditions | null {
  const necessary = where && celConditions(where);
  return join(
    'AND',
    [conditions, necessary].filter((part) => part !== null),
  );
}

/** What is exhausted has failed, and what is held back is pending: for statuses there is an index. */
function checkStatuses({ statuses, exhausted, scheduled }: EventFilter): readonly EventStatus[] | null {
  const only = (given: readonly EventStatus[] | null, status: EventStatus): readonly EventStatus[] =>
    given?.filter((other) => other === status) ?? [status];
  let checked = checkList('statuses', statuses, (status) => status);
  if (exhausted) checked = only(checked, 'FAILED');
  if (scheduled) checked = only(checked, 'PENDING');
  return checked;
}

/** For feeds, whose changes come one by one: other events and jobs are no property of a change. */
export function checkFeedFilter(filter: Given<EventFilter>): CheckedFilter {
  const checked = checkFilter(filter);
  for (const name of ['hasDependents', 'exhausted', 'scheduled'] as const)
    if (checked[name] !== null) throw badInput(`${name} cannot select changes; use it with events.`);
  return checked;
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

function checkList<T>(name: string, list: Given<readonly T[]>, check: (item: T) => T): readonly T[] | null {
  if (list === null || list === undefined) return null;
  if (list.length > limits.batchItems) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `filter.${name} has ${list.length} items; at most ${limits.batchItems} are allowed.`,
    );
  }
  return [...new Set(list.map(check))];
}

function wordsOf(text: string): string[] {
  optionalName('text', text || null);
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** What a filter's lists, times and words look at. */
export type Listable = Pick<
  Conditionable,
  'id' | 'topic' | 'project' | 'user' | 'sender' | 'status' | 'requestId' | 'description' | 'createdAt'
>;

/** What a filter looks at: an event, or a change with what the log keeps beside it. */
export type Filterable = Conditionable;

export function filterMatches(filter: CheckedFilter, event: Filterable): boolean {
  return listsMatch(filter, event) && testFilter(filter, event).matches;
}

/** The conditions and the CEL of a filter, tested at a cost that `meter` bounds: about a tenth of a second unless given. */
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

/** The filter without its conditions and its CEL. */
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
    hasWords(filter.words, event)
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
