// An empty embedded database, made when the program is installed: at a first start, making one would take seconds.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEmbedded } from './embedded.ts';

/** Beside the installed PGlite, of whose version it is: a new installation removes it and makes another. */
const templateFile = fileURLToPath(
  new URL('../../../node_modules/.cache/throughline/template.tar', import.meta.url),
);

/** Undefined where there is none; then a first start makes its database itself. */
export async function readTemplate(): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const file = await readFile(templateFile).catch(() => undefined);
  return file && new Uint8Array(file);
}

export async function makeTemplate(): Promise<void> {
  const database = await openEmbedded('memory://');
  try {
    await mkdir(dirname(templateFile), { recursive: true });
    await writeFile(`${templateFile}.new`, await database.dump());
    await rename(`${templateFile}.new`, templateFile);
  } finally {
    await database.close();
  }
}
