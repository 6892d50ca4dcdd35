// Index keys of conditions: fields and paths with the values of which a matching event must have one.
import type { ConditionField } from './condition-keys.ts';
import { type CheckedConditions, type FieldTest, isGroup, type JsonScalar, type Test } from './conditions.ts';

/** Undefined means that the value is absent. */
export type KeyValue = JsonScalar | undefined;

/** Matches events with one of the values in a field, or at the end of a path into summary or payload. */
export interface IndexKey {
  readonly path: readonly string[];
  readonly values: readonly KeyValue[];
}

/** A matching event has at least one of these keys. If there are none, nothing matches. */
export type IndexKeys = readonly IndexKey[];

/** All known alternatives: an index needs to use only one of them. */
export function indexKeysOf(conditions: CheckedConditions): readonly IndexKeys[] {
  if (!isGroup(conditions)) {
    const values = valuesOf(conditions);
    return values ? [[{ path: pathOf(conditions), values }]] : [];
  }
  const members = conditions.conditions.map(indexKeysOf);
  if (conditions.operator === 'AND') return members.flat();
  if (members.some((choices) => choices.length === 0)) return [];
  return [members.flatMap((choices) => mostTelling(choices, () => 0) ?? [])];
}

/**
 * Chooses the alternative that probably selects the fewest entries per event. `filed` counts entries already indexed
 * under a value. Many events share a status; few share a request. Null if there is nothing to choose from.
 */
export function mostTelling(
  choices: readonly IndexKeys[],
  filed: (path: readonly string[], value: KeyValue) => number,
): IndexKeys | null {
  let best: { keys: IndexKeys; cost: number } | null = null;
  for (const keys of choices) {
    let cost = 0;
    for (const { path, values } of keys)
      for (const value of values) cost += weightOf(path, value) * (1 + filed(path, value));
    if (best === null || cost < best.cost) best = { keys, cost };
  }
  return best && best.keys;
}

function pathOf(test: Test): readonly string[] {
  return 'field' in test ? [test.field] : test.path;
}

/** Null if the test is not equivalent to a set of values. */
function valuesOf(test: Test): readonly KeyValue[] | null {
  if ('field' in test) return fieldValuesOf(test);
  switch (test.comparison) {
    case 'ISNULL':
      return [undefined];
    case 'EQ':
      // An absent value counts as false here.
      return test.value === false ? [false, undefined] : [test.value];
    case 'IN':
      return test.values;
    default:
      return null;
  }
}

function fieldValuesOf(test: FieldTest): readonly KeyValue[] | null {
  if (test.comparison === 'ISNULL') return [null];
  const values = test.comparison === 'EQ' ? [test.value] : test.comparison === 'IN' ? test.values : null;
  // A Map compares Dates by identity.
  return values?.every((value) => !(value instanceof Date)) ? (values as readonly KeyValue[]) : null;
}

const weights: Partial<Record<ConditionField, number>> = {
  id: 1,
  hash: 1,
  nodeId: 1,
  requestId: 1,
  dependsOnId: 2,
  user: 4,
  sender: 4,
  topic: 5,
  eventType: 6,
  project: 12,
};

/** A topic that ends with a dot matches all topics with this prefix. */
function weightOf(path: readonly string[], value: KeyValue): number {
  if (value === undefined) return 5;
  if (typeof value !== 'string' && typeof value !== 'number') return 20;
  if (path[0] === 'topic' && String(value).endsWith('.')) return 15;
  return path.length > 1 ? 3 : (weights[path[0] as ConditionField] ?? 20);
}
