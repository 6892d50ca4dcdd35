// Parses JSON text so that no number is silently changed and no nesting overflows the stack.

import { randomUUID } from 'node:crypto';
import { asError, badInput, ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { isExactNumber, UnsafeNumber } from '../domain/values/json.ts';

/** A JSON value may have `limits.jsonDepth` levels; the request around it (batch, variables, input, list) needs a few. */
const maxDepth = limits.jsonDepth + 10;

/** Numbers beyond a double that one text may hold; they are all refused in the end, so this bounds only the work. */
const maxUnsafeNumbers = 1_000;

/** A double written out has at most 309 digits before its point, so longer texts are not exact. */
const maxNumberLength = 400;

/** Name of the objects that replace unsafe numbers during parsing; random, so that no client can send one. */
const marker = randomUUID();

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Like JSON.parse, but with an UnsafeNumber wherever a number would be changed by becoming a double. Malformed text is
 * BAD_USER_INPUT, nesting that is too deep, or too many values, LIMIT_EXCEEDED (found before JSON.parse sees the text).
 */
export function parseJson(text: string): unknown {
  const unsafe = scan(text, { depth: maxDepth, values: limits.bodyValues });
  try {
    return unsafe === undefined ? JSON.parse(text) : JSON.parse(withMarkers(text, unsafe), revive);
  } catch {
    throw malformed(text);
  }
}

/** How much one text may hold. */
export interface JsonBounds {
  /** Levels of objects and lists. */
  readonly depth: number;
  readonly values: number;
}

/**
 * Like JSON.parse, but null where the text is not JSON, exceeds the bounds, which is found before it is parsed, or has a
 * number that would be changed by becoming a double.
 */
export function parseBoundedJson(text: string, bounds: JsonBounds): { readonly value: unknown } | null {
  try {
    return scan(text, bounds) === undefined ? { value: JSON.parse(text) } : null;
  } catch {
    return null;
  }
}

/** One pass: checks the bounds and finds the unsafe numbers, allocating nothing unless there are some. */
function scan(text: string, bounds: JsonBounds): Span[] | undefined {
  let depth = 0;
  let values = 1;
  let unsafe: Span[] | undefined;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === codes.quote) at = endOfString(text, at);
    else if (code === codes.openBrace || code === codes.openBracket) {
      depth = deeper(depth, bounds.depth);
      values += 1;
    } else if (code === codes.comma) values += 1;
    else if (code === codes.closeBrace || code === codes.closeBracket) depth--;
    else if (code === codes.minus || isDigit(code)) {
      const end = endOfNumber(text, at);
      if (isUnsafe(text, at, end)) unsafe = withOneMore(unsafe, { start: at, end });
      at = end - 1;
    }
    if (values > bounds.values) throw tooMany(bounds.values);
  }
  return unsafe;
}

const codes = {
  quote: 0x22,
  plus: 0x2b,
  comma: 0x2c,
  minus: 0x2d,
  point: 0x2e,
  bigE: 0x45,
  openBracket: 0x5b,
  backslash: 0x5c,
  closeBracket: 0x5d,
  smallE: 0x65,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

function tooMany(values: number): ThroughlineError {
  return new ThroughlineError('LIMIT_EXCEEDED', `The JSON has more than ${values} values.`);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function deeper(depth: number, most: number): number {
  if (depth < most) return depth + 1;
  throw new ThroughlineError('LIMIT_EXCEEDED', `The JSON is nested deeper than ${most} levels.`);
}

/** Where the string that opens at `start` closes. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text.charCodeAt(before) === codes.backslash) before--;
  return (at - before) % 2 === 0;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (isOfNumber(text.charCodeAt(end))) end++;
  return end;
}

function isOfNumber(code: number): boolean {
  return (
    isDigit(code) ||
    code === codes.point ||
    code === codes.minus ||
    code === codes.plus ||
    code === codes.smallE ||
    code === codes.bigE
  );
}

/** What is not a JSON number at all is left for JSON.parse to refuse. */
function isUnsafe(text: string, start: number, end: number): boolean {
  const length = end - start;
  if (length < 16 && !hasExponent(text, start, end)) return false;
  const number = text.slice(start, end);
  if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(number)) return false;
  return length > maxNumberLength || !isExactNumber(number);
}

function hasExponent(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === codes.smallE || code === codes.bigE) return true;
  }
  return false;
}

function withOneMore(unsafe: Span[] | undefined, span: Span): Span[] {
  if (unsafe === undefined) return [span];
  if (unsafe.length >= maxUnsafeNumbers) {
    throw badInput(
      `The JSON has more than ${maxUnsafeNumbers} numbers that would lose digits; send them as strings.`,
    );
  }
  unsafe.push(span);
  return unsafe;
}

/** The text with an object in the place of each unsafe number. */
function withMarkers(text: string, unsafe: readonly Span[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const { start, end } of unsafe) {
    parts.push(text.slice(done, start), `{"${marker}":"${shortened(text.slice(start, end))}"}`);
    done = end;
  }
  parts.push(text.slice(done));
  return parts.join('');
}

function shortened(number: string): string {
  return number.length > maxNumberLength ? `${number.slice(0, 40)}… (${number.length} characters)` : number;
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, marker)) return value;
  return new UnsafeNumber(String((value as Record<string, unknown>)[marker]));
}

/** Tells of the text as it was sent, without our markers. */
function malformed(text: string): ThroughlineError {
  try {
    JSON.parse(text);
  } catch (error) {
    return badInput(`This is not valid JSON: ${asError(error).message}.`);
  }
  return badInput('This is not valid JSON.');
}
