// An empty embedded database, created at installation, because creating one at the first start would take seconds.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEmbedded } from './embedded.ts';

/** Stored beside the installed PGlite, so that an installation of another version replaces it. */
const templateFile = fileURLToPath(
  new URL('../../../node_modules/.cache/throughline/template.tar', import.meta.url),
);

/** Undefined if there is no template; the first start then creates its database itself. */
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
