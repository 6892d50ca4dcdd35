// The operations of a gateway: each use case with the parts that it needs.
import { pauseIfDue } from '../base/time-slices.ts';
import type { Database } from '../database/database.ts';
import type { Live } from '../live/live.ts';
import { locatedProgress } from '../live/watch.ts';
import { isWithin, type RowScope } from '../domain/access/row-scope.ts';
import type { JobDispatcher } from '../jobs/job-dispatcher.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogTail } from '../log/tail.ts';
import type { LogWriter } from '../log/writer.ts';
import type { SubscriptionDispatcher } from '../subscriptions/subscription-dispatcher.ts';
import type { DeclaredTopics } from '../topics/declared-topics.ts';
import { createConsumerOperations } from '../operations/consumers.ts';
import { createKeyOperations } from '../operations/access/keys.ts';
import { createEventQueries } from '../operations/events/event-queries.ts';
import type { Report } from '../operations/events/batch.ts';
import { type BulkParts, changeAll, deleteAll } from '../operations/events/bulk.ts';
import {
  type ChangeParts,
  deleteEvent,
  type ProgressTarget,
  updateEvent,
  updateEvents,
} from '../operations/events/update.ts';
import type { GatewayBus } from '../operations/gateway-bus.ts';
import { createHandlerOperations } from '../operations/handlers.ts';
import type { Handling } from '../operations/handler-port.ts';
import { createLeaseCheck, enroll, extendLease, releaseJob } from '../operations/jobs.ts';
import type { Operations, SendBatchOutcome } from '../operations/operations.ts';
import { pushJobs } from '../operations/pushed-jobs.ts';
import { type Sending, type SendParts, sendAll, sendEvent, sendEvents } from '../operations/events/send.ts';
import { eventLocationsOf } from '../operations/events/event-locations.ts';
import { createFigureOperations, type FigureParts } from '../operations/figures/figures.ts';
import { createRetentionOperations, type RetentionParts } from '../operations/figures/retention.ts';
import { createOutboxOperations } from '../operations/outbox.ts';
import { createSubscriptionOperations } from '../operations/subscriptions.ts';
import { createTopicOperations } from '../operations/topics.ts';
import { createTriggerOperations } from '../operations/triggers.ts';
import { verifyFilter } from '../operations/events/verify-filter.ts';

export interface OperationsParts {
  readonly presence: FigureParts['presence'];
  readonly purger: RetentionParts['purger'];
  readonly database: Database;
  readonly writer: LogWriter;
  readonly jobWriter: JobWriter;
  readonly jobs: JobDispatcher;
  readonly subscriptions: SubscriptionDispatcher;
  readonly live: Live;
  readonly tail: LogTail;
  /** Carries transient messages to subscribers of this and the other gateways. */
  readonly broadcast: Pick<
    GatewayBus,
    'event' | 'progress' | 'lease' | 'unsubscribed' | 'topics' | 'key' | 'consumer'
  >;
  readonly report: Report;
  /** Publishes scheduled events; woken when one is accepted or moved. */
  readonly scheduledSender: { wake(): void };
  readonly topics: DeclaredTopics;
  readonly handling: Handling;
  /** Called for each trigger that is created at this gateway. */
  readonly onTriggerCreated?: () => void;
}

/** What only the gateway itself uses. */
export interface OwnOperations {
  /** Sends a batch of events, each with its own caller. */
  sendAll(name: string, sendings: readonly Sending[]): Promise<SendBatchOutcome>;
}

export function createOperations(parts: OperationsParts): Operations & OwnOperations {
  const { database, writer, live, broadcast, report, topics, handling } = parts;
  const locations = eventLocationsOf(database);
  const placeOf = async (id: string, rows: RowScope | null = null): Promise<ProgressTarget | null> => {
    const known = live.lastProgress(id);
    // Its project may have changed since.
    const target = known && !rows?.projects ? { id, ...locatedProgress(known) } : await locations.load(id);
    return target !== null && isWithin(rows, target) ? target : null;
  };
  const send: SendParts = {
    ...parts,
    requestOf: async (id, rows) => (await placeOf(id, rows))?.requestId ?? null,
    checkTopic: (draft) => topics.check(draft.topic, draft),
  };
  const change: ChangeParts = {
    writer,
    report,
    progressTarget: placeOf,
    checkTopic: (patch, rows) => {
      if ((patch.summary ?? patch.payload) === null || !topics.any) return null;
      return locations.load(patch.id).then(async (place) => {
        await pauseIfDue();
        if (place !== null && isWithin(rows, place)) topics.check(place.topic, patch);
      });
    },
    checkLease: createLeaseCheck(database),
    broadcastProgress: ({ position, isChange, sender, ...target }, progress, description) => {
      const version = { position: position === null ? null : String(position), isChange, sender };
      const { id: eventId, requestId, topic, project } = target;
      const place = { eventId, requestId, topic, project };
      broadcast.progress({ ...place, ...version, progress, description, at: new Date() });
    },
    noteProgress: (position, progress) => position !== null && live.noteProgress(position, progress),
  };
  const bulk: BulkParts = { database, writer };
  return {
    sendEvent: (caller, input, options = {}) => sendEvent(send, caller, input, options),
    sendEvents: (caller, inputs) => sendEvents(send, caller, inputs),
    sendAll: (name, sendings) => sendAll(send, name, sendings),
    updateEvent: (caller, input, options) => updateEvent(change, caller, input, options),
    updateEvents: (caller, inputs) => updateEvents(change, caller, inputs),
    deleteEvent: (caller, id) => deleteEvent(change, caller, id),
    restartEvents: (caller, filter, dryRun) => changeAll(bulk, caller, 'RESTARTED', filter, dryRun),
    abortEvents: (caller, filter, dryRun) => changeAll(bulk, caller, 'ABORTED', filter, dryRun),
    deleteEvents: (caller, filter, dryRun) => deleteAll(bulk, caller, filter, dryRun),
    enroll: (caller, input, count, room) => enroll(parts, caller, input, count, room),
    pushJobs: (caller, request) => pushJobs(parts, caller, request),
    extendLease: (eventId, attempt, leaseMs, caller) =>
      extendLease(parts, { eventId, attempt, leaseMs }, caller),
    releaseJob: (caller, eventId, attempt) => releaseJob(parts, caller, eventId, attempt),
    ...createConsumerOperations(parts),
    ...createSubscriptionOperations(parts),
    ...createHandlerOperations(database, handling),
    ...createOutboxOperations(database),
    ...createFigureOperations(parts),
    ...createRetentionOperations(parts),
    ...createTopicOperations(database, topics, () => broadcast.topics()),
    ...createTriggerOperations(database, handling, parts.onTriggerCreated ?? (() => {})),
    ...createKeyOperations({ database, onChanged: (id) => broadcast.key(id) }),
    ...createEventQueries(database),
    progressOf: (id, rows = null) => {
      const item = live.lastProgress(id);
      return item !== null && isWithin(rows, locatedProgress(item)) ? item.progress : null;
    },
    verifyFilter,
  };
}
