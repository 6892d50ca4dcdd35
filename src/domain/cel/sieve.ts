// What SQL may leave out for a CEL filter without hiding that the filter fails: events for which it is false for sure.
import { type CheckedConditions, join, type JsonScalar } from '../conditions.ts';
import type { CelFilter } from './filter.ts';
import { comparisonOf, type Place, placeOfNode, scalarOf, scalarsOf } from './place.ts';
import type { Node } from './tree.ts';

/**
 * An event for which these do not hold does not match, and the filter does not fail on it. Null where nothing is known.
 * Less than celConditions: a path that leads to nothing makes a filter fail, so that such events have to be tested.
 */
export function celSieve(filter: CelFilter): CheckedConditions | null {
  return sieve(filter.tree);
}

/** False absorbs what fails beside it in `&&`; in `||` it takes all members to be false. */
function sieve(node: Node): CheckedConditions | null {
  if (node.kind === 'and') {
    const known = node.members.map(sieve).filter((member) => member !== null);
    return join('AND', known);
  }
  if (node.kind === 'or') {
    const members = node.members.map(sieve);
    return members.includes(null) ? null : join('OR', members as CheckedConditions[]);
  }
  return comparison(node);
}

function comparison(node: Node): CheckedConditions | null {
  if (node.kind !== 'call') return null;
  const [first, second] = node.args;
  if (node.name === '@in' && first && second) {
    const [place, values] = [placeOfNode(first), scalarsOf(second)];
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

function among(place: Place, values: readonly JsonScalar[]): CheckedConditions | null {
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
