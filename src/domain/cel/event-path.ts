// Event fields and JSON paths that parts of a CEL filter read, and the constants in it, as conditions express them.
import type { JsonPath } from '../conditions/condition-keys.ts';
import type { JsonScalar } from '../conditions/conditions.ts';
import { isCelUint } from './functions/value.ts';
import { isSubjectName, type SubjectName } from './subject.ts';
import type { Node } from './language/tree.ts';

export type EventPath = { readonly name: SubjectName } | { readonly path: JsonPath };

/** Null if the path depends on the event. Only for nodes outside of macros, whose variables hide names. */
export function pathOfNode(node: Node): EventPath | null {
  if (node.kind === 'name') {
    const name = node.name.replace(/^\./, '');
    return isSubjectName(name) ? { name } : null;
  }
  const step = stepOf(node);
  const from = step && pathOfNode(step.from);
  return from && step && below(from, step.key);
}

/** The key that a step selects. Below a JSON object it is a text. */
function stepOf(node: Node): { from: Node; key: string } | null {
  if (node.kind === 'select') return { from: node.from, key: node.field };
  if (node.kind !== 'call' || node.name !== '_[_]') return null;
  const [from, key] = node.args;
  return from && key?.kind === 'literal' && typeof key.value === 'string' ? { from, key: key.value } : null;
}

export function below(place: EventPath, key: string): EventPath | null {
  if (!isStorable(key)) return null;
  if ('path' in place) return { path: [...place.path, key] };
  if (place.name === 'data') return { path: ['payload', key] };
  return place.name === 'summary' ? { path: ['summary', key] } : null;
}

/** No event contains text that the database cannot store. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000');
}

/** Undefined if the node is no constant, or one that conditions and CEL might interpret differently. */
export function scalarOf(node: Node): JsonScalar | undefined {
  if (node.kind !== 'literal') return undefined;
  const value = isCelUint(node.value) ? node.value.value : node.value;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : undefined;
  if (typeof value === 'string') return isStorable(value) ? value : undefined;
  return typeof value === 'object' && value !== null ? undefined : value;
}

/** The values of a constant list; undefined if one of them is not a usable constant. */
export function scalarsOf(node: Node): readonly JsonScalar[] | undefined {
  if (node.kind !== 'list') return undefined;
  const values = node.items.map(scalarOf);
  return values.includes(undefined) ? undefined : [...new Set(values as JsonScalar[])];
}

/** The two sides of a comparison, normalised so that the place is on the left. */
export function comparisonOf(node: Node): { name: string; place: EventPath; value: Node } | null {
  if (node.kind !== 'call' || node.args.length !== 2) return null;
  const turned = mirrored.get(node.name);
  if (turned === undefined) return null;
  const [left, right] = node.args as [Node, Node];
  const [leftPath, rightPath] = [pathOfNode(left), pathOfNode(right)];
  if (leftPath && !rightPath) return { name: node.name, place: leftPath, value: right };
  return rightPath && !leftPath ? { name: turned, place: rightPath, value: left } : null;
}

const mirrored: ReadonlyMap<string, string> = new Map([
  ['_==_', '_==_'],
  ['_!=_', '_!=_'],
  ['_<_', '_>_'],
  ['_<=_', '_>=_'],
  ['_>_', '_<_'],
  ['_>=_', '_<=_'],
]);

/** Paths that must exist, because the node has no value otherwise. */
export function neededPaths(node: Node): readonly JsonPath[] {
  const place = pathOfNode(node);
  if (place) return 'path' in place ? [place.path] : [];
  switch (node.kind) {
    case 'select':
    case 'has':
      return neededPaths(node.from);
    case 'if':
      return neededPaths(node.condition);
    case 'macro':
      return neededPaths(node.range);
    case 'call':
      return [...(node.target ? [node.target] : []), ...node.args].flatMap(neededPaths);
    case 'list':
      return node.items.flatMap(neededPaths);
    case 'map':
      return node.entries.flat().flatMap(neededPaths);
    default:
      return [];
  }
}
