// A request to a webhook as the payload of an event, in AutoKitteh's shape, whatever its body holds.
import type { IncomingMessage } from 'node:http';
import { type JsonObject, type JsonValue, toJsonObjectText } from '../domain/json.ts';
import { utf8Of } from '../domain/signature.ts';
import { parseJson } from './json-text.ts';

type Pair = readonly [name: string, value: string];

/** Values by name in lower case; repeated ones are joined by ", ". */
export function headersOf({ rawHeaders }: IncomingMessage): ReadonlyMap<string, string> {
  return joined(pairsOf(rawHeaders).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * The payload of a request whose path goes on with `suffix` below the webhook's own, and whose body is read: always one
 * that an event can hold.
 */
export function payloadOf(request: IncomingMessage, suffix: string, body: Buffer): JsonObject {
  const { method = '', url = '/' } = request;
  const query = url.indexOf('?');
  const head = {
    method,
    raw_url: url,
    url: {
      path: unescaped(query < 0 ? url : url.slice(0, query)),
      path_suffix: unescaped(suffix),
      query: query < 0 ? {} : fieldsOf(url.slice(query + 1)),
    },
    headers: canonical(request.rawHeaders),
    trailers: canonical(request.rawTrailers),
  };
  const forms = bodyForms(body, request.headers['content-type'] ?? '');
  for (const form of forms) if (isStorable({ ...head, body: form })) return { ...head, body: form };
  return { ...head, body: bytesOnly(body) };
}

const nothing = { text: null, json: null, form: null, bytes: null };

/**
 * The ways of holding a body, the fullest first: an event has less room than a body and all that is read out of it can
 * take. The bytes, as base64, are there only where the text can not be.
 */
function bodyForms(body: Buffer, contentType: string): JsonObject[] {
  const text = utf8Of(body);
  if (text === null || text.includes('\u0000')) return [bytesOnly(body)];
  const json = jsonOf(text);
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType.trim());
  const whole = { ...nothing, text, json, form: isForm ? fieldsOf(text) : null };
  return json === null ? [whole, { ...nothing, text }] : [whole, { ...nothing, json }, { ...nothing, text }];
}

function bytesOnly(body: Buffer): JsonObject {
  return { ...nothing, bytes: body.toString('base64') };
}

/** Null where it is no JSON, or JSON that an event can not hold as it is, such as a number that a double would change. */
function jsonOf(text: string): JsonValue {
  try {
    const json = parseJson(text.replace(/^\ufeff/, '')) as JsonValue;
    return isStorable({ body: { json } }) ? json : null;
  } catch {
    return null;
  }
}

function isStorable(payload: JsonObject): boolean {
  try {
    return toJsonObjectText('payload', payload) !== '';
  } catch {
    return false;
  }
}

/** Of a query or a form. What is no UTF-8, or can not be stored, becomes U+FFFD; `raw_url` and `text` have it as it was. */
function fieldsOf(encoded: string): JsonObject {
  const pairs = [...new URLSearchParams(encoded)].map(([name, value]): Pair => [
    storable(name),
    storable(value),
  ]);
  return Object.fromEntries(joined(pairs));
}

function unescaped(path: string): string {
  try {
    return storable(decodeURIComponent(path));
  } catch {
    return path;
  }
}

function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
}

/** With names as Go and AutoKitteh write them: X-Github-Delivery. */
function canonical(raw: readonly string[]): JsonObject {
  const pairs = pairsOf(raw).map(([name, value]): Pair => [
    name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase()),
    value,
  ]);
  return Object.fromEntries(joined(pairs));
}

/** Node gives names and values in turn. */
function pairsOf(raw: readonly string[]): Pair[] {
  return raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? ''] as const] : []));
}

function joined(pairs: readonly Pair[]): Map<string, string> {
  const values = new Map<string, string[]>();
  for (const [name, value] of pairs) {
    const known = values.get(name);
    if (known) known.push(value);
    else values.set(name, [value]);
  }
  return new Map([...values].map(([name, all]) => [name, all.join(', ')]));
}
