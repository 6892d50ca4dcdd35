// The filter of lists and feeds as it arrives, and its validation.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { withConditionsInLists } from './condition-lists.ts';
import { type CelFilter, checkCel } from '../cel/filter.ts';
import { celConditions } from '../cel/necessary.ts';
import { checkConditions, type ConditionsInput } from './check-conditions.ts';
import type { CheckedFilter } from './checked-filter.ts';
import { type CheckedConditions, join } from './conditions.ts';
import type { EventStatus } from '../events/event.ts';
import { checkId, optionalName } from '../events/send.ts';
import { isTopicWithin, type RowScope } from '../access/row-scope.ts';
import { checkTopicPattern, isExactTopic, topicMatches } from '../events/topic.ts';

type Given<T> = T | null | undefined;

/**
 * Conditions are joined by AND, the members of each list by OR. An absent or null list does not filter; an empty one
 * matches nothing.
 */
export interface EventFilter {
  readonly ids?: Given<readonly string[]>;
  /** Patterns: * matches any run of characters. */
  readonly topics?: Given<readonly string[]>;
  readonly projects?: Given<readonly string[]>;
  readonly users?: Given<readonly string[]>;
  readonly senders?: Given<readonly string[]>;
  readonly statuses?: Given<readonly EventStatus[]>;
  readonly requestIds?: Given<readonly string[]>;
  readonly hasDependents?: Given<boolean>;
  /** Exclusive. */
  readonly createdAfter?: Given<Date>;
  /** Exclusive. */
  readonly createdBefore?: Given<Date>;
  /** Words, each of which must occur in the topic, project, user, sender or description, ignoring case. */
  readonly text?: Given<string>;
  readonly conditions?: Given<ConditionsInput>;
  /** Whether the event is a job that failed and has no retry left. */
  readonly exhausted?: Given<boolean>;
  /** Whether the event is scheduled. */
  readonly scheduled?: Given<boolean>;
  /** In CEL. */
  readonly where?: Given<string>;
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
    within: null,
  });
}

/** The filter within rows. Its lists are narrowed, so that an index serves them; no other part of it is decided by that. */
export function filterWithin(filter: CheckedFilter, rows: RowScope | null): CheckedFilter {
  if (rows === null) return filter;
  return {
    ...filter,
    within: rows,
    projects: bothOf(filter.projects, rows.projects),
    requestIds: bothOf(filter.requestIds, rows.requestIds),
    topics: topicsWithin(filter, rows),
  };
}

function bothOf(given: readonly string[] | null, among: readonly string[] | null): readonly string[] | null {
  return among === null ? given : (given?.filter((name) => among.includes(name)) ?? among);
}

/** Patterns are kept as they are where others restrict them: each row is tested by both. */
function topicsWithin({ topics, ids }: CheckedFilter, rows: RowScope): readonly string[] | null {
  if (topics?.every(isExactTopic)) return topics.filter((topic) => isTopicWithin(rows, topic));
  if (rows.topics === null) return topics;
  if (topics === null) return ids === null && rows.projects === null ? rows.topics : null;
  if (!rows.topics.every(isExactTopic)) return topics;
  return rows.topics.filter((topic) => topics.some((pattern) => topicMatches(pattern, topic)));
}

/** The conditions, together with the pre-filter of the CEL expression. */
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

/** Exhausted events have failed and scheduled events are pending; the statuses have an index. */
function checkStatuses({ statuses, exhausted, scheduled }: EventFilter): readonly EventStatus[] | null {
  const only = (given: readonly EventStatus[] | null, status: EventStatus): readonly EventStatus[] =>
    given?.filter((other) => other === status) ?? [status];
  let checked = checkList('statuses', statuses, (status) => status);
  if (exhausted) checked = only(checked, 'FAILED');
  if (scheduled) checked = only(checked, 'PENDING');
  return checked;
}

/** For feeds: other events and jobs are not properties of a change. */
export function checkFeedFilter(filter: Given<EventFilter>): CheckedFilter {
  const checked = checkFilter(filter);
  for (const name of ['hasDependents', 'exhausted', 'scheduled'] as const)
    if (checked[name] !== null)
      throw badInput(`${name} cannot be used in a feed; use it with the query events.`);
  return checked;
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
