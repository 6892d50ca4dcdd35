// Request bodies of AYON's REST API: names in both spellings, nulls that mean nothing, and validation.
import { Ajv, type ValidateFunction } from 'ajv';
import { isJsonObject } from '../domain/values/json.ts';
import { parseJson } from '../http/json-text.ts';
import { badRequest } from './answers.ts';
import { type BodyName, type BodySchema, bodySchemas } from './schemas.ts';

interface EventFilterBody {
  readonly operator?: unknown;
  readonly conditions?: unknown;
}

export interface CreateEventBody {
  readonly topic: string;
  readonly sender?: string;
  readonly hash?: string;
  readonly project?: string;
  readonly user?: string;
  readonly dependsOn?: string;
  readonly description?: string;
  readonly summary?: object;
  readonly payload?: object;
  readonly finished?: boolean;
  readonly store?: boolean;
  readonly reuse?: boolean;
}

export interface UpdateEventBody {
  readonly sender?: string;
  readonly project?: string;
  readonly projectName?: string;
  readonly user?: string;
  readonly status?: string;
  readonly description?: string;
  readonly summary?: object;
  readonly payload?: object;
  readonly progress?: number;
  readonly retries?: number;
  readonly attempt?: number;
}

export interface EnrollBody {
  readonly sourceTopic: string | readonly string[];
  readonly targetTopic: string;
  readonly sender?: string;
  readonly senderType?: string;
  readonly description?: string;
  readonly sequential?: boolean;
  readonly filter?: EventFilterBody;
  readonly maxRetries?: number;
  readonly ignoreSenderTypes?: readonly string[];
  readonly ignoreOlderThan?: number;
  readonly leaseSeconds?: number;
  readonly sticky?: boolean;
}

export interface QueryBody {
  readonly entity: string;
  readonly filter?: EventFilterBody;
  readonly limit?: number;
  readonly offset?: number;
}

export interface EventOpsBody {
  readonly type: 'delete' | 'restart' | 'abort';
  readonly filter: EventFilterBody;
}

export interface GraphQLBody {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

interface Bodies {
  readonly createEvent: CreateEventBody;
  readonly updateEvent: UpdateEventBody;
  readonly enroll: EnrollBody;
  readonly query: QueryBody;
  readonly eventops: EventOpsBody;
  readonly graphql: GraphQLBody;
}

const ajv = new Ajv({ strict: true, allowUnionTypes: true, coerceTypes: false });

interface Reader {
  /** Properties by both of their spellings. */
  readonly names: ReadonlyMap<string, string>;
  readonly validate: ValidateFunction;
}

const readers = new Map<BodyName, Reader>(
  (Object.entries(bodySchemas) as [BodyName, BodySchema][]).map(([name, schema]) => {
    const names = Object.keys(schema.properties).flatMap(
      (property) =>
        [
          [snakeCase(property), property],
          [property, property],
        ] as const,
    );
    return [name, { names: new Map(names), validate: ajv.compile(schema) }];
  }),
);

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A created event's summary and payload are objects if they are given at all. */
const neverNull: Partial<Record<BodyName, readonly string[]>> = { createEvent: ['summary', 'payload'] };

/** Throws a refusal with status 400, which names the field. */
export function readBodyAs<Name extends BodyName>(name: Name, text: string): Bodies[Name] {
  const given = parseJson(text);
  if (!isJsonObject(given)) throw badRequest('The body must be a JSON object.');
  const { names, validate } = readers.get(name)!;
  const body: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const property = names.get(key);
    if (property === undefined || (property !== key && Object.hasOwn(given, property))) continue;
    if (value === null && !neverNull[name]?.includes(property)) continue;
    body[property] = value;
  }
  if (!validate(body)) throw badRequest(faultOf(validate));
  return body as unknown as Bodies[Name];
}

function faultOf({ errors }: ValidateFunction): string {
  const [error] = errors ?? [];
  const place = error?.instancePath.slice(1).replaceAll('/', '.') ?? '';
  const allowed = (error?.params as { allowedValues?: readonly unknown[] } | undefined)?.allowedValues;
  const more = allowed ? `: ${allowed.join(', ')}` : '';
  return `${place === '' ? 'The body' : place} ${error?.message ?? 'is wrong'}${more}.`;
}
