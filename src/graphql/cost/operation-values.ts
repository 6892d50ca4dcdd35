// The values of arguments and conditions in a document before execution, read leniently: invalid ones are refused later.
import {
  type DirectiveNode,
  type FieldNode,
  type GraphQLField,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type ValueNode,
} from 'graphql';
import type { SizeArguments } from './field-cost.ts';

export type Variables = Readonly<Record<string, unknown>>;

export class OperationValues {
  readonly #variables: Variables;
  readonly #defaults: ReadonlyMap<string, ValueNode>;
  /** Whether a value depended on a variable so far. */
  readsVariables = false;

  constructor(operation: OperationDefinitionNode, variables: Variables) {
    this.#variables = variables;
    this.#defaults = new Map(
      (operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) =>
        defaultValue ? [[variable.name.value, defaultValue] as const] : [],
      ),
    );
  }

  /** False where `@skip` or `@include` leaves the selection out. */
  isIncluded({ directives }: SelectionNode): boolean {
    if (!directives || directives.length === 0) return true;
    return directives.every((directive) => {
      const name = directive.name.value;
      if (name === 'skip') return this.#condition(directive) !== true;
      return name !== 'include' || this.#condition(directive) !== false;
    });
  }

  argumentsOf(node: FieldNode, field: GraphQLField<unknown, unknown>): SizeArguments {
    const valueOf = (name: string): unknown => {
      const given = node.arguments?.find((argument) => argument.name.value === name);
      const value = given && this.#value(given.value);
      return value === undefined
        ? field.args.find((argument) => argument.name === name)?.defaultValue
        : value;
    };
    return {
      number: (name) => {
        const value = valueOf(name);
        return typeof value === 'number' && !Number.isNaN(value) ? value : undefined;
      },
      length: (name) => {
        const value = valueOf(name);
        if (Array.isArray(value)) return value.length;
        // A single item stands for a list of it.
        return value === undefined || value === null ? 0 : 1;
      },
    };
  }

  #condition({ arguments: given = [] }: DirectiveNode): unknown {
    const value = given.find(({ name }) => name.value === 'if')?.value;
    return value && this.#value(value);
  }

  /** Items of lists and fields of objects are left as they are. Undefined for a variable without a value. */
  #value(node: ValueNode): unknown {
    if (node.kind === Kind.VARIABLE) return this.#variable(node.name.value);
    if (node.kind === Kind.INT || node.kind === Kind.FLOAT) return Number(node.value);
    if (node.kind === Kind.LIST) return node.values;
    if (node.kind === Kind.NULL) return null;
    return node.kind === Kind.BOOLEAN ? node.value : node;
  }

  #variable(name: string): unknown {
    this.readsVariables = true;
    if (Object.hasOwn(this.#variables, name)) return this.#variables[name];
    const known = this.#defaults.get(name);
    return known && this.#value(known);
  }
}
