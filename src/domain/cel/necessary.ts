// The pre-filter of a CEL filter: conditions that every matching event meets, so that a database can preselect.
import { limits } from '../../base/limits.ts';
import type { ConditionField } from '../conditions/condition-keys.ts';
import {
  type CheckedConditions,
  type FieldTest,
  join,
  type JsonScalar,
  type Ordering,
  type PathTest,
} from '../conditions/conditions.ts';
import { parseDateTime } from '../values/date-time.ts';
import { type EventStatus, eventStatuses } from '../events/event.ts';
import { foldCase } from '../conditions/like.ts';
import type { CelFilter } from './filter.ts';
import {
  below,
  comparisonOf,
  neededPaths,
  type EventPath,
  pathOfNode,
  scalarOf,
  scalarsOf,
} from './event-path.ts';
import { type SubjectName, subjectNames } from './subject.ts';
import type { Node } from './language/tree.ts';

/** Null if no condition is known. The conditions are weaker than the filter, never stronger. */
export function celConditions(filter: CelFilter): CheckedConditions | null {
  return new Needs().of(filter.tree);
}

type Needed = CheckedConditions | null;
type PathNeed = Extract<EventPath, { path: unknown }>;

const orderings: ReadonlyMap<string, Ordering> = new Map([
  ['_<_', 'LT'],
  ['_<=_', 'LTE'],
  ['_>_', 'GT'],
  ['_>=_', 'GTE'],
]);

/** One walk through the tree, which drops conditions beyond the limit. */
class Needs {
  #count = 0;

  of(node: Node): Needed {
    if (node.kind === 'and') return all(node.members.map((member) => this.of(member)));
    if (node.kind === 'or') {
      const members = node.members.map((member) => this.of(member));
      return members.includes(null) ? null : join('OR', members as CheckedConditions[]);
    }
    const needed = single(node) ?? present(node);
    this.#count += sizeOf(needed);
    return this.#count > limits.conditions ? null : needed;
  }
}

function all(members: readonly Needed[]): Needed {
  return join(
    'AND',
    members.filter((member) => member !== null),
  );
}

function either(...members: CheckedConditions[]): Needed {
  return join('OR', members);
}

function sizeOf(needed: Needed): number {
  if (needed === null) return 0;
  return 'operator' in needed ? needed.conditions.reduce((sum, member) => sum + sizeOf(member), 0) : 1;
}

/** At least, the paths that the node reads must exist. */
function present(node: Node): Needed {
  const paths = new Map(neededPaths(node).map((path) => [JSON.stringify(path), path]));
  return all([...paths.values()].slice(0, 4).map((path): PathTest => ({ path, comparison: 'NOTNULL' })));
}

/** Null if the node has no form that requires more than existence. */
function single(node: Node): Needed {
  const place = pathOfNode(node);
  if (place) return 'path' in place ? { ...place, comparison: 'EQ', value: true } : null;
  if (node.kind === 'has') return hasKey(node, 'NOTNULL');
  if (node.kind !== 'call') return null;
  const [first, second] = node.args;
  if (node.name === '!_' && first) return negated(first);
  if (node.name === '@in' && first && second) return among(first, second);
  if (node.target && first) return like(node.name, node.target, first);
  const comparison = comparisonOf(node);
  if (!comparison) return null;
  return 'path' in comparison.place
    ? pathComparison(comparison.name, comparison.place, comparison.value)
    : fieldComparison(comparison.name, comparison.place.name, comparison.value);
}

function negated(node: Node): Needed {
  if (node.kind === 'has') return hasKey(node, 'ISNULL');
  const place = pathOfNode(node);
  return place && 'path' in place ? { ...place, comparison: 'EQ', value: false } : null;
}

function hasKey(
  { from, field }: Extract<Node, { kind: 'select' | 'has' }>,
  comparison: 'NOTNULL' | 'ISNULL',
): Needed {
  const holder = pathOfNode(from);
  const place = holder && below(holder, field);
  return place && 'path' in place ? { ...place, comparison } : null;
}

function pathComparison(name: string, place: PathNeed, node: Node): Needed {
  const value = scalarOf(node);
  if (value === undefined) return null;
  if (name === '_==_')
    return value === null
      ? { ...place, comparison: 'IN', values: [null] }
      : { ...place, comparison: 'EQ', value };
  if (name === '_!=_')
    return value === null
      ? { ...place, comparison: 'NOTIN', values: [null] }
      : { ...place, comparison: 'NE', value };
  const comparison = orderings.get(name)!;
  return typeof value === 'number' || typeof value === 'string' ? { ...place, comparison, value } : null;
}

function fieldComparison(name: string, subject: SubjectName, node: Node): Needed {
  const { field, holds } = subjectNames[subject];
  if (holds === 'time') return timeComparison(name, node);
  if (holds === 'map') return null;
  const value = scalarOf(node);
  if (value === null && holds === 'text?') {
    if (name === '_==_') return { field: field as ConditionField, comparison: 'ISNULL' };
    return name === '_!=_' ? { field: field as ConditionField, comparison: 'NOTNULL' } : null;
  }
  if (typeof value !== 'string') return null;
  return textComparison(name, field as ConditionField, value, holds === 'text?');
}

function textComparison(name: string, field: ConditionField, value: string, nullable: boolean): Needed {
  if (field === 'status' && (orderings.has(name) || !isStatus(value))) return null;
  if (name === '_==_') return { field, comparison: 'EQ', value };
  if (name === '_!=_') {
    const other: FieldTest = { field, comparison: 'NE', value };
    // Null is not equal to a text either.
    return nullable ? either(other, { field, comparison: 'ISNULL' }) : other;
  }
  return { field, comparison: orderings.get(name)!, value };
}

function isStatus(text: string): text is EventStatus {
  return (eventStatuses as readonly string[]).includes(text);
}

/** Only for constant times with the precision of events, milliseconds. */
function timeComparison(name: string, node: Node): Needed {
  if (node.kind !== 'call' || node.name !== 'timestamp' || node.target) return null;
  const text = node.args[0] && scalarOf(node.args[0]);
  if (typeof text !== 'string' || /\.\d{4}/.test(text)) return null;
  const comparison = name === '_==_' ? 'EQ' : name === '_!=_' ? 'NE' : orderings.get(name)!;
  try {
    return { field: 'createdAt', comparison, value: parseDateTime(text) };
  } catch {
    return null;
  }
}

function among(node: Node, list: Node): Needed {
  const [place, holder] = [pathOfNode(node), pathOfNode(list)];
  if (!place) return holder && 'path' in holder ? heldIn(scalarOf(node), holder) : null;
  const values = scalarsOf(list);
  if (values === undefined) return null;
  if ('path' in place) return { ...place, comparison: 'IN', values };
  const { field, holds } = subjectNames[place.name];
  if (holds === 'time' || holds === 'map') return null;
  const texts = values.filter(
    (value) => typeof value === 'string' && (field !== 'status' || isStatus(value)),
  );
  const test: FieldTest = { field: field as ConditionField, comparison: 'IN', values: texts as string[] };
  const orNull = holds === 'text?' && values.includes(null);
  return orNull ? either(test, { field: field as ConditionField, comparison: 'ISNULL' }) : test;
}

/** In a list, or among the keys of an object. */
function heldIn(value: JsonScalar | undefined, holder: PathNeed): Needed {
  if (value === undefined || value === null) return null;
  const inList: PathTest = { ...holder, comparison: 'INCLUDES', value };
  if (typeof value !== 'string') return inList;
  const key = below(holder, value);
  return key && 'path' in key ? either(inList, { ...key, comparison: 'NOTNULL' }) : null;
}

/** LIKE ignores case, and so selects more. */
function like(name: string, target: Node, node: Node): Needed {
  const place = pathOfNode(target);
  const text = scalarOf(node);
  if (!place || typeof text !== 'string') return null;
  const part = escaped(text);
  const pattern =
    name === 'startsWith'
      ? `${part}%`
      : name === 'endsWith'
        ? `%${part}`
        : name === 'contains'
          ? `%${part}%`
          : null;
  if (pattern === null || pattern.length > limits.likeLength) return null;
  if ('path' in place) return { ...place, comparison: 'LIKE', value: pattern };
  const { field, holds } = subjectNames[place.name];
  if (holds === 'time' || holds === 'map' || field === 'status') return null;
  return { field: field as ConditionField, comparison: 'LIKE', value: pattern };
}

function escaped(text: string): string {
  return foldCase(text.replace(/[\\%_]/g, '\\$&'));
}
