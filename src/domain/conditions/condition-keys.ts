// Keys of conditions: event fields, in camelCase or snake_case, and paths into summary and payload.
import { asError, ThroughlineError } from '../../base/errors.ts';
import type { EventField } from '../events/event.ts';
import { checkText } from '../values/json.ts';

/** The type of a field's values. */
export type FieldKind = 'text' | 'number' | 'time' | 'id' | 'status';

export const fieldKinds = {
  id: 'id',
  hash: 'text',
  topic: 'text',
  eventType: 'text',
  sender: 'text',
  senderType: 'text',
  project: 'text',
  user: 'text',
  requestId: 'text',
  nodeId: 'text',
  dependsOnId: 'id',
  status: 'status',
  retries: 'number',
  description: 'text',
  createdAt: 'time',
  updatedAt: 'time',
  startedAt: 'time',
  finishedAt: 'time',
} as const satisfies Partial<Record<EventField, FieldKind>>;

export type ConditionField = keyof typeof fieldKinds;

/** A path from the root object. Every element is an object key, never a list index. */
export type JsonPath = readonly ['summary' | 'payload', ...string[]];

export type KeyLocation = { readonly field: ConditionField } | { readonly path: JsonPath };

/** Field names as in the GraphQL schema. */
export const fieldNames: readonly string[] = Object.keys(fieldKinds).map(nameOf);

const fieldsByName: ReadonlyMap<string, ConditionField> = new Map([
  ...(Object.keys(fieldKinds) as ConditionField[]).flatMap((field) => {
    const name = nameOf(field);
    return [[name, field] as const, [snakeCase(name), field] as const];
  }),
  ['project_name', 'project'],
  ['user_name', 'user'],
]);

function nameOf(field: string): string {
  return field === 'dependsOnId' ? 'dependsOn' : field;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The field or path that a key names. Throws INVALID_FILTER. */
export function locationOfKey(key: string): KeyLocation {
  checking(key, 'A key of a condition', () => checkText(quoted(key), key));
  const field = fieldsByName.get(key);
  if (field !== undefined) return { field };
  const [first = '', ...below] = key.split(/[/.]/);
  if (first !== 'summary' && first !== 'payload') {
    const fields = fieldNames.join(', ');
    throw invalidFilter(
      key,
      `${quoted(key)} is not a condition key. Use ${fields}, their names in snake_case, project_name, user_name, or a path such as payload/newValue or summary.count.`,
    );
  }
  if (below.length === 0 || below.includes('')) {
    const fault = below.length === 0 ? `names all of the ${first}` : 'has an empty element';
    throw invalidFilter(
      key,
      `${quoted(key)} ${fault}: a path continues below it, with / or . between its elements, such as ${first}/newValue.`,
    );
  }
  return { path: [first, ...below] };
}

/** `key` is as the caller wrote it; null if there is none. */
export function invalidFilter(key: string | null, message: string): ThroughlineError {
  return new ThroughlineError('INVALID_FILTER', message, { key });
}

/** Runs a check of `subject`, and turns its error into INVALID_FILTER with the key. */
export function checking<T>(key: string, subject: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw invalidFilter(key, `${subject}: ${asError(error).message}`);
  }
}

/** A value as JSON, for messages. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
