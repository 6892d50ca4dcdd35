// Optimization of filters: moves conditions that a list of the filter can express into that list, which has an index.
import type { ConditionField } from './condition-keys.ts';
import { type CheckedConditions, type FieldTest, isGroup, join, type Test } from './conditions.ts';
import type { CheckedFilter } from './checked-filter.ts';
import { isExactTopic, topicMatches } from '../events/topic.ts';

type ListName = 'ids' | 'topics' | 'projects' | 'users' | 'senders' | 'statuses' | 'requestIds';

const listOf: Partial<Record<ConditionField, ListName>> = {
  id: 'ids',
  topic: 'topics',
  project: 'projects',
  user: 'users',
  sender: 'senders',
  status: 'statuses',
  requestId: 'requestIds',
};

/** The same filter, with EQ and IN conditions that must hold moved into its lists. */
export function withConditionsInLists(filter: CheckedFilter): CheckedFilter {
  let result = filter;
  const kept: CheckedConditions[] = [];
  for (const condition of required(filter.conditions)) {
    const list = 'field' in condition ? listOf[condition.field] : undefined;
    const names = list && namesOf(condition as FieldTest);
    if (names) result = { ...result, [list]: narrowed(list, result[list], names) };
    else kept.push(condition);
  }
  return { ...result, conditions: join('AND', kept) };
}

function required(conditions: CheckedConditions | null): readonly CheckedConditions[] {
  if (conditions === null) return [];
  return isGroup(conditions) && conditions.operator === 'AND' ? conditions.conditions : [conditions];
}

function namesOf(test: Test): readonly string[] | null {
  if (test.comparison === 'EQ') return [String(test.value)];
  return test.comparison === 'IN' ? test.values.map(String) : null;
}

function narrowed(
  list: ListName,
  given: readonly string[] | null,
  names: readonly string[],
): readonly string[] {
  if (list !== 'topics') return names.filter((name) => given?.includes(name) ?? true);
  // No topic contains a star, which a list would treat as a wildcard.
  const topics = names.filter(isExactTopic);
  return topics.filter((topic) => given?.some((pattern) => topicMatches(pattern, topic)) ?? true);
}
