// Templates: embedded databases that are migrated and empty, created at installation, because creating one at the first
// start would take seconds.
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '../migrations/migrate.ts';
import { ownMigrations, readMigrations } from '../migrations/migration-files.ts';
import type { Migration } from '../migrations/migration-record.ts';
import { openEmbedded } from './embedded.ts';

/** Beside the installed PGlite, so that an installation of another version replaces it. */
const templateFolder = fileURLToPath(new URL('../../../node_modules/.cache/throughline', import.meta.url));

/**
 * The template with the most of the program's migrations, and no others; undefined if there is none. The first start
 * applies the missing migrations, or creates its database itself.
 */
export async function readTemplate(
  folder: string = templateFolder,
  migrations: readonly Migration[] = readMigrations(ownMigrations),
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  for (let count = migrations.length; count > 0; count--) {
    const path = join(folder, nameOf(migrations.slice(0, count)));
    const file = await readFile(path).catch(() => undefined);
    if (file) return new Uint8Array(file);
  }
  return undefined;
}

/** Replaces earlier templates in the folder. */
export async function makeTemplate(folder: string = templateFolder): Promise<void> {
  const file = join(folder, nameOf(readMigrations(ownMigrations)));
  const database = await openEmbedded('memory://');
  try {
    await migrate(database);
    await mkdir(folder, { recursive: true });
    await writeFile(`${file}.new`, await database.dump());
  } finally {
    await database.close();
  }
  const earlier = (await readdir(folder)).filter((name) => /^template.*\.tar$/.test(name));
  for (const name of earlier) await rm(join(folder, name));
  await rename(`${file}.new`, file);
}

/** The name of a template's file identifies its migrations. */
function nameOf(migrations: readonly Migration[]): string {
  const hash = createHash('sha256');
  for (const { name, sql } of migrations) hash.update(JSON.stringify([name, sql]));
  return `template-${hash.digest('hex').slice(0, 16)}.tar`;
}
