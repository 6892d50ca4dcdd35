// JSON from the command line: the text itself, or @FILE.
import { readFile } from 'node:fs/promises';
import { usageError } from '../failure.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** `what` names the value in messages. */
export async function jsonArgument(what: string, text: string): Promise<JsonObject> {
  if (!text.startsWith('@')) return jsonObject(what, text);
  const path = text.slice(1);
  return jsonObject(path, await readFile(path, 'utf8'));
}

export function jsonObject(what: string, text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError(
      `${what} is not JSON: ${(error as Error).message}`,
      'In a shell, put it between single quotes: \'{"total": 1}\'.',
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw usageError(`${what} must be a JSON object such as {"total": 1}.`);
}
