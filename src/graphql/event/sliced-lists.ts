// Completes lists of large responses in time slices, so that they do not block the event loop.
import {
  defaultFieldResolver,
  getNullableType,
  type GraphQLField,
  GraphQLList,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
  type SelectionSetNode,
} from 'graphql';
import { pauseIfDue } from '../../base/time-slices.ts';

/** Number of list fields of an operation before slicing begins; each takes about a microsecond. */
const fieldsAtOnce = 20_000;

/** Number of list fields so far, by context of the operation. */
const fieldsSoFar = new WeakMap<object, number>();

/** Wraps all list fields of the schema. */
export function sliceLists(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      if (getNullableType(field.type) instanceof GraphQLList) sliceList(field);
    }
  }
  return schema;
}

function sliceList(field: GraphQLField<unknown, unknown>): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, context, info) => {
    const answer: unknown = resolve(source, args, context, info);
    const inSlices = (list: unknown) =>
      Array.isArray(list) && isLarge(list.length, context, info) ? sliced(list, callerIn(context)) : list;
    return answer instanceof Promise ? answer.then(inSlices) : inSlices(answer);
  };
}

function isLarge(items: number, context: unknown, { fieldNodes, fragments, operation }: GraphQLResolveInfo) {
  const key = typeof context === 'object' && context !== null ? context : operation;
  const perItem = fieldNodes.reduce((sum, { selectionSet }) => sum + fieldsIn(selectionSet, fragments), 1);
  const fields = (fieldsSoFar.get(key) ?? 0) + items * perItem;
  fieldsSoFar.set(key, fields);
  return fields > fieldsAtOnce;
}

const counted = new WeakMap<SelectionSetNode, number>();

/** Number of fields of one item; nested lists count when they are resolved. */
function fieldsIn(set: SelectionSetNode | undefined, fragments: GraphQLResolveInfo['fragments']): number {
  if (set === undefined) return 0;
  let count = counted.get(set);
  if (count === undefined) {
    count = 0;
    for (const selection of set.selections) {
      if (selection.kind === 'Field') count += 1;
      else if (selection.kind === 'InlineFragment') count += fieldsIn(selection.selectionSet, fragments);
      else count += fieldsIn(fragments[selection.name.value]?.selectionSet, fragments);
    }
    counted.set(set, count);
  }
  return count;
}

function callerIn(context: unknown): string | undefined {
  return (context as { readonly caller?: { readonly name: string } } | null)?.caller?.name;
}

/** The same items in the same order, each resolved in a time slice. */
function sliced(list: readonly unknown[], caller: string | undefined): readonly unknown[] {
  // A promise that rejects before its slice would be an unhandled rejection.
  if (list.some((item) => item instanceof Promise)) return list;
  let before: Promise<unknown> = Promise.resolve();
  return list.map((item) => {
    before = before.then(() => pauseIfDue(caller)).then(() => item);
    return before;
  });
}
