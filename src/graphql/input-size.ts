// The number of list items in an operation's variables, checked before GraphQL.js converts them all without a pause.
import {
  type DocumentNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputObjectType,
  isInputType,
  isListType,
  isScalarType,
  typeFromAST,
} from 'graphql';
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

export interface OperationInput {
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Throws LIMIT_EXCEEDED. What a JSON scalar holds does not count: it is passed on as it is. */
export function checkInputSize(schema: GraphQLSchema, input: OperationInput): void {
  const { variables } = input;
  if (variables == null) return;
  const count = new ItemCount();
  const operation = getOperationAST(input.document, input.operationName);
  for (const { variable, type: node } of operation?.variableDefinitions ?? []) {
    const type = typeFromAST(schema, node as never);
    if (isInputType(type)) count.add(type, variables[variable.name.value]);
  }
}

class ItemCount {
  #items = 0;

  add(given: GraphQLInputType, value: unknown): void {
    const type = getNullableType(given);
    if (typeof value !== 'object' || value === null || isScalarType(type)) return;
    if (isListType(type)) {
      if (Array.isArray(value)) this.#addList(type.ofType as GraphQLInputType, value);
      else this.add(type.ofType as GraphQLInputType, value);
    } else if (isInputObjectType(type)) {
      for (const [name, field] of Object.entries(type.getFields()))
        this.add(field.type, (value as Record<string, unknown>)[name]);
    }
  }

  #addList(itemType: GraphQLInputType, list: readonly unknown[]): void {
    this.#items += list.length;
    if (this.#items > limits.inputItems) {
      throw new ThroughlineError(
        'LIMIT_EXCEEDED',
        `The lists in the variables have more than ${limits.inputItems} items together, which is the most that is taken.`,
      );
    }
    if (isScalarType(getNamedType(itemType))) return;
    for (const item of list) this.add(itemType, item);
  }
}
