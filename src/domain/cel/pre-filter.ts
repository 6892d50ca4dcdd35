// The safe pre-filter of a CEL filter: SQL may skip events for which the filter is certainly false, but not its errors.
import { type CheckedConditions, join, type JsonScalar } from '../conditions/conditions.ts';
import type { CelFilter } from './filter.ts';
import { comparisonOf, type EventPath, pathOfNode, scalarOf, scalarsOf } from './event-path.ts';
import type { Node } from './language/tree.ts';

/**
 * An event that fails these conditions does not match, and the filter has no error on it. Null if nothing is known.
 * Weaker than celConditions: a missing path makes a filter fail, so such events must be tested.
 */
export function celPreFilter(filter: CelFilter): CheckedConditions | null {
  return preFilter(filter.tree);
}

/** In `&&`, false absorbs an error of another member; `||` is false only if all members are. */
function preFilter(node: Node): CheckedConditions | null {
  if (node.kind === 'and') {
    const known = node.members.map(preFilter).filter((member) => member !== null);
    return join('AND', known);
  }
  if (node.kind === 'or') {
    const members = node.members.map(preFilter);
    return members.includes(null) ? null : join('OR', members as CheckedConditions[]);
  }
  return comparison(node);
}

function comparison(node: Node): CheckedConditions | null {
  if (node.kind !== 'call') return null;
  const [first, second] = node.args;
  if (node.name === '@in' && first && second) {
    const [place, values] = [pathOfNode(first), scalarsOf(second)];
    return place && values ? among(place, values) : null;
  }
  const compared = comparisonOf(node);
  const value = compared?.name === '_==_' ? scalarOf(compared.value) : undefined;
  return compared && value !== undefined ? among(compared.place, [value]) : null;
}

const fields = {
  event_type: 'eventType',
  topic: 'topic',
  project: 'project',
  user: 'user',
  sender: 'sender',
  request_id: 'requestId',
} as const;

function among(place: EventPath, values: readonly JsonScalar[]): CheckedConditions | null {
  if (values.length === 0) return null;
  if ('path' in place) {
    const { path } = place;
    return join('OR', [
      { path, comparison: 'ISNULL' },
      { path, comparison: 'IN', values },
    ]);
  }
  const field = Object.hasOwn(fields, place.name) ? fields[place.name as keyof typeof fields] : null;
  if (field === null || !values.every((value) => typeof value === 'string')) return null;
  return { field, comparison: 'IN', values };
}
