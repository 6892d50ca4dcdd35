// The keys of conditions: the fields of an event, in either way of writing, and paths into its summary and payload.
import { asError, ThroughlineError } from '../base/errors.ts';
import type { EventField } from './event.ts';
import { checkText } from './json.ts';

/** What a field holds, and so what it is compared with. */
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

/** From the object that it begins in; every element names a key of an object, never a place in a list. */
export type JsonPath = readonly ['summary' | 'payload', ...string[]];

export type KeyPlace = { readonly field: ConditionField } | { readonly path: JsonPath };

/** As the schema calls them. */
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

/** Where a key points, or INVALID_FILTER. */
export function placeOfKey(key: string): KeyPlace {
  checking(key, 'A key of a condition', () => checkText(quoted(key), key));
  const field = fieldsByName.get(key);
  if (field !== undefined) return { field };
  const [first = '', ...below] = key.split(/[/.]/);
  if (first !== 'summary' && first !== 'payload') {
    const fields = fieldNames.join(', ');
    throw invalidFilter(
      key,
      `${quoted(key)} is not a key of a condition: that is ${fields}, the same in snake_case, project_name, user_name, or a path such as payload/newValue or summary.count.`,
    );
  }
  if (below.length === 0 || below.includes('')) {
    const fault = below.length === 0 ? `names all of the ${first}` : 'has an empty element';
    throw invalidFilter(
      key,
      `${quoted(key)} ${fault}: a path goes on below it, with / or . between its elements, such as ${first}/newValue.`,
    );
  }
  return { path: [first, ...below] };
}

/** `key` as the caller wrote it, null where there was none. */
export function invalidFilter(key: string | null, message: string): ThroughlineError {
  return new ThroughlineError('INVALID_FILTER', message, { key });
}

/** What a check says of `subject`, as INVALID_FILTER that names the key. */
export function checking<T>(key: string, subject: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw invalidFilter(key, `${subject}: ${asError(error).message}`);
  }
}

/** A value, in JSON, for a message. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
