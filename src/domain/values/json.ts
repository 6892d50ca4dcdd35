// JSON values as callers send them: what they may hold, so that nothing is ever changed on its way to the database.
import { badInput, ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** An object together with its text, which is known to be fit for a `jsonb` column: it is not checked or written again. */
export class JsonDocument {
  readonly value: JsonObject;
  readonly text: string;

  constructor(value: JsonObject, text: string) {
    this.value = value;
    this.text = text;
  }
}

/** Stands where a number was that a double would change; whoever reads the value refuses it. */
export class UnsafeNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): string {
    return `\u0000${this.text}`;
  }
}

/** A double written out in full has 309 digits before its point, so that what is longer needs no closer look. */
const maxNumberLength = 400;

/**
 * Whether a JSON number, as text, is the same number after a trip through a double: `0.1` and `1e3` are,
 * `12345678901234567890` and `1e999` are not. Nor is any text of more than 400 characters.
 */
export function isExactNumber(text: string): boolean {
  if (text.length < 16 && !/[eE]/.test(text)) return true;
  if (text.length > maxNumberLength) return false;
  // Up to 15 digits survive, wherever their point is, as long as the exponent is far from the ends of the range.
  if (/^-?\d{1,15}[eE][+-]?\d{1,2}$/.test(text)) return true;
  const double = Number(text);
  return (
    String(double) === text ||
    (Number.isFinite(double) && canonicalNumber(text) === canonicalNumber(String(double)))
  );
}

/** Digits without leading or trailing zeros, and the power of ten of the last one. */
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
 * The value as JSON text, fit for a `jsonb` column; otherwise BAD_USER_INPUT or LIMIT_EXCEEDED, naming the path under
 * `name` that is at fault. The value is walked with its path only where something is wrong, since most are right.
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

/** The same for what must be an object. */
export function toJsonObjectText(name: string, value: unknown): string {
  if (value instanceof JsonDocument) return value.text;
  if (!isJsonObject(value)) throw badInput(`${name} must be a JSON object, such as {"key": "value"}.`);
  return toJsonText(name, value);
}

/** The value as JSON text that `jsonb` takes, however long and deep it is; otherwise BAD_USER_INPUT. */
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

/** What JSON.stringify writes for NUL (which an UnsafeNumber begins with) and for half a surrogate pair. */
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
      `${path} is the number ${shortened(value.text)}, which would lose digits; send it as a string.`,
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

/** Text that Postgres can hold: no NUL, no half of a surrogate pair. */
export function checkText(path: string, text: string): void {
  if (text.includes('\u0000'))
    throw badInput(`${path} contains the NUL character (U+0000), which cannot be stored.`);
  if (!text.isWellFormed())
    throw badInput(`${path} contains half of a surrogate pair, which is not valid text.`);
}

/** How much memory a value takes, about, in bytes. */
export function heldBytes(value: JsonValue): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 8;
  let bytes = 32;
  if (Array.isArray(value)) for (const item of value) bytes += heldBytes(item);
  else for (const key in value) bytes += 24 + key.length + heldBytes((value as JsonObject)[key]!);
  return bytes;
}
