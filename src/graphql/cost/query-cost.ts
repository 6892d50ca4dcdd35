// The cost of an operation: the rows that it may read, computed from the document and its variables before it is executed.
import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getOperationAST,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  isCompositeType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import type { FieldCost, Size } from './field-cost.ts';
import { fieldCosts } from './field-costs.ts';
import { OperationValues, type Variables } from './operation-values.ts';

export interface CostedOperation {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Variables | null | undefined;
}

/** Throws LIMIT_EXCEEDED above the limit. Returns the cost. */
export function checkCost(schema: GraphQLSchema, operation: CostedOperation): number {
  const cost = costOf(schema, operation);
  if (cost <= limits.queryCost) return cost;
  throw new ThroughlineError(
    'LIMIT_EXCEEDED',
    `The operation may read ${cost} rows; at most ${limits.queryCost} are allowed. Request smaller pages, or fewer lists within lists.`,
    { cost, limit: limits.queryCost },
  );
}

/** The costs of operations that do not depend on variables. */
const known = new WeakMap<OperationDefinitionNode, number>();

/** The valid operation's cost; of a subscription, that of one delivery. 0 if there is no such operation. */
export function costOf(
  schema: GraphQLSchema,
  { document, operationName, variables }: CostedOperation,
): number {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return 0;
  const before = known.get(operation);
  if (before !== undefined) return before;
  const values = new OperationValues(operation, variables ?? {});
  const cost = Math.min(
    new CostWalk(schema, document, values).selectionCost([operation.selectionSet], root, 0),
    Number.MAX_SAFE_INTEGER,
  );
  if (!values.readsVariables) known.set(operation, cost);
  return cost;
}

/** A field of a selection, with all nodes that select it. */
interface Selected {
  readonly field: GraphQLField<unknown, unknown>;
  readonly cost: FieldCost | undefined;
  readonly nodes: FieldNode[];
}

/** Fields merge as in execution, so that what several fragments select of one object is counted once. */
class CostWalk {
  readonly #schema: GraphQLSchema;
  readonly #values: OperationValues;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** By what is selected: fragments within fragments would otherwise be walked exponentially often. */
  readonly #walked = new Map<string, number>();
  readonly #ids = new Map<SelectionSetNode, number>();
  #steps = 0;

  constructor(schema: GraphQLSchema, { definitions }: DocumentNode, values: OperationValues) {
    this.#schema = schema;
    this.#values = values;
    this.#fragments = new Map(
      definitions.flatMap((definition) =>
        definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
      ),
    );
  }

  /** `pageItems`: how many items the lists of the page have that the selection is of. */
  selectionCost(sets: readonly SelectionSetNode[], type: GraphQLCompositeType, pageItems: number): number {
    if (sets.length === 0) return 0;
    const key = this.#fragments.size > 0 ? this.#keyOf(sets, type, pageItems) : undefined;
    const before = key === undefined ? undefined : this.#walked.get(key);
    if (before !== undefined) return before;
    let cost = 0;
    let counts = 0;
    for (const selected of this.#fieldsOf(sets, type)) {
      if (selected.cost?.kind === 'count') counts = Math.max(counts, selected.cost.rows);
      else cost += this.#fieldCost(selected, pageItems);
    }
    if (key !== undefined) this.#walked.set(key, cost + counts);
    return cost + counts;
  }

  #fieldCost({ field, cost, nodes }: Selected, pageItems: number): number {
    const type = getNamedType(field.type);
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    const inside = (items: number) => (isCompositeType(type) ? this.selectionCost(sets, type, items) : 0);
    if (cost === undefined) return inside(0);
    if (cost.kind === 'rows' || cost.kind === 'count') return cost.rows + inside(0);
    if (cost.kind === 'items') return pageItems && pageItems * inside(0);
    const size = this.#sizeOf(cost.size, nodes[0]!, field);
    if (cost.kind === 'page') return size * cost.rows + inside(size);
    return size && size * (cost.rows + inside(0));
  }

  #sizeOf(size: Size, node: FieldNode, field: GraphQLField<unknown, unknown>): number {
    return typeof size === 'number' ? size : size(this.#values.argumentsOf(node, field));
  }

  #fieldsOf(sets: readonly SelectionSetNode[], type: GraphQLCompositeType): Iterable<Selected> {
    const fields = new Map<string, Selected>();
    const spread = new Set<string>();
    for (const set of sets) this.#collect(set, type, fields, spread);
    return fields.values();
  }

  #collect(
    { selections }: SelectionSetNode,
    type: GraphQLCompositeType,
    fields: Map<string, Selected>,
    spread: Set<string>,
  ): void {
    for (const selection of selections) {
      this.#step();
      if (!this.#values.isIncluded(selection)) continue;
      if (selection.kind === Kind.FIELD) {
        addField(selection, type, fields);
        continue;
      }
      const fragment =
        selection.kind === Kind.INLINE_FRAGMENT ? selection : this.#spread(selection.name.value, spread);
      if (!fragment) continue;
      const condition = fragment.typeCondition && this.#schema.getType(fragment.typeCondition.name.value);
      this.#collect(fragment.selectionSet, isCompositeType(condition) ? condition : type, fields, spread);
    }
  }

  /** Undefined where the same selection has it already. */
  #spread(name: string, spread: Set<string>): FragmentDefinitionNode | undefined {
    if (spread.has(name)) return undefined;
    spread.add(name);
    return this.#fragments.get(name);
  }

  #keyOf(sets: readonly SelectionSetNode[], type: GraphQLCompositeType, pageItems: number): string {
    const ids = sets.map((set) => {
      const id = this.#ids.get(set) ?? this.#ids.size;
      this.#ids.set(set, id);
      return id;
    });
    return `${type.name} ${pageItems} ${ids.join()}`;
  }

  /** Fragments have exponentially many combinations, which no document needs. */
  #step(): void {
    this.#steps += 1;
    if (this.#steps > limits.queryCostSteps)
      throw new ThroughlineError(
        'LIMIT_EXCEEDED',
        `The fragments of the document come to more than ${limits.queryCostSteps} selections, so that its cost is not computed to the end.`,
      );
  }
}

/** The fields of a type that count: those that cost something, or return objects. */
const countedFields = new WeakMap<GraphQLCompositeType, ReadonlyMap<string, Omit<Selected, 'nodes'>>>();

function countedFieldsOf(type: GraphQLCompositeType): ReadonlyMap<string, Omit<Selected, 'nodes'>> {
  const before = countedFields.get(type);
  if (before) return before;
  const fields = isUnionType(type) ? [] : Object.values(type.getFields());
  const counted = new Map(
    fields.flatMap((field) => {
      const cost = fieldCosts[`${type.name}.${field.name}`];
      const isCounted = cost !== undefined || isCompositeType(getNamedType(field.type));
      return isCounted ? [[field.name, { field, cost }] as const] : [];
    }),
  );
  countedFields.set(type, counted);
  return counted;
}

/** Introspection and `__typename`, which are no fields of the type, read nothing. */
function addField(node: FieldNode, type: GraphQLCompositeType, fields: Map<string, Selected>): void {
  const counted = countedFieldsOf(type).get(node.name.value);
  if (!counted) return;
  const key = `${type.name}.${node.alias?.value ?? node.name.value}`;
  const selected = fields.get(key);
  if (selected) selected.nodes.push(node);
  else fields.set(key, { ...counted, nodes: [node] });
}
