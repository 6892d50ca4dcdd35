// Opens the database that the settings name, brought up to date and ready for use.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { lockFolder } from './folder-lock.ts';
import { migrate } from './migrate.ts';
import { openPostgres } from './postgres.ts';
import { readTemplate } from './template.ts';

export interface DatabaseSettings {
  /** A Postgres server; without it the embedded database in `folder` is used. */
  readonly url?: string | undefined;
  /** The embedded database's folder, which it has for itself until it is closed. */
  readonly folder: string;
  readonly logger: Logger;
  /** Connections to the server at most; 10 unless given. */
  readonly poolSize?: number | undefined;
}

/** Throws StartupError if the database can not be used, and then leaves nothing open behind. */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  const database = await openEither(settings);
  try {
    const applied = await migrate(database, { logger: settings.logger });
    if (applied.length > 0)
      settings.logger.info({ migrations: applied }, 'the database was brought up to date');
    return database;
  } catch (failure) {
    await database.close();
    throw failure;
  }
}

async function openEither({ url, folder, logger, poolSize }: DatabaseSettings): Promise<Database> {
  if (url !== undefined) return openPostgres(url, { logger, poolSize, applicationName: 'throughline' });
  const release = await lockFolder(folder);
  try {
    const data = join(folder, 'data');
    const from = existsSync(data) ? undefined : await readTemplate();
    return await openEmbedded(data, { logger, from, afterClose: release });
  } catch (failure) {
    await release();
    throw failure;
  }
}
