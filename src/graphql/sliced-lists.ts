// Lists in large answers, completed in time slices: a thousand events with a hundred fields each would hold the event loop.
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
import { pauseIfDue } from '../base/time-slices.ts';

/** Fields that the lists of one operation may have before the rest comes in slices; each takes about a microsecond. */
const fieldsAtOnce = 20_000;

/** Fields in the lists of an operation so far, by its context. */
const fieldsSoFar = new WeakMap<object, number>();

/** Makes all fields of the schema that answer lists share out the work of a large answer. */
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
      Array.isArray(list) && isLarge(list.length, context, info) ? sliced(list) : list;
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

/** Fields of one item; those of the lists in it count where they are answered. */
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

/** The same items, in the same order, each once there is a slice for it. */
function sliced(list: readonly unknown[]): readonly unknown[] {
  // A promise among them that is rejected before its slice comes would be one that nobody handles.
  if (list.some((item) => item instanceof Promise)) return list;
  let before: Promise<unknown> = Promise.resolve();
  return list.map((item) => {
    before = before.then(pauseIfDue).then(() => item);
    return before;
  });
}
