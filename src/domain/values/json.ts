// JSON values in callers' input: validation, so that a value is stored exactly as it was sent or refused.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** An object with its JSON text, which is known to be valid for a `jsonb` column. */
export class JsonDocument {
  readonly value: JsonObject;
  readonly text: string;

  constructor(value: JsonObject, text: string) {
    this.value = value;
    this.text = text;
  }
}

/** A number that a double cannot represent exactly. Whoever reads the value refuses it. */
export class UnsafeNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): string {
    return `\u0000${this.text}`;
  }
}

/** A double written out has at most 309 digits before its point, so longer texts are not exact. */
const maxNumberLength = 400;

/**
 * Whether a JSON number, as text, is unchanged by conversion to a double: `0.1` and `1e3` are, `12345678901234567890`
 * and `1e999` are not, nor is any text of more than 400 characters.
 */
export function isExactNumber(text: string): boolean {
  if (text.length < 16 && !/[eE]/.test(text)) return true;
  if (text.length > maxNumberLength) return false;
  // Up to 15 digits survive if the exponent is far from the limits of a double.
  if (/^-?\d{1,15}[eE][+-]?\d{1,2}$/.test(text)) return true;
  const double = Number(text);
  return (
    String(double) === text ||
    (Number.isFinite(double) && canonicalNumber(text) === canonicalNumber(String(double)))
  );
}

/** The digits without leading or trailing zeros, and the exponent of the last one. */
function canonicalNumber(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length);
  return `${sign}${significant}e${power}`;
}

/**
 * The value as JSON text for a `jsonb` column. Throws BAD_USER_INPUT or LIMIT_EXCEEDED with the path of the fault
 * below `name`. Only invalid values are walked a second time for the path.
 */
export function toJsonText(name: string, value: unknown): string {
  if (isDeeperThan(value, limits.jsonDepth)) {
    throw new ThroughlineError('LIMIT_EXCEEDED', `${name} is nested deeper than ${limits.jsonDepth} levels.`);
  }
  const text = wellFormedText(name, value);
  const bytes = Buffer.byteLength(text);
  if (bytes > limits.jsonBytes) {
    throw new ThroughlineError(
      'LIMIT_EXCEEDED',
      `${name} is ${bytes} bytes of JSON; at most ${limits.jsonBytes} are allowed.`,
    );
  }
  return text;
}

/** Like `toJsonText`, for a value that must be an object. */
export function toJsonObjectText(name: string, value: unknown): string {
  if (value instanceof JsonDocument) return value.text;
  if (!isJsonObject(value)) throw badInput(`${name} must be a JSON object, such as {"key": "value"}.`);
  return toJsonText(name, value);
}

/** The value as valid `jsonb` text, of any length and depth. Throws BAD_USER_INPUT. */
export function wellFormedText(name: string, value: unknown): string {
  const text = JSON.stringify(value ?? null);
  if (suspicious.test(text)) refuseFault(name, value);
  return text;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof UnsafeNumber)
  );
}

/** JSON.stringify's output for NUL, with which an UnsafeNumber begins, and for lone surrogates. */
const suspicious = /\\u0000|\\ud[89a-f]/;

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const item of Object.values(value)) {
    if (isDeeperThan(item, levels - 1)) return true;
  }
  return false;
}

function refuseFault(path: string, value: unknown): void {
  if (typeof value === 'string') return checkText(path, value);
  if (value instanceof UnsafeNumber) {
    throw badInput(
      `${path} is the number ${shortened(value.text)}, which cannot be represented exactly; send it as a string.`,
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    checkText(path, key);
    refuseFault(Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, item);
  }
}

function shortened(digits: string): string {
  return digits.length > 60 ? `${digits.slice(0, 60)}…` : digits;
}

/** Refuses text that Postgres cannot store: NUL and lone surrogates. */
export function checkText(path: string, text: string): void {
  if (text.includes('\u0000'))
    throw badInput(`${path} contains the NUL character (U+0000), which cannot be stored.`);
  if (!text.isWellFormed()) throw badInput(`${path} contains a lone surrogate, which is not valid text.`);
}

/** The approximate memory of a value, in bytes. */
export function heldBytes(value: JsonValue): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 32;
  if (Array.isArray(value)) for (const item of value) bytes += heldBytes(item);
  else for (const key in value) bytes += 24 + key.length + heldBytes((value as JsonObject)[key]!);
  return bytes;
}
