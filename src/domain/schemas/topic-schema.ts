// Declared topics: validation of declarations, and of events against their schemas.
import { type AnySchemaObject, type ErrorObject, MissingRefError, type ValidateFunction } from 'ajv';
import { LRUCache } from 'lru-cache';
import { asError, badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { patternSize } from '../cel/functions/pattern.ts';
import type { TopicDeclaration } from '../handlers/handler.ts';
import { type JsonObject, toJsonObjectText } from '../values/json.ts';
import {
  BadPattern,
  compileSchema,
  CostExceeded,
  type Dialect,
  dialectNames,
  schemaFault,
  withSteps,
} from './metered-schema.ts';
import { checkDescription, optionalName } from '../events/send.ts';
import { checkTopic } from '../events/topic.ts';

/** A declaration as it arrives. Null means absent. */
export interface DeclareTopicInput {
  readonly name: string;
  readonly title?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly summarySchema?: unknown;
  readonly payloadSchema?: unknown;
}

/** A valid declaration, with schemas as JSON text. */
export interface CheckedDeclaration extends Pick<TopicDeclaration, 'name' | 'title' | 'description'> {
  readonly summarySchema: string | null;
  readonly payloadSchema: string | null;
}

/** Throws BAD_USER_INPUT or LIMIT_EXCEEDED with the path of the schema's error. */
export function checkDeclaration(input: DeclareTopicInput): CheckedDeclaration {
  return {
    name: checkTopic(input.name, 'name'),
    title: optionalName('title', input.title),
    description: input.description == null ? null : checkDescription(input.description),
    summarySchema: input.summarySchema == null ? null : checkSchema('summarySchema', input.summarySchema),
    payloadSchema: input.payloadSchema == null ? null : checkSchema('payloadSchema', input.payloadSchema),
  };
}

function checkSchema(argument: string, schema: unknown): string {
  const text = toJsonObjectText(argument, schema);
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.schemaBytes) {
    throw tooLarge(`${argument} is ${bytes} bytes of JSON; at most ${limits.schemaBytes} are allowed.`);
  }
  const parsed = JSON.parse(text) as JsonObject;
  const parts = partsOf(parsed);
  if (parts > limits.schemaParts) {
    throw tooLarge(`${argument} has ${parts} parts; at most ${limits.schemaParts} are allowed.`);
  }
  const fault = schemaFault(parsed, dialectOf(argument, parsed));
  if (fault)
    throw badInput(`${argument}${shortened(fault.path)} ${fault.message}: it is not a valid JSON Schema.`);
  try {
    const check = compiled(text);
    withSteps(limits.schemaSteps, () => check({}));
  } catch (error) {
    throw badInput(`${argument}${whyUnusable(parsed, error)}`);
  }
  return text;
}

function tooLarge(message: string): ThroughlineError {
  return new ThroughlineError('LIMIT_EXCEEDED', message);
}

function dialectOf(argument: string, { $schema: named }: JsonObject): Dialect {
  if (named === undefined) return 'https://json-schema.org/draft/2020-12/schema';
  const dialect = dialectNames.find((name) => name === String(named).replace(/#$/, ''));
  if (dialect) return dialect;
  throw badInput(
    `${argument}/$schema must be one of ${dialectNames.map((name) => JSON.stringify(name)).join(' and ')}, or absent for the latter.`,
  );
}

/** A list with one of these keys takes a single check, whatever its length. */
const lists: ReadonlySet<string> = new Set(['enum', 'required', 'examples']);

/** The amount of work to compile a schema. */
function partsOf(value: unknown, key = ''): number {
  if (key === 'pattern' && typeof value === 'string') return 1 + Math.ceil(patternSize(value) / 10);
  if (typeof value !== 'object' || value === null) return 0;
  const names = key === 'patternProperties' ? Object.keys(value) : [];
  const own = names.reduce((sum, name) => sum + partsOf(name, 'pattern'), 1);
  if (Array.isArray(value))
    return lists.has(key) ? 1 : value.reduce<number>((sum, item) => sum + partsOf(item), value.length);
  return Object.entries(value).reduce((sum, [name, item]) => sum + partsOf(item, name), own);
}

function whyUnusable(schema: JsonObject, error: unknown): string {
  if (error instanceof MissingRefError) {
    return ` refers to ${JSON.stringify(error.missingRef.slice(0, 200))}, which is not part of it. Remote schemas are not fetched; put it under $defs and refer to it there.`;
  }
  if (error instanceof BadPattern) {
    const path = shortened(pathOf(schema, error.pattern) ?? '');
    return `${path} has the pattern ${JSON.stringify(error.pattern.slice(0, 200))}, which is invalid: ${error.message}. Patterns use the RE2 syntax.`;
  }
  if (error instanceof RangeError) return ' refers to itself endlessly, or too deeply.';
  if (error instanceof CostExceeded) return ` takes more than ${limits.schemaSteps} steps to validate {}.`;
  return ` cannot be used as a JSON Schema: ${asError(error).message.slice(0, 500)}.`;
}

/** The path of a pattern in a schema. */
function pathOf(value: unknown, pattern: string): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, item] of Object.entries(value)) {
    const found = key === 'pattern' && item === pattern ? '' : key === pattern ? '' : pathOf(item, pattern);
    if (found !== null) return `/${key}${found}`;
  }
  return null;
}

const kept = new LRUCache<string, ValidateFunction>({
  maxSize: limits.compiledSchemaBytes,
  sizeCalculation: (_check, text) => Buffer.byteLength(text),
});

/** The compiled check of a valid schema. Compiling a large one is slow, unless it is cached. */
export function compiled(text: string): ValidateFunction {
  const known = kept.get(text);
  if (known) return known;
  const schema = JSON.parse(text) as AnySchemaObject;
  const check = compileSchema(schema, dialectOf('schema', schema));
  kept.set(text, check);
  return check;
}

/** A mismatch: its path and reason. */
export interface Failure {
  readonly path: string;
  readonly message: string;
}

/** Refuses a `field` (summary or payload) that does not match the topic's schema. */
export function checkFits(
  topic: string,
  field: 'summary' | 'payload',
  check: ValidateFunction,
  value: unknown,
): void {
  let failures: readonly Failure[];
  try {
    if (withSteps(limits.schemaSteps, () => check(value))) return;
    failures = decisive(check.errors ?? []).map((error) => failureOf(field, error));
  } catch (error) {
    if (!(error instanceof CostExceeded) && !(error instanceof RangeError)) throw error;
    const message = `takes more than ${limits.schemaSteps} steps to validate`;
    failures = [{ path: field, message }];
  } finally {
    check.errors = null;
  }
  throw mismatch(topic, failures);
}

function mismatch(topic: string, failures: readonly Failure[]): ThroughlineError {
  const { path = '', message = '' } = failures[0] ?? {};
  const count = Math.min(failures.length, limits.schemaFailures);
  const more = count > 1 ? ` (and ${count - 1}${count === limits.schemaFailures ? ' or' : ''} more)` : '';
  return new ThroughlineError(
    'TOPIC_SCHEMA_MISMATCH',
    `${path} ${message}${more}, as the topic ${JSON.stringify(topic)} is declared.`,
    { topic, path, count, failures: failures.slice(0, shownFailures) },
  );
}

const shownFailures = 10;
const longestText = 500;

/** Merges the errors of alternatives none of which match. */
function decisive(errors: readonly ErrorObject[]): ErrorObject[] {
  const some = errors.slice(0, 5 * limits.schemaFailures);
  const composite = some
    .filter(({ keyword }) => composites.has(keyword))
    .map(({ schemaPath }) => `${schemaPath}/`);
  const own = some.filter(
    ({ keyword, schemaPath }) => keyword !== 'if' && !composite.some((path) => schemaPath.startsWith(path)),
  );
  return own.length > 0 ? own : some;
}

const composites: ReadonlySet<string> = new Set(['anyOf', 'oneOf', 'contains', 'propertyNames']);

function failureOf(
  field: string,
  { instancePath, keyword, params, message = 'does not fit' }: ErrorObject,
): Failure {
  const more = detailOf(keyword, params);
  return { path: shortened(`${field}${instancePath}`), message: shortened(`${message}${more}`) };
}

/** Details that Ajv's message omits. */
function detailOf(keyword: string, params: Record<string, unknown>): string {
  if (keyword === 'enum' || keyword === 'const')
    return `: ${JSON.stringify(params.allowedValues ?? params.allowedValue)}`;
  const name = params.additionalProperty ?? params.unevaluatedProperty ?? params.propertyName;
  return typeof name === 'string' ? `: ${JSON.stringify(name)}` : '';
}

function shortened(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
