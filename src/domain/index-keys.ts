// What an index of filters can go by: places at which an event must have one of some values for conditions to hold.
import type { ConditionField } from './condition-keys.ts';
import { type CheckedConditions, type FieldTest, isGroup, type JsonScalar, type Test } from './conditions.ts';

/** Undefined stands for nothing being there. */
export type KeyValue = JsonScalar | undefined;

/** An event fits that has one of the values there: at a field, or at the end of a path into its summary or payload. */
export interface IndexKey {
  readonly path: readonly string[];
  readonly values: readonly KeyValue[];
}

/** An event that is selected fits one of them at least; nothing is selected where there is none. */
export type IndexKeys = readonly IndexKey[];

/** All that is known: to go by any one of them is enough. */
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
 * That by which the fewest are likely to be found for an event, where so many are `filed` under a value already: many
 * events share a status, and hardly any two a request. Null where there is none to choose from.
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

/** Null where it says more or less than which values there are to be. */
function valuesOf(test: Test): readonly KeyValue[] | null {
  if ('field' in test) return fieldValuesOf(test);
  switch (test.comparison) {
    case 'ISNULL':
      return [undefined];
    case 'EQ':
      // What is missing counts as false there.
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
  // Two dates of one time are not one value to a Map.
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

/** A topic that ends with a dot stands for all that begin so. */
function weightOf(path: readonly string[], value: KeyValue): number {
  if (value === undefined) return 5;
  if (typeof value !== 'string' && typeof value !== 'number') return 20;
  if (path[0] === 'topic' && String(value).endsWith('.')) return 15;
  return path.length > 1 ? 3 : (weights[path[0] as ConditionField] ?? 20);
}
