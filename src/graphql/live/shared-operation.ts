// Decides which subscriptions are the same operation and can share an execution.
import {
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';

export interface SubscribeArgs {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Record<string, unknown> | null | undefined;
}

/** The `extensions` of a root field that delivers each item to only one subscriber. */
export const unshared = { isUnshared: true } as const;

/** Whether all subscribers of the operation get the same results. */
export function isShareable(
  schema: GraphQLSchema,
  { document, operationName }: Pick<SubscribeArgs, 'document' | 'operationName'>,
): boolean {
  const known = schema.getSubscriptionType()?.getFields() ?? {};
  const operation = getOperationAST(document, operationName);
  const fields = operation ? rootFields(document, operation.selectionSet) : [];
  return !fields.some(({ name }) => known[name.value]?.extensions.isUnshared);
}

/** Includes fields in fragments. */
function rootFields(document: DocumentNode, { selections }: SelectionSetNode): FieldNode[] {
  return selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFields(document, selection.selectionSet);
    return document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .filter(({ name }) => name.value === selection.name.value)
      .flatMap(({ selectionSet }) => rootFields(document, selectionSet));
  });
}

/**
 * Equal for operations that select the same fields of a change. Variables used only in arguments of the root field do not
 * count: they determine which changes are delivered, not what is selected.
 */
export function selectionKey(args: SubscribeArgs, audience: string): string {
  const operation = getOperationAST(args.document, args.operationName);
  const selecting = operation ? selectingVariables(args.document, operation) : [];
  const given = args.variables ?? {};
  // An omitted variable takes its default; null does not.
  const values = selecting.filter((name) => Object.hasOwn(given, name)).map((name) => [name, given[name]]);
  return JSON.stringify([args.document.loc?.source.body, args.operationName ?? null, values, audience]);
}

function selectingVariables(document: DocumentNode, operation: OperationDefinitionNode): readonly string[] {
  const own = new Set<unknown>(
    operation.selectionSet.selections.flatMap((selection) =>
      selection.kind === Kind.FIELD ? (selection.arguments ?? []) : [],
    ),
  );
  const names = new Set<string>();
  visit(document, {
    VariableDefinition: () => false,
    Argument: (node) => (own.has(node) ? false : undefined),
    Variable: ({ name }) => void names.add(name.value),
  });
  return [...names].sort();
}

const resumeVariables = new WeakMap<OperationDefinitionNode, string | null>();

/**
 * Equal for operations with the same text and variables, whose results are the same from some point on. A variable used
 * only for `after` of the root field does not count, so that subscribers share again after they resume.
 */
export function shareKey({ document, operationName, variables }: SubscribeArgs, audience: string): string {
  const operation = getOperationAST(document, operationName);
  const resume = operation && resumeVariableOf(document, operation);
  const counted = Object.entries(variables ?? {}).filter(([name]) => name !== resume);
  const values = counted.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([document.loc?.source.body, operationName ?? null, values, audience]);
}

/** The variable of the root field's `after`, if it is used nowhere else. */
function resumeVariableOf(document: DocumentNode, operation: OperationDefinitionNode): string | null {
  const known = resumeVariables.get(operation);
  if (known !== undefined) return known;
  const found = findResumeVariable(operation);
  const single = found !== null && countUses(document, found) === 1 ? found : null;
  resumeVariables.set(operation, single);
  return single;
}

function findResumeVariable(operation: OperationDefinitionNode): string | null {
  const field = operation.selectionSet.selections.find((selection) => selection.kind === Kind.FIELD);
  const after = field?.arguments?.find((argument) => argument.name.value === 'after');
  return after?.value.kind === Kind.VARIABLE ? after.value.name.value : null;
}

function countUses(document: DocumentNode, name: string): number {
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable: (node) => {
      if (node.name.value === name) uses += 1;
    },
  });
  return uses;
}
