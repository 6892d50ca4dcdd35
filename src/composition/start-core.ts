// The gateway without its transports: creates the parts that write, read and follow the log, then starts them in order.
import { randomUUID } from 'node:crypto';
import { once, Releasers } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import type { Database } from '../database/database.ts';
import { readSendInput } from '../graphql/event/read-send-input.ts';
import { Handlers, type HandlerSettings, noHandlers } from '../handlers/handlers.ts';
import { JobDispatcher } from '../jobs/job-dispatcher.ts';
import type { CommitOptions } from '../log/commits.ts';
import { KnownKeys } from '../operations/access/known-keys.ts';
import type { Report } from '../operations/events/batch.ts';
import { eventLocationsOf } from '../operations/events/event-locations.ts';
import { GatewayPresence } from '../operations/figures/gateway-presence.ts';
import { GatewayBus } from '../operations/gateway-bus.ts';
import { createWatchFactory } from '../operations/live-streams.ts';
import { OutboxMover } from '../outbox/outbox-mover.ts';
import { SubscriptionDispatcher } from '../subscriptions/subscription-dispatcher.ts';
import { DeclaredTopics } from '../topics/declared-topics.ts';
import { Scheduler } from '../triggers/scheduler.ts';
import manifest from '../../package.json' with { type: 'json' };
import { createLog } from './create-log.ts';
import { createOperations } from './create-operations.ts';

export interface CoreParts {
  /** Migrated, or being migrated. The core does not close it. */
  readonly database: Database;
  readonly logger: Logger;
  readonly report: Report;
  /** Omitted: no handlers run. */
  readonly handling?: HandlerSettings;
  /** Whether expired consumers and subscriptions are removed periodically. Default: true. */
  readonly sweeps?: boolean;
  /** The clock of schedules, for tests. Default: the machine's. */
  readonly now?: (() => number) | undefined;
  /** Overrides of the writers' limits, for tests. */
  readonly writing?: Partial<CommitOptions>;
}

export interface Core extends ReturnType<typeof createParts> {
  /** Ends waiting calls with an empty answer and refuses new ones. */
  answerWaiting(): Promise<void>;
  /** Commits accepted writes, then stops. */
  stop(): Promise<void>;
}

/** If it fails, everything already started is stopped. */
export async function startCore(given: CoreParts): Promise<Core> {
  const parts = createParts(given);
  const { tail, counter, retention, topics, keys, bus, writer, scheduledSender, handlers, scheduler } = parts;
  const { jobs, subscriptions, outbox, presence } = parts;
  const answerWaiting = once(async () => {
    await handlers.answerWaiting();
    await Promise.all([jobs.stop(), subscriptions.stop()]);
  });
  const releasers = new Releasers();
  try {
    releasers.add(() => counter.stop());
    releasers.add(() => retention.stop());
    releasers.add(() => tail.stop());
    await tail.start();
    releasers.add(() => topics.stop());
    releasers.add(() => keys.stop());
    releasers.add(() => bus.stop());
    // Listens before the declarations are read, so that none is missed.
    await bus.start();
    await topics.start();
    releasers.add(() => writer.stop());
    releasers.add(() => scheduledSender.stop());
    releasers.add(() => handlers.stop());
    await handlers.start(parts.operations);
    releasers.add(() => scheduler.stop());
    releasers.add(() => outbox.stop());
    await outbox.start();
    releasers.add(() => presence.stop());
    releasers.add(answerWaiting);
  } catch (error) {
    await releasers.releaseAll().catch(() => {});
    throw error;
  }
  if (given.sweeps ?? true) {
    counter.start();
    retention.start();
    presence.start();
    jobs.start();
    subscriptions.start();
  }
  scheduledSender.wake();
  scheduler.wake();
  return { ...parts, answerWaiting, stop: once(() => releasers.releaseAll()) };
}

/** Nothing of it runs yet. */
function createParts({ database, logger, report, handling = noHandlers, writing, now }: CoreParts) {
  const gatewayId = randomUUID();
  const log = createLog({ database, logger, gatewayId, writing });
  const { live, tail, writer, jobWriter, scheduledSender, purger } = log;
  const jobs = new JobDispatcher({ database, writer: jobWriter, tail, live, logger });
  const subscriptions = new SubscriptionDispatcher({ database, tail, live, logger });
  // An embedded database has no other gateway that declares topics.
  const topics = new DeclaredTopics({ database, logger, pollMs: database.kind === 'embedded' ? 0 : 30_000 });
  const keys = new KnownKeys(database, logger);
  const bus = new GatewayBus(database, gatewayId, live, logger, {
    lease: (target, ms) => jobs.wakeIn(target, ms),
    unsubscribed: (subscriptionId) => subscriptions.removed(subscriptionId),
    topics: () => topics.changed(),
    handlers: () => handlers.refresh(),
    consumer: (id) => jobs.consumerChanged(id),
    key: (keyId) => keys.changed(keyId),
  });
  const presence = new GatewayPresence({ database, logger, id: gatewayId, version: manifest.version });
  const locations = eventLocationsOf(database);
  const handlers = new Handlers({
    ...{ database, writer, jobWriter, jobs, tail, live, logger },
    ...handling,
    name: `gateway ${gatewayId}`,
    requestOf: async (eventId) => (await locations.load(eventId))?.requestId ?? null,
    onSwitched: () => bus.handlers(),
  });
  const operations = createOperations({
    ...{ database, writer, jobWriter, jobs, subscriptions, live, tail, report, scheduledSender, topics },
    ...{ presence, purger },
    handling: handlers,
    broadcast: bus,
    onTriggerCreated: () => scheduler.wake(),
  });
  const scheduler = new Scheduler({ database, send: operations.sendEvent, logger, ...(now && { now }) });
  const outbox = new OutboxMover({ database, send: operations.sendAll, readInput: readSendInput, logger });
  const watching = createWatchFactory(database, tail, live);
  return {
    ...log,
    jobs,
    subscriptions,
    topics,
    keys,
    bus,
    presence,
    handlers,
    operations,
    scheduler,
    outbox,
    watching,
  };
}
