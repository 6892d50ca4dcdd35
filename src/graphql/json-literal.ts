// Converts a GraphQL literal to a JSON value.
import { GraphQLError, Kind, type ObjectValueNode, print, type ValueNode } from 'graphql';
import { isExactNumber, UnsafeNumber } from '../domain/values/json.ts';

type Variables = Readonly<Record<string, unknown>> | undefined;

/**
 * Replaces variables by their values. A variable without a value omits its key in an object and is null in a list;
 * validation converts literals before any variable has a value.
 */
export function literalToJson(node: ValueNode, variables: Variables): unknown {
  switch (node.kind) {
    case Kind.NULL:
      return null;
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.INT:
    case Kind.FLOAT:
      return isExactNumber(node.value) ? Number(node.value) : new UnsafeNumber(node.value);
    case Kind.LIST:
      return node.values.map((item) => literalToJson(item, variables) ?? null);
    case Kind.OBJECT:
      return objectToJson(node, variables);
    case Kind.VARIABLE:
      return valueOf(node.name.value, variables);
    case Kind.ENUM:
      throw new GraphQLError(`JSON has no bare word ${print(node)}; write it in quotes.`, {
        nodes: node,
        extensions: { code: 'BAD_USER_INPUT' },
      });
  }
}

/** Own properties only: a variable may have any name, such as `constructor`. */
function valueOf(name: string, variables: Variables): unknown {
  return variables && Object.hasOwn(variables, name) ? variables[name] : undefined;
}

/** `fromEntries` defines own properties, so that __proto__ is an ordinary key. */
function objectToJson(node: ObjectValueNode, variables: Variables): unknown {
  const entries = node.fields.map(
    (field) => [field.name.value, literalToJson(field.value, variables)] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
