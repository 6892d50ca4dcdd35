// The file for the key of a first start: `admin-key` in the data folder, readable by its owner alone.
import { mkdir, open, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asError } from './base/errors.ts';
import { StartupError } from './database/database.ts';
import { keyFileName } from './database/embedded/data-folder.ts';

export function keyFileIn(folder: string): string {
  return join(resolve(folder), keyFileName);
}

/** A file of an earlier first start stays, as `admin-key.earlier`. Throws StartupError if the file can't be written. */
export async function writeKeyFile(folder: string, secret: string): Promise<void> {
  const path = keyFileIn(folder);
  try {
    await mkdir(folder, { recursive: true });
    const draft = `${path}.new`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.chmod(0o600);
      await file.writeFile(`${secret}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, `${path}.earlier`).catch(ignoreMissing);
    await rename(draft, path);
  } catch (error) {
    throw new StartupError(
      `the admin key cannot be written to ${path}: ${asError(error).message}; set THROUGHLINE_DATA to a folder that can be written, or set THROUGHLINE_ADMIN_KEY`,
      { cause: error },
    );
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
