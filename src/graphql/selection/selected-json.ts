// Look-ahead: how often the result of a mutation field contains the JSON of a job's events.
import {
  type FieldNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  isCompositeType,
  isUnionType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { type EventField, isJsonField } from '../../domain/events/event.ts';
import { isIncluded } from './selected-fields.ts';

/** Selected fields that are counted at most. */
const mostFields = 5_000;

interface Walk {
  readonly info: GraphQLResolveInfo;
  /** The places in the answer that have a column of an event, by the event's path and the column. */
  readonly places: Map<string, Set<string>>;
  left: number;
}

/**
 * How often one of the events that this field returns, directly or below its items, has the same JSON in the answer at
 * most: 0 if none is selected, 1 without aliases; infinite for a selection too large to tell. An event’s parent is counted
 * as the `source` beside it, which it is for a job.
 */
export function timesJsonIsSelected(info: GraphQLResolveInfo): number {
  const walk: Walk = { info, places: new Map(), left: mostFields };
  for (const node of info.fieldNodes) descend(walk, node, getNamedType(info.returnType), '', '');
  if (walk.left < 0) return Infinity;
  return [...walk.places.values()].reduce((most, places) => Math.max(most, places.size), 0);
}

/** The JSON of one event at most, in bytes: summary, payload, result and error. */
const largestEvent = 4 * limits.jsonBytes;

/** Refuses a selection whose answer could be too large for one event, before an event is taken for it. */
export function checkRoomForEvent(info: GraphQLResolveInfo): void {
  const times = timesJsonIsSelected(info);
  if (times * largestEvent <= limits.operationBytes) return;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `${info.fieldName} selects JSON of its event ${times} times, which may be more than the ${limits.operationBytes} bytes of one operation; select it once. No event was taken.`,
  );
}

function descend(walk: Walk, node: FieldNode, type: GraphQLNamedType, event: string, place: string): void {
  if (node.selectionSet) visit(walk, node.selectionSet, type, event, place);
}

function visit(
  walk: Walk,
  { selections }: SelectionSetNode,
  parent: GraphQLNamedType,
  event: string,
  place: string,
): void {
  for (const selection of selections) {
    walk.left -= 1;
    if (walk.left < 0 || !isIncluded(walk.info, selection)) continue;
    if (selection.kind === Kind.FIELD) {
      visitField(walk, selection, parent, event, place);
      continue;
    }
    const fragment =
      selection.kind === Kind.FRAGMENT_SPREAD ? walk.info.fragments[selection.name.value] : selection;
    if (fragment) visit(walk, fragment.selectionSet, parent, event, place);
  }
}

function visitField(
  walk: Walk,
  node: FieldNode,
  parent: GraphQLNamedType,
  event: string,
  place: string,
): void {
  if (!isCompositeType(parent) || isUnionType(parent)) return;
  const name = node.name.value;
  const field = parent.getFields()[name];
  if (!field) return; // __typename
  const here = `${place}.${node.alias?.value ?? name}`;
  for (const column of (field.extensions.columns as readonly EventField[] | undefined) ?? []) {
    if (isJsonField(column)) addTo(walk.places, `${event}.${column}`, here);
  }
  const next = name === 'dependsOn' ? 'source' : event === '' ? name : event;
  descend(walk, node, getNamedType(field.type), next, here);
}

function addTo(places: Map<string, Set<string>>, key: string, place: string): void {
  const known = places.get(key);
  if (known) known.add(place);
  else places.set(key, new Set([place]));
}
