// JSON Schemas for e.json files, and messages that name the wrong field with a correction.
import { Ajv, type AnySchemaObject, type ErrorObject, type SchemaObject, type ValidateFunction } from 'ajv';
import { limits } from '../../base/limits.ts';
import type { BaseType } from '../../domain/handlers/handler.ts';
import { modelMoments } from '../../domain/events/model-event.ts';
import { workflowOperations } from '../../domain/handlers/workflow.ts';
import { didYouMean, shown } from '../wording.ts';
import { strayFields } from './stray-fields.ts';

/** `description` completes the sentence "must be …". */
const text = { type: 'string', minLength: 1, description: 'a text that is not empty' };
const title = { type: ['string', 'null'], description: 'a text' };
const flag = { type: 'boolean', description: 'true or false' };
const modelName = { ...text, description: 'the full name of a model, such as "models.OrderModel"' };
const texts = {
  type: 'array',
  items: text,
  description: 'a list of texts',
};
const schemaObject = {
  type: ['object', 'boolean', 'null'],
  description: 'a JSON Schema, which is an object',
};

function wholeNumber(minimum: number, maximum: number, unit = ''): SchemaObject {
  return {
    type: 'integer',
    minimum,
    maximum,
    description: `a whole number${unit} from ${minimum} to ${maximum}`,
  };
}

const eventFields = {
  type: text,
  title,
  funcType: { enum: ['Inner', 'Global'] },
  func: text,
  asyncType: flag,
  enable: { enum: [1, 0, true, false] },
  objMode: flag,
  failSender: flag,
  order: { type: 'integer', description: 'a whole number' },
  timeoutMs: wholeNumber(1, limits.maxHandlerTimeoutMs, ' of milliseconds'),
  maxRetries: wholeNumber(0, limits.maxRetries),
  retryDelayMs: wholeNumber(0, limits.retryDelayMs, ' of milliseconds'),
  where: { type: ['string', 'null'], description: 'a CEL expression, as a string' },
};

const eventSchemas: Readonly<Record<BaseType, SchemaObject>> = {
  'events.NormalType': {
    type: 'object',
    properties: {
      ...eventFields,
      sender: { ...text, description: 'the published topic, such as "services.OrderSvc.paid"' },
    },
    required: ['sender'],
  },
  'events.ModelType': {
    type: 'object',
    properties: {
      ...eventFields,
      sender: modelName,
      model: modelName,
      operate: { enum: modelMoments },
      fields: { ...texts, description: 'a list of the fields to watch, such as ["status"]' },
    },
    required: ['operate'],
    anyOf: [{ required: ['sender'] }, { required: ['model'] }],
  },
  'events.WorkflowType': {
    type: 'object',
    properties: {
      ...eventFields,
      model: modelName,
      operate: { enum: workflowOperations },
      triggerNode: { ...texts, description: 'a list of nodes, such as ["deptApproval", "after.StartNode"]' },
      handleType: {
        type: ['string', 'array', 'null'],
        items: text,
        description: 'a text or a list of texts, such as ["agree", "reject"]',
      },
      handleNode: { type: ['string', 'null'], description: 'the id of one node, as a text' },
    },
    required: ['model', 'operate'],
  },
};

const functionName = {
  type: 'string',
  pattern: '^[A-Za-z_$][A-Za-z0-9_$]*$',
  description: 'the name of a function',
};

const serviceSchema: SchemaObject = {
  type: 'object',
  properties: {
    title,
    functionList: {
      type: 'array',
      description: 'a list of functions, such as [{"name": "pay"}]',
      items: {
        type: 'object',
        description: 'a function, such as {"name": "pay"}',
        properties: { name: functionName, title },
        required: ['name'],
      },
    },
    eventDescs: {
      type: 'array',
      description: 'a list of events, such as [{"name": "paid", "title": "Paid"}]',
      items: {
        type: 'object',
        description: 'an event, such as {"name": "paid", "title": "Paid"}',
        properties: {
          name: {
            type: 'string',
            pattern: '^[A-Za-z0-9_-]+$',
            description: 'a name of letters, digits, _ and -',
          },
          title,
          desc: { type: ['string', 'null'], description: 'a text' },
          summarySchema: schemaObject,
          payloadSchema: schemaObject,
        },
        required: ['name'],
      },
    },
  },
};

const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
const checks = {
  service: ajv.compile(serviceSchema),
  model: ajv.compile({ type: 'object', properties: { title } }),
  type: ajv.compile({ type: 'object', properties: { title, type: text } }),
  typeOfEvent: ajv.compile({ type: 'object', properties: { type: text }, required: ['type'] }),
  'events.NormalType': ajv.compile(eventSchemas['events.NormalType']),
  'events.ModelType': ajv.compile(eventSchemas['events.ModelType']),
  'events.WorkflowType': ajv.compile(eventSchemas['events.WorkflowType']),
};
export type ConfigKind = keyof typeof checks;

/** All problems of an e.json in one line; null if it is valid. */
export function problemOf(kind: ConfigKind, config: unknown): string | null {
  const check: ValidateFunction = checks[kind];
  const errors = check(config) ? [] : (check.errors ?? []);
  const problems = errors.map(worded).filter((problem) => problem !== null);
  // A type's own e.json is checked by `strayFieldsOf`, once its base type is known.
  if (kind !== 'type') problems.push(...strayFields(check.schema as SchemaObject, config));
  return problems.length === 0 ? null : [...new Set(problems)].join('; ');
}

/** The misspelt fields in the e.json of a type, which holds defaults for its elements; null if there are none. */
export function strayFieldsOf(baseType: BaseType, config: unknown): string | null {
  return strayFields(eventSchemas[baseType], config).join('; ') || null;
}

function worded(error: ErrorObject): string | null {
  const field = fieldAt(error.instancePath);
  const { parentSchema, data, keyword, params } = error;
  const properties = (parentSchema?.properties ?? {}) as Record<string, SchemaObject>;
  if (keyword === 'required') {
    // `anyOf` reports that one of two fields is missing.
    if (!parentSchema?.properties) return null;
    const missing = params.missingProperty as string;
    return `${field === '' ? '' : `${field}.`}${missing} is missing; it must be ${rightOf(properties[missing])}`;
  }
  if (keyword === 'anyOf') return `model is missing; it must be ${modelName.description}`;
  const right = rightOf(parentSchema);
  const what = field === '' ? 'the file' : field;
  return `${what} must be ${right}, not ${shown(data)}${hint(parentSchema?.enum, data)}`;
}

/** Converts `/eventDescs/0/name` to `eventDescs[0].name`. */
function fieldAt(pointer: string): string {
  return pointer
    .slice(1)
    .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
    .replaceAll('/', '.')
    .replaceAll('~1', '/')
    .replaceAll('~0', '~');
}

function rightOf(schema: AnySchemaObject | undefined): string {
  if (Array.isArray(schema?.enum)) return `one of ${schema.enum.join(', ')}`;
  return (schema?.description as string | undefined) ?? 'a JSON object';
}

function hint(words: unknown, given: unknown): string {
  return Array.isArray(words) && typeof given === 'string' ? didYouMean(given, words.map(String)) : '';
}
