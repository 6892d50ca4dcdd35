// Fields of an e.json that nobody reads but somebody meant: misspelt ones, and other names of known ones.
import type { SchemaObject } from 'ajv';
import { nearest } from '../../domain/cel/language/suggest.ts';

/** Names of one field: here, in earlier versions, in JitAI, in `defineHandler` and in GraphQL. */
const sameFields: readonly (readonly string[])[] = [
  ['where', 'filter', 'condition', 'conditions', 'cel'],
  ['asyncType', 'async'],
  ['enable', 'enabled', 'disable', 'disabled'],
  ['sender', 'source', 'topic'],
  ['operate', 'operation'],
  ['timeoutMs', 'timeout'],
  ['maxRetries', 'maxRetry', 'retries'],
  ['retryDelayMs', 'retryDelay'],
  ['functionList', 'functions'],
  ['eventDescs', 'events'],
  ['payloadSchema', 'schema'],
];

/** JitAI's fields for packaging elements, and those that only some types have. */
const allowed: readonly string[] = [
  'backendBundleEntry',
  'backendEpath',
  'extendType',
  'returnType',
  'path',
  'sender',
  'model',
];

/** The field among `known` that an unknown one was probably meant to be, or null. */
export function meantField(field: string, known: readonly string[]): string | null {
  const names = sameFields.find((group) => group.includes(field)) ?? [];
  return names.find((name) => known.includes(name)) ?? nearest(field, known);
}

/**
 * One problem for each field that is not in the schema and was probably meant to be one that is. Without it a handler
 * would run for more events than its author says. Fields that resemble none are allowed: types may have their own.
 */
export function strayFields(schema: SchemaObject, value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items
      ? value.flatMap((item, at) => strayFields(items as SchemaObject, item, `${path}[${at}]`))
      : [];
  }
  const properties = schema.properties as Readonly<Record<string, SchemaObject>> | undefined;
  if (properties === undefined || typeof value !== 'object' || value === null) return [];
  const fields = new Map(Object.entries(properties));
  return Object.entries(value).flatMap(([field, inner]) => {
    const at = path === '' ? field : `${path}.${field}`;
    const described = fields.get(field);
    if (described !== undefined) return strayFields(described, inner, at);
    if (allowed.includes(field)) return [];
    const meant = meantField(field, [...fields.keys()]);
    return meant === null ? [] : [`${at} has no meaning; did you mean ${meant}?`];
  });
}
