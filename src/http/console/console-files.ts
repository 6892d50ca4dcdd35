// The files of the built console, read and compressed once.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

/** The root of the package is as far above this file as it is above the program's chunks. */
export const consoleFolder = join(import.meta.dirname, '../../../dist/console');

export interface ConsoleFile {
  readonly type: string;
  readonly content: Buffer;
  /** Undefined for a file that does not get smaller. */
  readonly gzipped: Buffer | undefined;
  readonly etag: string;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** By their paths below `folder`, with slashes. Empty where the console is not built. */
export function readConsoleFiles(folder: string = consoleFolder): ReadonlyMap<string, ConsoleFile> {
  if (!existsSync(folder)) return new Map();
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  const served = paths.filter((path) => types[extname(path)] !== undefined && statSync(path).isFile());
  return new Map(served.map((path) => [relative(folder, path).split(sep).join('/'), fileAt(path)]));
}

function fileAt(path: string): ConsoleFile {
  const content = readFileSync(path);
  const gzipped = existsSync(`${path}.gz`) ? readFileSync(`${path}.gz`) : undefined;
  return { type: types[extname(path)]!, content, gzipped, etag: etagOf(content) };
}

export function etagOf(content: Buffer): string {
  return `"${createHash('sha256').update(content).digest('base64url')}"`;
}
