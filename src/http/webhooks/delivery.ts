// Converts a request to a webhook into an event payload in AutoKitteh's shape, whatever its body.
import type { IncomingMessage } from 'node:http';
import { limits } from '../../base/limits.ts';
import { JsonDocument, type JsonObject, type JsonValue, wellFormedText } from '../../domain/values/json.ts';
import { utf8Of } from '../../domain/triggers/signature.ts';
import type { DeliveryPayload, Pause } from '../../triggers/webhooks.ts';
import { parseBoundedJson } from '../json-text.ts';

type Pair = readonly [name: string, value: string];

/** Values by name in lower case; repeated ones are joined by ", ". */
export function headersOf({ rawHeaders }: IncomingMessage): ReadonlyMap<string, string> {
  return joined(pairsOf(rawHeaders).map(([name, value]) => [name.toLowerCase(), value]));
}

/** Headers with credentials, in lower case. They are omitted, since readers of the event could use them. */
const credentials: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'x-api-key',
]);

/** What was delivered with a request. */
export interface Delivered {
  /** The rest of the path below the webhook's own. */
  readonly suffix: string;
  readonly body: Buffer;
  /** Whether credentials are stored, too. */
  readonly keepCredentials: boolean;
}

/** The payload of a request: always one that an event can hold. Calls `pause` before each long step. */
export async function payloadOf(
  request: IncomingMessage,
  { suffix, body, keepCredentials }: Delivered,
  pause: Pause,
): Promise<DeliveryPayload> {
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
  const storedHead = keepCredentials
    ? head
    : { ...head, headers: withoutCredentials(head.headers), trailers: withoutCredentials(head.trailers) };
  const forms = await formsOf(body, request.headers['content-type'] ?? '', pause);
  const most = limits.jsonBytes - Buffer.byteLength(JSON.stringify(storedHead)) - ',"body":'.length;
  const { value, text } = bodyWithin(most, body, forms);
  return {
    whole: { ...head, body: value },
    stored: new JsonDocument(
      { ...storedHead, body: value },
      `${JSON.stringify(storedHead).slice(0, -1)},"body":${text}}`,
    ),
  };
}

function withoutCredentials(headers: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !credentials.has(name.toLowerCase())));
}

/** A value with its JSON text, so that it is written once. */
interface Written {
  readonly value: JsonValue;
  readonly text: string;
}

type BodyFields = Readonly<Record<'text' | 'json' | 'form' | 'bytes', Written>>;

function written(value: JsonValue): Written {
  return { value, text: JSON.stringify(value) };
}

const nothing = written(null);
const none: BodyFields = { text: nothing, json: nothing, form: nothing, bytes: nothing };

/** An event has less room than a body and all that is read out of it can take. */
function bodyWithin(most: number, body: Buffer, forms: readonly BodyFields[]): Written {
  const fields = forms.find((form) => sizeOf(form) <= most) ?? bytesOnly(body);
  const entries = Object.entries(fields);
  return {
    value: Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    text: `{${entries.map(([name, { text }]) => `"${name}":${text}`).join(',')}}`,
  };
}

/** Of all of it as JSON text, in bytes, and a little more. */
function sizeOf(fields: BodyFields): number {
  return Object.values(fields).reduce((sum, { text }) => sum + 10 + Buffer.byteLength(text), 0);
}

/** The fullest first. */
async function formsOf(body: Buffer, contentType: string, pause: Pause): Promise<BodyFields[]> {
  await pause();
  const decoded = utf8Of(body);
  if (decoded === null || decoded.includes('\u0000')) return [];
  const text = written(decoded);
  const json = await jsonOf(decoded, pause);
  await pause();
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(contentType.trim());
  const whole = { ...none, text, json: json ?? nothing, form: isForm ? formOf(decoded) : nothing };
  const textAlone = { ...none, text };
  return json === null ? [whole, textAlone] : [whole, { ...none, json }, textAlone];
}

/** As base64: there only where the text cannot be, and always short enough. */
function bytesOnly(body: Buffer): BodyFields {
  return { ...none, bytes: written(body.toString('base64')) };
}

/** The payload and its body are two levels around it. */
const jsonBounds = { depth: limits.jsonDepth - 2, values: limits.webhookValues };

/** Null where it is no JSON, or JSON that an event cannot hold as it is, such as a number that a double would change. */
async function jsonOf(text: string, pause: Pause): Promise<Written | null> {
  await pause();
  const json = parseBoundedJson(text.replace(/^\ufeff/, ''), jsonBounds);
  if (json === null) return null;
  await pause();
  try {
    return { value: json.value as JsonValue, text: wellFormedText('json', json.value) };
  } catch {
    return null;
  }
}

/** Null where it has too many fields to be read. */
function formOf(text: string): Written {
  let fields = 1;
  for (let at = text.indexOf('&'); at !== -1; at = text.indexOf('&', at + 1)) fields += 1;
  return fields > limits.webhookFields ? nothing : written(fieldsOf(text));
}

/** Of a query or a form. What is no UTF-8, or cannot be stored, becomes U+FFFD; `raw_url` and `text` have it as it was. */
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
