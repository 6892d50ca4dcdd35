// What an index of filters can go by: values that an event must have at some place for a CEL filter to match it.
import type { JsonPath } from '../condition-keys.ts';
import type { JsonScalar } from '../conditions.ts';
import { isJsonObject, type JsonValue } from '../json.ts';
import type { CelFilter } from './filter.ts';
import { comparisonOf, type Place, placeOfNode, scalarOf, scalarsOf } from './place.ts';
import { type CelSubject, type SubjectName, subjectNames } from './subject.ts';
import type { Node } from './tree.ts';

/** The event has one of the values there. */
export type CelKey = ({ readonly name: KeyName } | { readonly path: JsonPath }) & {
  readonly values: readonly JsonScalar[];
};
export type KeyName = Exclude<SubjectName, 'data' | 'summary' | 'created_at'>;

/**
 * An event that the filter matches fits one of the keys at least. Null where nothing is known; none in the list where
 * the filter matches nothing.
 */
export function celKeys(filter: CelFilter): readonly CelKey[] | null {
  return alternatives(filter.tree);
}

/** What an event has where a key looks; undefined where there is nothing. */
export function celKeyValue(key: CelKey, subject: CelSubject): JsonValue | undefined {
  if ('name' in key) return subject[subjectNames[key.name].field];
  let value: JsonValue | undefined = subject[key.path[0]];
  for (const step of key.path.slice(1))
    value = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return value;
}

export function celKeyFits(key: CelKey, subject: CelSubject): boolean {
  return (key.values as readonly unknown[]).includes(celKeyValue(key, subject));
}

type Alternatives = readonly CelKey[] | null;

function alternatives(node: Node): Alternatives {
  if (node.kind === 'and') {
    const known = node.members.map(alternatives).filter((keys) => keys !== null);
    return known.reduce<Alternatives>(
      (best, keys) => (best && weight(best) <= weight(keys) ? best : keys),
      null,
    );
  }
  if (node.kind === 'or') {
    const members = node.members.map(alternatives);
    return members.includes(null) ? null : merged(members.flatMap((keys) => keys ?? []));
  }
  const key = keyOf(node);
  return key && (key.values.length === 0 ? [] : [key]);
}

function keyOf(node: Node): CelKey | null {
  const place = placeOfNode(node);
  if (place) return at(place, [true]);
  if (node.kind !== 'call') return null;
  const [first, second] = node.args;
  if (node.name === '!_' && first) {
    const negated = placeOfNode(first);
    return negated && at(negated, [false]);
  }
  if (node.name === '@in' && first && second) {
    const [left, values] = [placeOfNode(first), scalarsOf(second)];
    return left && values ? at(left, values) : null;
  }
  const comparison = comparisonOf(node);
  const value = comparison?.name === '_==_' ? scalarOf(comparison.value) : undefined;
  return comparison && value !== undefined ? at(comparison.place, [value]) : null;
}

/** A name never has a value of a type that it does not hold. */
function at(place: Place, values: readonly JsonScalar[]): CelKey | null {
  // 0 and -0 are one value, and a list of values tells by ===.
  const plain = values.map((value) => (value === 0 ? 0 : value));
  if ('path' in place) return { path: place.path, values: plain };
  const { holds } = subjectNames[place.name];
  if (holds === 'map' || holds === 'time') return null;
  const possible = plain.filter(
    (value) => typeof value === 'string' || (holds === 'text?' && value === null),
  );
  return { name: place.name as KeyName, values: possible };
}

function merged(keys: readonly CelKey[]): readonly CelKey[] {
  const byPlace = new Map<string, CelKey>();
  for (const key of keys) {
    const place = 'name' in key ? key.name : JSON.stringify(key.path);
    const known = byPlace.get(place);
    byPlace.set(place, known ? { ...known, values: [...new Set([...known.values, ...key.values])] } : key);
  }
  return [...byPlace.values()];
}

/** The smaller, the fewer events are likely to fit: many share a status, and hardly any two a request id. */
function weight(keys: readonly CelKey[]): number {
  return keys.reduce((sum, key) => sum + key.values.length * placeWeight(key), 0);
}

const nameWeights: Readonly<Record<KeyName, number>> = {
  request_id: 1,
  user: 4,
  sender: 4,
  topic: 5,
  project: 6,
  event_type: 6,
  status: 20,
};

function placeWeight(key: CelKey): number {
  if ('name' in key) return nameWeights[key.name];
  return key.values.every((value) => typeof value === 'string' || typeof value === 'number') ? 3 : 20;
}
