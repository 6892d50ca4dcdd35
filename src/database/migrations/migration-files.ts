// The program's migrations, as files in Prisma Migrate's layout.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StartupError } from '../database.ts';
import type { Migration } from './migration-record.ts';

/** The same path from the sources and from the build. */
export const ownMigrations = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** In the order in which they are applied. Throws StartupError if there are none. */
export function readMigrations(folder: string): Migration[] {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const withSql = names.map((name) => ({ name, file: join(folder, name, 'migration.sql') }));
  const found = withSql.filter(({ file }) => existsSync(file));
  if (found.length === 0)
    throw new StartupError(`there are no migrations in ${folder}; the installation is incomplete`);
  return found.map(({ name, file }) => ({ name, sql: readFileSync(file, 'utf8') }));
}
