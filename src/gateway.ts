// The composition root: creates a gateway's parts, starts them in order and stops them in reverse order.
import { randomUUID } from 'node:crypto';
import { asError } from './base/errors.ts';
import { once, Releasers } from './base/lifecycle.ts';
import { createLogger, type Logger } from './base/logger.ts';
import { type Config, defaults } from './config.ts';
import { type Core, startCore } from './core.ts';
import { type Database, DatabaseEnded } from './database/database.ts';
import { openDatabase } from './database/open.ts';
import { createContext } from './graphql/context.ts';
import { toGraphQLError } from './graphql/errors.ts';
import { schema } from './graphql/schema.ts';
import { SharedSubscriptions } from './graphql/live/shared-subscriptions.ts';
import type { Handler } from './domain/handlers/handler.ts';
import { delegateTo } from './handlers/app/create-app-api.ts';
import type { AppApi } from './handlers/app-api.ts';
import { readTrustedDocuments } from './http/graphql/trusted-documents.ts';
import { createHttpServer } from './http/server.ts';
import { createAuthenticate } from './operations/access/authenticator.ts';
import { makeFirstKey } from './operations/access/first-key.ts';
import { Webhooks } from './triggers/webhooks.ts';

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

/** How long open calls may take to receive their last answer after the database failed, in milliseconds. */
const lastAnswersMs = 1_000;

/** Creates a gateway. Omitted settings have the defaults of their environment variables. */
export function createGateway(
  { handlers = [], ...settings }: GatewaySettings = {},
  parts: GatewayParts = {},
): Gateway {
  const config: Config = { ...defaults, ...settings };
  const releasers = new Releasers();
  let app: AppApi | undefined;
  let fail: (failure: Error) => void = () => {};
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  const start = once(async () => {
    try {
      const { core, ...started } = await compose(config, handlers, parts, releasers, fail);
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

async function compose(
  config: Config,
  handlers: readonly Handler[],
  parts: GatewayParts,
  releasers: Releasers,
  fail: (failure: Error) => void,
): Promise<Started & { core: Core }> {
  const logger = parts.logger ?? createLogger(config.logLevel);
  const database = await (parts.database ??
    openDatabase({ url: config.databaseUrl ?? undefined, folder: config.dataFolder, logger }));
  releasers.add(() => database.close());
  let isHealthy = true;

  const trustedDocuments = await readTrustedDocuments(config.trustedDocumentsFile);
  const report = reporterTo(logger);
  const { keepKey = async () => {} } = parts;
  const madeKey = config.adminKey === null ? await makeFirstKey(database, keepKey) : null;
  const core = await startCore({ database, logger, report, handling: { ...config, handlers } });
  releasers.add(() => core.stop());
  const { operations, watching } = core;
  const subscriptions = new SharedSubscriptions({ schema, operations, watching, report });
  const server = createHttpServer({
    ...config,
    schema,
    trustedDocuments,
    subscriptions,
    logger,
    authenticator: { authenticate: createAuthenticate(config.adminKey, core.keys) },
    webhooks: new Webhooks(database, operations.sendEvent),
    // Subscription contexts come from the shared executions.
    createContext: (caller) => createContext({ caller, operations, watch: watching.live(caller.name) }),
    maskError: (error) => toGraphQLError(error, report),
    healthy: () => isHealthy,
    ready: () => database.reachable(),
  });
  releasers.add(() => server.stop());
  void database.ended.then(async (failure) => {
    isHealthy = false;
    await server.settled(lastAnswersMs);
    fail(failure);
  });
  // Comes first, so that waiting calls do not delay the server's stop.
  releasers.add(() => core.answerWaiting());
  return { core, url: await server.start(), madeKey };
}

function reporterTo(logger: Logger) {
  return (error: unknown, errorId: string = randomUUID()): string => {
    logger.error(
      { err: asError(error), errorId },
      'unexpected error; the caller received INTERNAL_SERVER_ERROR',
    );
    return errorId;
  };
}
