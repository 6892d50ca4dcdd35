// The manifest of trusted documents, read and checked at start, so that a fault in it fails the start.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { asError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { StartupError } from '../../database/database.ts';

/** The texts of the documents by their SHA-256, in lower-case hexadecimal digits. */
export type TrustedDocuments = ReadonlyMap<string, string>;

/** The digits of `<sha256 hex>` or `sha256:<sha256 hex>`, in lower case; null for any other text. */
export function sha256Of(id: string): string | null {
  return /^(?:sha256:)?([\da-f]{64})$/i.exec(id)?.[1]?.toLowerCase() ?? null;
}

/**
 * The manifest in a file, `{"<sha256 hex>": "<document>"}`. Throws a StartupError that says in one line what is wrong
 * with it. Whether the documents fit the schema is checked where they are parsed. Null where there is no file.
 */
export async function readTrustedDocuments(path: string | null): Promise<TrustedDocuments | null> {
  if (path === null) return null;
  const entries = Object.entries(parsed(await read(path)));
  if (entries.length > limits.trustedDocuments)
    throw faulty(`${path} has ${entries.length} documents; at most ${limits.trustedDocuments} are allowed`);
  return new Map(entries.map(([id, text]) => [checkedHash(id, text), text as string]));
}

async function read(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      if (size > limits.trustedDocumentsBytes)
        throw new Error(`it has ${size} bytes; at most ${limits.trustedDocumentsBytes} are allowed`);
      return new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (error) {
    throw faulty(`${path} cannot be read: ${asError(error).message}`);
  }
}

function parsed(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw faulty(`is not JSON: ${asError(error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw faulty('is not a JSON object such as {"<sha256 hex>": "<document>"}');
}

function checkedHash(id: string, text: unknown): string {
  const name = JSON.stringify(id.slice(0, 80));
  if (typeof text !== 'string') throw faulty(`has no text for ${name}: each value must be a document`);
  const hash = sha256Of(id);
  if (hash === null) {
    const hint = /^[\da-f]{40}$/i.test(id) ? "; of graphql-codegen, set hashAlgorithm: 'sha256'" : '';
    throw faulty(`has the key ${name}, which is not a SHA-256 in hexadecimal digits${hint}`);
  }
  const actual = createHash('sha256').update(text).digest('hex');
  if (actual !== hash) throw faulty(`has ${name} for a document whose SHA-256 is ${actual}`);
  return hash;
}

/** In one line, whatever was in the file. */
export function faulty(fault: string): StartupError {
  return new StartupError(`THROUGHLINE_TRUSTED_DOCUMENTS ${fault.replace(/\s+/g, ' ')}.`);
}
