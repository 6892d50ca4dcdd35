// Look-ahead: the event columns that a selection needs, so that only those are read.
import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  type InlineFragmentNode,
  isCompositeType,
  isUnionType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { EventField } from '../../domain/events/event.ts';

/** The `extensions` of a field that declare the event columns its resolver reads. */
export function readsColumns(...columns: EventField[]): { readonly columns: readonly EventField[] } {
  return { columns };
}

interface Walk {
  readonly info: GraphQLResolveInfo;
  readonly columns: Set<EventField>;
  readonly fragments: Set<string>;
}

/** Cached per execution: the field nodes of a field are one array for all rows of a list. */
const remembered = new WeakMap<object, WeakMap<object, readonly EventField[]>>();

/**
 * The columns, sorted, of the events that this field returns directly or through pages, edges and payloads. The walk
 * stops at each event: selections below `dependsOn` and `dependents` are collected when those are resolved.
 */
export function selectedEventFields(info: GraphQLResolveInfo): readonly EventField[] {
  const ofExecution = remembered.get(info.variableValues) ?? new WeakMap<object, readonly EventField[]>();
  remembered.set(info.variableValues, ofExecution);
  const known = ofExecution.get(info.fieldNodes);
  if (known) return known;
  const fields = collectFields(info);
  ofExecution.set(info.fieldNodes, fields);
  return fields;
}

function collectFields(info: GraphQLResolveInfo): readonly EventField[] {
  const walk: Walk = { info, columns: new Set(), fragments: new Set() };
  for (const node of info.fieldNodes) descend(walk, node, getNamedType(info.returnType));
  return [...walk.columns].sort();
}

function descend(walk: Walk, node: FieldNode, type: GraphQLNamedType): void {
  if (node.selectionSet && isCompositeType(type)) visitSelections(walk, node.selectionSet, type);
}

function visitSelections(walk: Walk, selections: SelectionSetNode, parent: GraphQLCompositeType): void {
  for (const selection of selections.selections) {
    if (!isIncluded(walk.info, selection)) continue;
    if (selection.kind === Kind.FIELD) visitField(walk, selection, parent);
    else if (selection.kind === Kind.INLINE_FRAGMENT) visitFragment(walk, selection, parent);
    else visitSpread(walk, selection.name.value, parent);
  }
}

function visitField(walk: Walk, node: FieldNode, parent: GraphQLCompositeType): void {
  const field = isUnionType(parent) ? undefined : parent.getFields()[node.name.value];
  if (!field) return; // __typename
  const columns = field.extensions.columns as readonly EventField[] | undefined;
  for (const column of columns ?? []) walk.columns.add(column);
  if (parent.name !== 'Event') descend(walk, node, getNamedType(field.type));
}

function visitSpread(walk: Walk, name: string, parent: GraphQLCompositeType): void {
  const fragment = walk.info.fragments[name];
  if (!fragment || walk.fragments.has(name)) return;
  walk.fragments.add(name);
  visitFragment(walk, fragment, parent);
}

function visitFragment(
  walk: Walk,
  node: InlineFragmentNode | FragmentDefinitionNode,
  parent: GraphQLCompositeType,
): void {
  const condition = node.typeCondition ? walk.info.schema.getType(node.typeCondition.name.value) : parent;
  if (isCompositeType(condition)) visitSelections(walk, node.selectionSet, condition);
}

/** Whether the directives `@skip` and `@include` let the selection be executed. */
export function isIncluded({ variableValues: variables }: GraphQLResolveInfo, node: SelectionNode): boolean {
  return (
    getDirectiveValues(GraphQLSkipDirective, node, variables)?.if !== true &&
    getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false
  );
}
