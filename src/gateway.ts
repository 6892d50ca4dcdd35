// The composition root: joins the parts into one gateway, starts them in order and stops them in reverse.
import { randomUUID } from 'node:crypto';
import { asError } from './base/errors.ts';
import { once, Releasers } from './base/lifecycle.ts';
import { createLogger, type Logger } from './base/logger.ts';
import { type Config, defaults } from './config.ts';
import type { Database } from './database/database.ts';
import { openDatabase } from './database/open.ts';
import { createContext } from './graphql/context.ts';
import { toGraphQLError } from './graphql/errors.ts';
import { schema } from './graphql/schema.ts';
import { SharedSubscriptions } from './graphql/shared-subscriptions.ts';
import { createHttpServer } from './http/server.ts';
import { Enrolling } from './jobs/enrolling.ts';
import { Live } from './live/live.ts';
import { JobWriter } from './log/job-writer.ts';
import { LogTail } from './log/tail.ts';
import { LogWriter } from './log/writer.ts';
import { createOperations } from './operations/create-operations.ts';
import { openKeys } from './operations/keys.ts';
import { Relay } from './operations/relay.ts';
import { createWatchFactory } from './operations/watching.ts';
import { Consuming } from './subscriptions/consuming.ts';
import { Ticker } from './triggers/ticker.ts';
import { Webhooks } from './triggers/webhooks.ts';

export type { Config } from './config.ts';
export { errorCatalogue, type ErrorCode, ThroughlineError } from './base/errors.ts';
export { StartupError } from './database/database.ts';

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
  /** Resolves when it serves; rejects with a StartupError that says in one line what is wrong. */
  start(): Promise<Started>;
  /** Takes no more, commits what was accepted, closes sockets, then the database. May be called at any time. */
  stop(): Promise<void>;
}

/** A gateway with these settings; what is left out has the default of its environment variable. */
export function createGateway(settings: Partial<Config> = {}, parts: GatewayParts = {}): Gateway {
  const config: Config = { ...defaults, ...settings };
  const releasers = new Releasers();
  const start = once(async () => {
    try {
      return await compose(config, parts, releasers);
    } catch (error) {
      await releasers.releaseAll().catch(() => {});
      throw error;
    }
  });
  let starting: Promise<unknown> | undefined;
  return {
    start: () => {
      const started = start();
      starting = started;
      return started;
    },
    stop: once(async () => {
      if (!starting) await closeUnused(parts.database);
      await starting?.catch(() => {});
      await releasers.releaseAll();
    }),
  };
}

/** A database that was given to a gateway which never started. */
async function closeUnused(given: GatewayParts['database']): Promise<void> {
  const database = await Promise.resolve(given).catch(() => undefined);
  await database?.close();
}

async function compose(config: Config, parts: GatewayParts, releasers: Releasers): Promise<Started> {
  const logger = parts.logger ?? createLogger(config.logLevel);
  const database = await (parts.database ??
    openDatabase({ url: config.databaseUrl ?? undefined, folder: config.dataFolder, logger }));
  releasers.add(() => database.close());

  const gatewayId = randomUUID();
  const live = new Live();
  const tail = tailOf(database, gatewayId, live, logger);
  releasers.add(() => tail.stop());
  await tail.start();

  const writing = { hint: database.kind === 'embedded' ? '' : gatewayId, onCommit: () => tail.wake() };
  const jobWriter = new JobWriter(database, writing);
  releasers.add(() => jobWriter.stop());
  const enrolling = new Enrolling({ database, writer: jobWriter, tail, live, logger });

  const consuming = new Consuming({ database, tail, live, logger });
  const relay = new Relay(
    database,
    gatewayId,
    live,
    logger,
    (target, ms) => enrolling.wakeIn(target, ms),
    (id) => consuming.gone(id),
  );
  releasers.add(() => relay.stop());
  await relay.start();

  const writer = new LogWriter(database, writing);
  releasers.add(() => writer.stop());

  const report = reporterTo(logger);
  const keys = await openKeys(database, config.adminKey);
  enrolling.start();
  consuming.start();
  const operations = createOperations({
    database,
    writer,
    jobWriter,
    enrolling,
    consuming,
    live,
    broadcast: relay,
    report,
    onTriggerCreated: () => ticker.wake(),
  });
  const ticker = new Ticker({ database, send: operations.sendEvent, logger });
  releasers.add(() => ticker.stop());
  ticker.wake();
  const watching = createWatchFactory(database, tail, live);
  const subscriptions = new SharedSubscriptions({ schema, operations, watching, report });
  const server = createHttpServer({
    ...config,
    schema,
    subscriptions,
    logger,
    authenticator: keys,
    webhooks: new Webhooks(database, operations.sendEvent),
    // Subscriptions get their contexts from the shared executions; here nobody watches.
    createContext: (caller) => createContext({ caller, operations, watch: watching.live() }),
    maskError: (error) => toGraphQLError(error, report),
    ready: () => database.reachable(),
  });
  releasers.add(() => server.stop());
  // First of all, so that calls which wait for a job or an event are answered and do not hold up the server's stop.
  releasers.add(() => enrolling.stop());
  releasers.add(() => consuming.stop());
  return { url: await server.start(), madeKey: keys.madeKey };
}

function tailOf(database: Database, gatewayId: string, live: Live, logger: Logger): LogTail {
  return new LogTail(database, {
    ownHint: gatewayId,
    logger,
    onRows: (rows) => live.publishRows(rows),
    isJsonWanted: () => live.isJsonWanted,
    // Nobody else writes to an embedded database.
    pollMs: database.kind === 'embedded' ? 0 : 5_000,
  });
}

function reporterTo(logger: Logger) {
  return (error: unknown, errorId: string = randomUUID()): string => {
    logger.error({ err: asError(error), errorId }, 'an unexpected error was masked');
    return errorId;
  };
}
