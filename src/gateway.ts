// The public API of the package: creates a gateway, starts it and stops it.
import { once, Releasers } from './base/lifecycle.ts';
import { createLogger, type Logger } from './base/logger.ts';
import { startServer } from './composition/start-server.ts';
import { type Config, defaults } from './config.ts';
import { type Database, DatabaseEnded } from './database/database.ts';
import { openDatabase } from './database/open.ts';
import type { Handler } from './domain/handlers/handler.ts';
import type { AppApi } from './handlers/app-api.ts';
import { delegateTo } from './handlers/app/create-app-api.ts';

export type { Config } from './config.ts';
export * from './handlers/app/module.ts';
export { errorCatalogue, type ErrorCode } from './base/errors.ts';
export { StartupError } from './database/database.ts';

/** Settings for `createGateway`: the environment's, plus handlers defined in code. */
export interface GatewaySettings extends Partial<Config> {
  /** Created with `defineHandler`. They run in addition to those of the app folder. */
  readonly handlers?: readonly Handler[];
}

export interface GatewayParts {
  /** Created from the settings by default. */
  readonly logger?: Logger;
  /** A database that is migrated or being migrated. Opened from the settings by default. Closed with the gateway. */
  readonly database?: Database | Promise<Database>;
  /** Stores the admin key of a first start, before it exists; if it rejects, there is none, and the start fails. */
  readonly keepKey?: (secret: string) => Promise<void>;
}

export interface Started {
  /** The gateway's address, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** The admin key, if it was created at this start. It cannot be shown again. */
  readonly madeKey: string | null;
}

export interface Gateway {
  /** The API for handlers: publishing, elements of the app folder. Available after `start()`. */
  readonly app: AppApi;
  /** Resolves when the gateway accepts requests. Rejects with a StartupError whose message is one line. */
  start(): Promise<Started>;
  /**
   * Resolves with the cause if the embedded database fails, for example because its disk is full or its folder was
   * removed. Calls then get DATABASE_UNAVAILABLE, and `/health` answers 503. Stop this gateway and start another:
   * acknowledged writes are not lost. Otherwise stays pending.
   */
  readonly failed: Promise<Error>;
  /** Drains: refuses new work, commits accepted writes, closes sockets, then the database. May be called at any time. */
  stop(): Promise<void>;
}

/** Creates a gateway. Omitted settings have the defaults of their environment variables. */
export function createGateway(
  { handlers = [], ...settings }: GatewaySettings = {},
  parts: GatewayParts = {},
): Gateway {
  const config = { ...defaults, ...settings, handlers };
  const releasers = new Releasers();
  let app: AppApi | undefined;
  let fail: (failure: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  const start = once(async () => {
    try {
      const logger = parts.logger ?? createLogger(config.logLevel);
      const database = await (parts.database ??
        openDatabase({
          url: config.databaseUrl ?? undefined,
          folder: config.dataFolder,
          poolSize: config.databasePool,
          logger,
        }));
      releasers.add(() => database.close());
      const { core, ...started } = await startServer({
        config,
        database,
        logger,
        keepKey: parts.keepKey,
        releasers,
        onFailure: fail,
      });
      app = delegateTo(() => core.handlers.app.api);
      return started;
    } catch (error) {
      await releasers.releaseAll().catch(() => {});
      throw error;
    }
  });
  let starting: Promise<unknown> | undefined;
  return {
    get app() {
      if (!app) throw new Error('The gateway has not started. app is available after start() has resolved.');
      return app;
    },
    failed,
    start: () => {
      const started = start();
      starting = started;
      return started;
    },
    stop: once(async () => {
      if (!starting) await closeUnused(parts.database);
      await starting?.catch(() => {});
      // After a database failure there is nothing left to commit.
      await releasers.releaseAll().catch((failure: unknown) => {
        if (!(failure instanceof DatabaseEnded)) throw failure;
      });
    }),
  };
}

/** Closes the database of a gateway that was never started. */
async function closeUnused(given: GatewayParts['database']): Promise<void> {
  const database = await Promise.resolve(given).catch(() => undefined);
  await database?.close();
}
