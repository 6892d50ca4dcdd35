// JSON Schema validation at a metered cost: every tested part of a schema is charged, so that no check runs long.
import {
  _,
  Ajv,
  type AnySchemaObject,
  type Format,
  type KeywordCxt,
  type Options,
  type ValidateFunction,
} from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { limits } from '../../base/limits.ts';
import { isLongerThan } from '../../base/text-length.ts';
import { Meter } from '../cel/meter.ts';
import { Pattern } from '../cel/functions/pattern.ts';
import { schemaFormats } from './schema-formats.ts';

export { CostExceeded } from '../cel/meter.ts';

/** The supported dialects of JSON Schema, by their `$schema` without its "#". */
const dialects = {
  'http://json-schema.org/draft-07/schema': Ajv,
  'https://json-schema.org/draft/2020-12/schema': Ajv2020,
} as const;
export type Dialect = keyof typeof dialects;
export const dialectNames = Object.keys(dialects) as Dialect[];

/** The meter of the current check; checks are synchronous. */
let meter = new Meter(0);

/** Runs a check with a budget of steps, of about a tenth of a microsecond each. Throws CostExceeded beyond it. */
export function withSteps<T>(steps: number, check: () => T): T {
  const before = meter;
  meter = new Meter(steps);
  try {
    return check();
  } finally {
    meter = before;
  }
}

/** An invalid pattern, with the reason. */
export class BadPattern extends Error {
  readonly pattern: string;

  constructor(pattern: string, why: string) {
    super(why);
    this.pattern = pattern;
  }
}

/** Patterns use RE2, whose matching time is linear in the text. */
class MeteredPattern {
  readonly #source: string;
  readonly #pattern: Pattern;

  constructor(source: string) {
    this.#source = source;
    try {
      this.#pattern = new Pattern(source);
    } catch (error) {
      throw new BadPattern(source, error instanceof Error ? error.message : String(error));
    }
  }

  test(text: string): boolean {
    return this.#pattern.test(text, meter);
  }

  /** Ajv identifies patterns by this text. */
  toString(): string {
    return this.#source;
  }
}

const patterns = Object.assign((source: string) => new MeteredPattern(source), { code: 'metered pattern' });

/** Formats without a limit on the text's length. */
const unboundedFormats: ReadonlySet<string> = new Set(['byte', 'binary', 'password']);

/** Texts longer than the limit match no format. */
const formats = Object.fromEntries(
  Object.entries(schemaFormats).map(([name, format]) => [
    name,
    unboundedFormats.has(name) ? format : bounded(format),
  ]),
);

function bounded(format: Format): Format {
  const isOfNumbers = typeof format === 'object' && 'type' in format;
  if (isOfNumbers || typeof format === 'boolean' || typeof format === 'string') return format;
  const test = 'validate' in format ? format.validate : format;
  const fits = (text: string) => (test instanceof RegExp ? test.test(text) : (test as Test)(text));
  return (text: string) => isShort(text) && fits(text);
}

type Test = (text: string) => boolean;

function isShort(text: string): boolean {
  meter.charge(text.length);
  return !isLongerThan(text, limits.schemaFormatLength);
}

/** Keywords that make a check visit each key of an object. */
const keyed = ['additionalProperties', 'patternProperties', 'propertyNames', 'unevaluatedProperties'];

/** A keyword added to each part of a schema, in order to charge for it. */
const steps = {
  keyword: 'throughline-steps',
  before: '$ref',
  code: ({ gen, data, parentSchema, it }: KeywordCxt) => {
    const charge = keyed.some((keyword) => keyword in parentSchema) ? chargeKeys : chargeSize;
    const name = gen.scopeValue('func', { ref: charge, key: charge });
    // Errors within an alternative may be discarded later. Others are final, so that the check stops when there are
    // enough.
    gen.code(_`${name}(${weightOf(parentSchema)}, ${data}, errors)`);
    if (!it.compositeRule && it.validateName) {
      gen.code(
        _`if (errors >= ${limits.schemaFailures}) { ${it.validateName}.errors = vErrors; return false; }`,
      );
    }
  },
};

/** Errors that are kept cost steps too. */
function chargeSize(weight: number, data: unknown, failures: number): void {
  const size = typeof data === 'string' ? data.length >> 4 : Array.isArray(data) ? data.length : 0;
  meter.charge(weight + size + (Math.min(failures, 1_000) >> 4));
}

function chargeKeys(weight: number, data: unknown, failures: number): void {
  chargeSize(weight, data, failures);
  if (typeof data === 'object' && data !== null && !Array.isArray(data))
    meter.charge(Object.keys(data).length);
}

/** The cost of a schema part for one value, except for what is charged separately. */
function weightOf(schema: AnySchemaObject): number {
  let weight = 1;
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === '$defs' || keyword === 'definitions' || typeof value !== 'object' || value === null)
      continue;
    const isCompared = keyword === 'enum' || keyword === 'const';
    weight += isCompared ? Math.ceil(valuesIn(value) / 10) : valuesIn(value, 2);
  }
  return weight;
}

function valuesIn(value: unknown, levels = Infinity): number {
  if (levels === 0 || typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + valuesIn(item, levels - 1), 1);
}

/** Ajv's own implementation compares each pair of items. */
const uniqueItems = {
  keyword: 'uniqueItems',
  type: 'array',
  schemaType: 'boolean',
  error: { message: 'must not have the same item twice' },
  validate: (isWanted: boolean, items: readonly unknown[]) => {
    if (!isWanted) return true;
    const seen = new Set<string>();
    for (const item of items) {
      const text = canonical(item);
      meter.charge(1 + (text.length >> 3));
      seen.add(text);
    }
    return seen.size === items.length;
  },
} as const;

/** A canonical text of a value, independent of key order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

const options: Options = {
  // Unknown keywords and formats are ignored, as the standard requires.
  strict: false,
  logger: false,
  meta: false,
  validateSchema: false,
  // Otherwise a schema that is referenced often is inlined as often.
  inlineRefs: false,
  ownProperties: true,
  // 19.99 is a multiple of 0.01, despite rounding.
  multipleOfPrecision: 9,
  formats,
  // Otherwise Ajv nests the code of each keyword in the one before, too deeply for JavaScript engines.
  allErrors: true,
  code: { regExp: patterns, optimize: false },
};

/**
 * Compiles a schema, to be run within `withSteps`. Each has its own Ajv, since an instance keeps everything it compiled.
 */
export function compileSchema(schema: AnySchemaObject, dialect: Dialect): ValidateFunction {
  const ajv = new dialects[dialect](options);
  // With this option Ajv tries every alternative, even after a match.
  ajv.opts.unevaluated = JSON.stringify(schema).includes('"unevaluated');
  ajv.removeKeyword('uniqueItems').addKeyword(uniqueItems);
  const known = Object.keys(ajv.RULES.all);
  ajv.addKeyword(steps);
  const rule = ajv.RULES.all[steps.keyword];
  if (typeof rule === 'object') Object.assign(rule.definition, { implements: [...known, 'type'] });
  const { $async: _async, ...rest } = schema;
  return ajv.compile(rest);
}

const schemas = Object.fromEntries(
  dialectNames.map((name) => [
    name,
    new dialects[name]({ strict: false, logger: false, validateFormats: false }),
  ]),
);

/** The first error in the schema itself, with its path; null if it is valid. */
export function schemaFault(
  schema: AnySchemaObject,
  dialect: Dialect,
): { path: string; message: string } | null {
  const ajv = schemas[dialect];
  if (!ajv || ajv.validate(dialect, schema)) return null;
  const [first] = ajv.errors ?? [];
  return { path: first?.instancePath ?? '', message: first?.message ?? 'is not valid' };
}
