// What a form can show of a JSON Schema.

export interface Schema {
  readonly [keyword: string]: unknown;
}

export type Field =
  | { readonly kind: 'object'; readonly properties: readonly Property[] }
  | { readonly kind: 'text'; readonly type: 'text' | 'email' | 'url' | 'date' }
  | { readonly kind: 'number'; readonly step: 'any' | 1; readonly min?: number; readonly max?: number }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'choice'; readonly values: readonly unknown[] }
  /** More than a form can do. */
  | { readonly kind: 'json' };

export interface Property {
  readonly name: string;
  readonly title: string;
  readonly help: string;
  readonly isRequired: boolean;
  readonly field: Field;
}

/** Forms are this deep at most; what is deeper is JSON. */
const deepestForm = 5;
/** So many properties have fields of their own; of more, the object is JSON. */
const mostProperties = 100;

/** Keywords that make a value depend on more than its own type. */
const beyondForms = [
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'patternProperties',
  'dependentSchemas',
  'propertyNames',
];

/** Null where the payload as a whole is more than a form can do, or nothing is declared. */
export function formOf(schema: unknown): Extract<Field, { kind: 'object' }> | null {
  if (!isSchema(schema)) return null;
  const field = fieldOf(schema, schema, 0);
  return field.kind === 'object' ? field : null;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fieldOf(given: unknown, root: Schema, depth: number): Field {
  const schema = resolved(given, root);
  if (!schema || depth > deepestForm || beyondForms.some((keyword) => keyword in schema))
    return { kind: 'json' };
  if ('const' in schema) return { kind: 'choice', values: [schema.const] };
  if (Array.isArray(schema.enum)) return { kind: 'choice', values: schema.enum };
  const type = typeOf(schema);
  if (type === 'boolean') return { kind: 'boolean' };
  if (type === 'string') return { kind: 'text', type: inputTypes[String(schema.format)] ?? 'text' };
  if (type === 'number' || type === 'integer') return numberField(schema, type);
  if (type === 'object' && isSchema(schema.properties)) return objectField(schema, root, depth);
  return { kind: 'json' };
}

const inputTypes: Readonly<Record<string, 'email' | 'url' | 'date'>> = {
  email: 'email',
  uri: 'url',
  date: 'date',
};

/** Follows a reference within the schema; null where there is none such. */
function resolved(given: unknown, root: Schema): Schema | null {
  let schema = given;
  for (let steps = 0; isSchema(schema) && typeof schema.$ref === 'string'; steps += 1) {
    if (!schema.$ref.startsWith('#/') || steps > 10) return null;
    const keys = schema.$ref.slice(2).split('/');
    schema = keys.reduce<unknown>(
      (at, key) => (isSchema(at) ? at[key.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
      root,
    );
  }
  return isSchema(schema) ? schema : null;
}

/** Of a type or null, the type: an empty field leaves the property out. */
function typeOf({ type, properties }: Schema): string | null {
  if (type === undefined && properties !== undefined) return 'object';
  const types = Array.isArray(type) ? type.filter((name) => name !== 'null') : [type];
  return types.length === 1 && typeof types[0] === 'string' ? types[0] : null;
}

function numberField({ minimum, maximum }: Schema, type: 'number' | 'integer'): Field {
  return {
    kind: 'number',
    step: type === 'integer' ? 1 : 'any',
    ...(typeof minimum === 'number' && { min: minimum }),
    ...(typeof maximum === 'number' && { max: maximum }),
  };
}

function objectField({ properties, required }: Schema, root: Schema, depth: number): Field {
  const entries = Object.entries(properties as object);
  if (entries.length === 0 || entries.length > mostProperties) return { kind: 'json' };
  const names = new Set(Array.isArray(required) ? required : []);
  return {
    kind: 'object',
    properties: entries.map(([name, given]) => {
      const schema = resolved(given, root) ?? {};
      return {
        name,
        title: typeof schema.title === 'string' ? schema.title : name,
        help: typeof schema.description === 'string' ? schema.description : '',
        isRequired: names.has(name),
        field: fieldOf(given, root, depth + 1),
      };
    }),
  };
}

/** The value with one at a path replaced; undefined removes it. */
export function replaced(value: unknown, path: readonly string[], next: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return next;
  const before = isSchema(value) ? value : {};
  const inner = replaced(before[key], rest, next);
  if (inner !== undefined) return { ...before, [key]: inner };
  const { [key]: _removed, ...others } = before;
  return others;
}
