// The gateway without its transports: creates and starts the parts that write, read and follow the log.
import { randomUUID } from 'node:crypto';
import { once, Releasers } from './base/lifecycle.ts';
import type { Logger } from './base/logger.ts';
import type { Database } from './database/database.ts';
import { JobDispatcher } from './jobs/job-dispatcher.ts';
import { Live } from './live/live.ts';
import type { WatchFactory } from './live/watch.ts';
import { BulkDeleter } from './log/bulk-deleter.ts';
import { type CommitOptions, Commits } from './log/commits.ts';
import { ScheduledSender } from './log/scheduled-sender.ts';
import { JobWriter } from './log/job-writer.ts';
import { LogTail } from './log/tail.ts';
import { LogWriter } from './log/writer.ts';
import type { GatewayPort } from './handlers/gateway-port.ts';
import { type Declare, Handlers, type HandlerSettings, noHandlers } from './handlers/handlers.ts';
import type { Report } from './operations/events/batch.ts';
import { KnownKeys } from './operations/access/known-keys.ts';
import { createOperations } from './operations/create-operations.ts';
import type { Operations } from './operations/operations.ts';
import { eventLocationsOf } from './operations/events/event-locations.ts';
import { GatewayBus } from './operations/gateway-bus.ts';
import { internalCaller } from './operations/callers.ts';
import { createWatchFactory } from './operations/live-streams.ts';
import { SubscriptionDispatcher } from './subscriptions/subscription-dispatcher.ts';
import { DeclaredTopics } from './topics/declared-topics.ts';
import { Scheduler } from './triggers/scheduler.ts';

export interface CoreParts {
  /** Migrated, or being migrated. The core does not close it. */
  readonly database: Database;
  readonly logger: Logger;
  readonly report: Report;
  /** Omitted: no handlers run. */
  readonly handling?: HandlerSettings;
  /** Whether expired consumers and subscriptions are removed periodically. Default: true. */
  readonly sweeps?: boolean;
  /** Overrides of the writers' limits, for tests. */
  readonly writing?: Partial<CommitOptions>;
}

export interface Core {
  readonly operations: Operations;
  readonly watching: WatchFactory;
  readonly tail: LogTail;
  readonly jobs: JobDispatcher;
  readonly subscriptions: SubscriptionDispatcher;
  readonly scheduledSender: ScheduledSender;
  readonly scheduler: Scheduler;
  readonly handlers: Handlers;
  readonly keys: KnownKeys;
  /** Ends waiting calls with an empty answer and refuses new ones. */
  answerWaiting(): Promise<void>;
  /** Commits accepted writes, then stops. */
  stop(): Promise<void>;
}

/** If it fails, everything already started is stopped. */
export async function startCore(parts: CoreParts): Promise<Core> {
  const releasers = new Releasers();
  try {
    return await join(parts, releasers);
  } catch (error) {
    await releasers.releaseAll().catch(() => {});
    throw error;
  }
}

async function join(parts: CoreParts, releasers: Releasers): Promise<Core> {
  const { database, logger, report } = parts;
  const id = randomUUID();
  const live = new Live();
  const tail = tailOf(parts, id, live);
  releasers.add(() => tail.stop());
  await tail.start();

  const hint = database.kind === 'embedded' ? '' : id;
  const writing = { hint, onCommit: () => tail.wake(), ...parts.writing };
  const commits = new Commits(database, writing);
  const jobWriter = new JobWriter(commits);
  const jobs = new JobDispatcher({ database, writer: jobWriter, tail, live, logger });
  const subscriptions = new SubscriptionDispatcher({ database, tail, live, logger });
  // An embedded database has no other writers, so its topics need no polling.
  const topics = new DeclaredTopics({ database, logger, pollMs: database.kind === 'embedded' ? 0 : 30_000 });
  releasers.add(() => topics.stop());
  const keys = new KnownKeys(database, logger);
  releasers.add(() => keys.stop());
  const bus = new GatewayBus(database, id, live, logger, {
    lease: (target, ms) => jobs.wakeIn(target, ms),
    unsubscribed: (subscriptionId) => subscriptions.removed(subscriptionId),
    topics: () => topics.changed(),
    handlers: () => handlers.refresh(),
    key: (keyId) => keys.changed(keyId),
  });
  releasers.add(() => bus.stop());
  await bus.start();
  await topics.start();

  const writer = new LogWriter(commits, new BulkDeleter(database, writing));
  releasers.add(() => writer.stop());
  const scheduledSender = new ScheduledSender({ ...writing, database, logger });
  releasers.add(() => scheduledSender.stop());
  const locations = eventLocationsOf(database);
  const handlers = new Handlers({
    ...{ database, writer, jobWriter, jobs, tail, live, logger },
    ...(parts.handling ?? noHandlers),
    name: `gateway ${id}`,
    requestOf: async (eventId) => (await locations.load(eventId))?.requestId ?? null,
    onSwitched: () => bus.handlers(),
  });
  const operations = createOperations({
    ...{ database, writer, jobWriter, jobs, subscriptions, live, report, scheduledSender, topics },
    handling: handlers,
    broadcast: bus,
    onTriggerCreated: () => scheduler.wake(),
  });
  releasers.add(() => handlers.stop());
  await handlers.start(portOf(operations, logger), declarer(operations, logger));
  const scheduler = new Scheduler({ database, send: operations.sendEvent, logger });
  releasers.add(() => scheduler.stop());
  const answerWaiting = once(async () => {
    await handlers.answerWaiting();
    await Promise.all([jobs.stop(), subscriptions.stop()]);
  });
  releasers.add(answerWaiting);
  if (parts.sweeps ?? true) {
    jobs.start();
    subscriptions.start();
  }
  scheduledSender.wake();
  scheduler.wake();
  const watching = createWatchFactory(database, tail, live);
  const stop = once(() => releasers.releaseAll());
  return {
    ...{ operations, watching, tail, jobs, subscriptions, scheduledSender, scheduler, handlers, keys },
    answerWaiting,
    stop,
  };
}

/** The caller on whose behalf handlers send events. The event's history names the run as well. */
const ownCaller = internalCaller('handlers');

function portOf(operations: Operations, logger: Logger): GatewayPort {
  const send: GatewayPort['send'] = async (input) => {
    const { event, executions } = await operations.sendEvent(ownCaller, input);
    // An event that was already stored under the same hash may not be readable; then only its id is known.
    const { requestId, nodeId } = event;
    if (requestId !== undefined && nodeId !== undefined)
      return { event: { id: event.id, requestId, nodeId }, executions };
    const known = (await operations.eventsByIds([event.id], ['requestId', 'nodeId'])).get(event.id);
    return {
      event: { id: event.id, requestId: known?.requestId ?? '', nodeId: known?.nodeId ?? event.id },
      executions,
    };
  };
  return { ...operations, logger, send };
}

/** Declares the app folder's topics. A refused declaration is logged and does not affect the others. */
function declarer(operations: Operations, logger: Logger): Declare {
  return async (declarations) => {
    for (const { name, error } of await operations.declareAll(declarations, 'app folder'))
      logger.error({ topic: name }, `the declaration of topic ${name} was refused: ${error.message}`);
  };
}

function tailOf({ database, logger }: CoreParts, ownHint: string, live: Live): LogTail {
  return new LogTail(database, {
    ownHint,
    logger,
    onRow: (row) => live.publishRow(row),
    isJsonWanted: () => live.isJsonWanted,
    // An embedded database has no other writers, so its log needs no polling.
    pollMs: database.kind === 'embedded' ? 0 : 5_000,
  });
}
