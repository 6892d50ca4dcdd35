// Opens and migrates the database that the settings name.
import { join } from 'node:path';
import { asError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { refuseForeignFiles } from './embedded/data-folder.ts';
import { type Database, DatabaseUnavailable, StartupError, StorageFull } from './database.ts';
import { openEmbedded } from './embedded/embedded.ts';
import { lockFolder } from './embedded/folder-lock.ts';
import { migrate } from './migrations/migrate.ts';
import { openPostgres } from './postgres/postgres.ts';
import { readTemplate } from './embedded/template.ts';

export interface DatabaseSettings {
  /** A Postgres server. Default: the embedded database in `folder`. */
  readonly url?: string | undefined;
  /** The embedded database's folder, locked until the database is closed. */
  readonly folder: string;
  readonly logger: Logger;
  /** Connections to the server. Default: 10. */
  readonly poolSize?: number | undefined;
}

/** Throws StartupError if the database cannot be used, and then leaves nothing open. */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  const database = await openUnmigrated(settings);
  try {
    const applied = await migrate(database, { logger: settings.logger });
    if (applied.length > 0) settings.logger.info({ migrations: applied }, 'the database was migrated');
    return database;
  } catch (failure) {
    await database.close();
    throw failure instanceof StartupError ? failure : unusable(database, failure);
  }
}

/** A damaged database or a full disk is a StartupError; anything else is a fault of the program. */
function unusable(database: Database, failure: unknown): unknown {
  const isUnavailable = failure instanceof DatabaseUnavailable && failure.cause !== undefined;
  const { code = '', message } = asError(isUnavailable ? failure.cause : failure) as Error & {
    code?: string;
  };
  const isOfServer = failure instanceof DatabaseUnavailable || failure instanceof StorageFull;
  if (!isOfServer && !/^(58|XX)...$/.test(code)) return failure;
  const place = database.kind === 'embedded' ? 'the embedded database' : 'the database';
  return new StartupError(`${place} cannot be migrated: ${message}`, { cause: failure });
}

/** For a look at a database as it is. Throws StartupError if it cannot be used. */
export async function openUnmigrated({ url, folder, logger, poolSize }: DatabaseSettings): Promise<Database> {
  if (url !== undefined) return openPostgres(url, { logger, poolSize, applicationName: 'throughline' });
  const lost = new AbortController();
  const lock = await lockFolder(folder, { onLost: (reason) => lost.abort(reason) });
  try {
    await refuseForeignFiles(folder);
    return await openEmbedded(join(folder, 'data'), {
      logger,
      from: () => readTemplate(),
      lost: lost.signal,
      afterClose: lock.release,
    });
  } catch (failure) {
    await lock.release();
    throw failure;
  }
}
