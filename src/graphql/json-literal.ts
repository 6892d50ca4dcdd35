// A value written in a GraphQL document, as the JSON value that it stands for.
import { GraphQLError, Kind, type ObjectValueNode, print, type ValueNode } from 'graphql';
import { isExactNumber, UnsafeNumber } from '../domain/json.ts';

type Variables = Readonly<Record<string, unknown>> | undefined;

/**
 * Variables inside are replaced by their values; one that was not given leaves its key out of an object and is null in
 * a list. Validation converts a document before any variable has a value.
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

/** Any name is a variable's, such as `constructor`. */
function valueOf(name: string, variables: Variables): unknown {
  return variables && Object.hasOwn(variables, name) ? variables[name] : undefined;
}

/** `fromEntries` defines own properties, so that a key such as __proto__ is a key like any other. */
function objectToJson(node: ObjectValueNode, variables: Variables): unknown {
  const entries = node.fields.map(
    (field) => [field.name.value, literalToJson(field.value, variables)] as const,
  );
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
