// Discovery of the elements of an app folder: their files and names.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asError } from '../../base/errors.ts';
import { StartupError } from '../../database/database.ts';
import { limits } from '../../base/limits.ts';
import { isJsonObject } from '../../domain/values/json.ts';
import type { ElementConfig } from './event-element.ts';

export const elementKinds = ['services', 'models', 'types', 'events'] as const;
export type ElementKind = (typeof elementKinds)[number];

/** File names for an element's code; the first one that exists is used. */
const codeNames: Readonly<Record<ElementKind, readonly string[]>> = {
  services: ['service.ts', 'service.js', 'service.mjs'],
  models: ['model.ts', 'model.js', 'model.mjs'],
  types: ['type.ts', 'type.js', 'type.mjs'],
  events: ['inner.ts', 'inner.js', 'inner.mjs'],
};

/** A problem with one element. The message is for the author of the folder. */
export class ElementProblem extends Error {}

/** Throws the problem, if any, prefixed with its file. */
export function refuse(file: string, problem: string | null): void {
  if (problem !== null) throw new ElementProblem(`${file}: ${problem}`);
}

/** A folder with an e.json, with code, or both. */
export interface FoundElement {
  readonly kind: ElementKind;
  /** The path with dots, such as `events.billing.Paid`. */
  readonly fullName: string;
  /** The path relative to the app folder, such as `events/billing/Paid`. */
  readonly path: string;
  readonly hasConfig: boolean;
  /** Path of the code file, relative to the app folder; null if there is none. */
  readonly code: string | null;
}

/** All elements by full name. Throws a StartupError if the folder cannot be read. */
export async function findElements(folder: string): Promise<readonly FoundElement[]> {
  try {
    const isFolder = (await stat(folder)).isDirectory();
    if (!isFolder) throw new Error('it is not a folder');
    const found = await Promise.all(elementKinds.map((kind) => elementsBelow(folder, kind, kind)));
    return found.flat().toSorted((a, b) => (a.path < b.path ? -1 : 1));
  } catch (error) {
    throw new StartupError(`The app folder ${folder} cannot be read: ${asError(error).message}`, {
      cause: error,
    });
  }
}

async function elementsBelow(folder: string, kind: ElementKind, path: string): Promise<FoundElement[]> {
  const entries = await readdir(join(folder, path), { withFileTypes: true }).catch((error) => {
    // The folder of a kind is optional, and a folder may be deleted while it is read.
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw error;
  });
  const files = new Set(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name));
  const below = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(({ name }) => elementsBelow(folder, kind, `${path}/${name}`));
  const code = codeNames[kind].find((name) => files.has(name));
  const hasConfig = files.has('e.json');
  const own: FoundElement = {
    kind,
    fullName: path.replaceAll('/', '.'),
    path,
    hasConfig,
    code: code === undefined ? null : `${path}/${code}`,
  };
  const isElement = path !== kind && (hasConfig || code !== undefined);
  return [...(isElement ? [own] : []), ...(await Promise.all(below)).flat()];
}

const elementName = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

export function checkName({ path, fullName }: FoundElement): void {
  if (elementName.test(fullName) && fullName.length <= limits.topicLength) return;
  throw new ElementProblem(
    `${path}: the names of folders must be of letters, digits, _ and -, with at most ${limits.topicLength} characters in all, because they form the full name`,
  );
}

/** Reads the e.json of an element. Throws an ElementProblem if it is missing or not a JSON object. */
export async function readConfig(folder: string, { path, kind }: FoundElement): Promise<ElementConfig> {
  const file = `${path}/e.json`;
  const text = await readFile(join(folder, file), 'utf8').catch((error) => {
    if (error.code !== 'ENOENT') throw new ElementProblem(`${file} cannot be read: ${error.message}`);
    const needed = kind === 'events' ? 'type and configuration' : 'title and type';
    throw new ElementProblem(`${file} is missing; it holds the element's ${needed}`);
  });
  let config: unknown;
  try {
    // Some editors write a byte order mark.
    config = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new ElementProblem(`${file} is not JSON: ${asError(error).message}`);
  }
  if (isJsonObject(config)) return config;
  throw new ElementProblem(`${file} must hold a JSON object, such as {"title": "…"}`);
}
