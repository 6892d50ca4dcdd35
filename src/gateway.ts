// The composition root: joins the parts into one gateway, starts them in order and stops them in reverse.
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
import { type AppApi, delegateTo } from './handlers/app/api.ts';
import { createHttpServer } from './http/server.ts';
import { openKeys } from './operations/keys.ts';
import { Webhooks } from './triggers/webhooks.ts';

export type { Config } from './config.ts';
export * from './handlers/app/module.ts';
export { errorCatalogue, type ErrorCode } from './base/errors.ts';
export { StartupError } from './database/database.ts';

/** What `createGateway` takes besides: handlers that are given in code. */
export interface GatewaySettings extends Partial<Config> {
  /** Made with `defineHandler`; they run beside those of the app folder. */
  readonly handlers?: readonly Handler[];
}

export interface GatewayParts {
  /** Where the gateway logs; made from the settings unless given. */
  readonly logger?: Logger;
  /** A database that is migrated, or is about to be; opened from the settings unless given. Closed with the gateway. */
  readonly database?: Database | Promise<Database>;
}

export interface Started {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  readonly url: string;
  /** An admin's key made just now, at the first start: the only time it can be shown. Null otherwise. */
  readonly madeKey: string | null;
}

export interface Gateway {
  /** What functions of handlers speak to: publishing, elements of the app folder. Only once it has started. */
  readonly app: AppApi;
  /** Resolves when it serves; rejects with a StartupError that says in one line what is wrong. */
  start(): Promise<Started>;
  /**
   * Resolves with the reason when the embedded database has ended by itself, as it does where its disk is full or its folder was
   * taken away: calls get DATABASE_UNAVAILABLE and `/health` answers 503 from then on. Stop this gateway and start another one;
   * nothing that was acknowledged is lost. Stays pending otherwise.
   */
  readonly failed: Promise<Error>;
  /** Takes no more, commits what was accepted, closes sockets, then the database. May be called at any time. */
  stop(): Promise<void>;
}

/** How long open calls may take to get their last answer where the database has ended, in milliseconds. */
const lastAnswersMs = 1_000;

/** A gateway with these settings; what is left out has the default of its environment variable. */
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
      if (!app) throw new Error('The gateway has not started: app is there once start() has resolved.');
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
      // Where the database has ended there is nothing left to be written.
      await releasers.releaseAll().catch((failure: unknown) => {
        if (!(failure instanceof DatabaseEnded)) throw failure;
      });
    }),
  };
}

/** A database that was given to a gateway which never started. */
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

  const report = reporterTo(logger);
  const keys = await openKeys(database, config.adminKey);
  const core = await startCore({ database, logger, report, handling: { ...config, handlers } });
  releasers.add(() => core.stop());
  const { operations, watching } = core;
  const subscriptions = new SharedSubscriptions({ schema, operations, watching, report });
  const server = createHttpServer({
    ...config,
    schema,
    subscriptions,
    logger,
    authenticator: keys,
    webhooks: new Webhooks(database, operations.sendEvent),
    // Subscriptions get their contexts from the shared executions; here nobody watches.
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
  // First of all, so that calls which wait for a job or an event are answered and do not hold up the server's stop.
  releasers.add(() => core.answerWaiting());
  return { core, url: await server.start(), madeKey: keys.madeKey };
}

function reporterTo(logger: Logger) {
  return (error: unknown, errorId: string = randomUUID()): string => {
    logger.error({ err: asError(error), errorId }, 'an unexpected error was masked');
    return errorId;
  };
}
