// Joins the use-cases to the parts they stand on.
import { pauseIfDue } from '../base/time-slices.ts';
import type { Database } from '../database/database.ts';
import type { EventRecord } from '../domain/events/event.ts';
import type { Live } from '../live/live.ts';
import type { EventProgress } from '../live/watch.ts';
import type { JobDispatcher } from '../jobs/job-dispatcher.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { LogWriter } from '../log/writer.ts';
import type { SubscriptionDispatcher } from '../subscriptions/subscription-dispatcher.ts';
import { moveScheduled } from '../store/events/scheduled-events.ts';
import { isDeclaredTopic, readDeclared } from '../store/control/topic-administration.ts';
import type { DeclaredTopics } from '../topics/declared-topics.ts';
import { createKeyOperations } from './access/keys.ts';
import { createEventQueries } from './events/event-queries.ts';
import type { Report } from './events/batch.ts';
import { type BulkParts, changeAll, deleteAll } from './events/bulk.ts';
import {
  type ChangeParts,
  deleteEvent,
  type ProgressTarget,
  updateEvent,
  updateEvents,
} from './events/update.ts';
import { createHandlerOperations } from './handlers.ts';
import type { Handling } from './handler-port.ts';
import { createLeaseCheck, enroll, extendLease, releaseJob } from './jobs.ts';
import type { Operations } from './operations.ts';
import { type SendParts, sendEvent, sendEvents } from './events/send.ts';
import { eventLocationsOf } from './events/event-locations.ts';
import { createSubscriptionOperations } from './subscriptions.ts';
import { createTopicOperations } from './topics.ts';
import { createTriggerOperations } from './triggers.ts';

export interface OperationsParts {
  readonly database: Database;
  readonly writer: LogWriter;
  readonly jobWriter: JobWriter;
  readonly jobs: JobDispatcher;
  readonly subscriptions: SubscriptionDispatcher;
  readonly live: Live;
  /** Carries what is not stored to watchers here and at other gateways. */
  readonly broadcast: {
    event(event: EventRecord): void;
    progress(item: EventProgress): void;
    lease(target: string, ms: number): void;
    unsubscribed(id: string): void;
    topics(): void;
    /** Resolves when the change is in effect at this gateway. */
    key(id: string): Promise<void>;
  };
  readonly report: Report;
  /** Sends what is held back; told that there is something new to be sent later. */
  readonly scheduledSender: { wake(): void };
  readonly topics: DeclaredTopics;
  readonly handling: Handling;
  /** Told of each trigger that is made here. */
  readonly onTriggerCreated?: () => void;
}

export function createOperations(parts: OperationsParts): Operations {
  const { database, writer, live, broadcast, report, topics, handling } = parts;
  const locations = eventLocationsOf(database);
  const placeOf = async (id: string): Promise<ProgressTarget | null> => {
    const known = live.lastProgress(id);
    return known ? { id, requestId: known.requestId ?? '', topic: known.topic } : locations.load(id);
  };
  const send: SendParts = {
    database,
    writer,
    report,
    handling,
    broadcast: (event) => broadcast.event(event),
    requestOf: async (id) => (await placeOf(id))?.requestId ?? null,
    checkTopic: (draft) => topics.check(draft.topic, draft),
    offer: (topic, event, bytes) => parts.jobs.offer(topic, event, bytes),
    held: {
      wake: () => parts.scheduledSender.wake(),
      move: (id, sendAt, status) => moveScheduled(database, id, sendAt, status),
    },
  };
  const change: ChangeParts = {
    writer,
    report,
    progressTarget: placeOf,
    checkTopic: (patch) => {
      if ((patch.summary ?? patch.payload) === null || !topics.any) return null;
      return locations.load(patch.id).then(async (place) => {
        await pauseIfDue();
        if (place !== null) topics.check(place.topic, patch);
      });
    },
    checkLease: createLeaseCheck(database),
    broadcastProgress: ({ id, requestId, topic }, progress, description) =>
      broadcast.progress({ eventId: id, requestId, topic, progress, description, at: new Date() }),
  };
  const bulk: BulkParts = { database, writer };
  return {
    sendEvent: (caller, input, options = {}) => sendEvent(send, caller, input, options),
    sendEvents: (caller, inputs) => sendEvents(send, caller, inputs),
    updateEvent: (caller, input) => updateEvent(change, caller, input),
    updateEvents: (caller, inputs) => updateEvents(change, caller, inputs),
    deleteEvent: (caller, id) => deleteEvent(change, caller, id),
    restartEvents: (caller, filter, dryRun) => changeAll(bulk, caller, 'RESTARTED', filter, dryRun),
    abortEvents: (caller, filter, dryRun) => changeAll(bulk, caller, 'ABORTED', filter, dryRun),
    deleteEvents: (caller, filter, dryRun) => deleteAll(bulk, caller, filter, dryRun),
    enroll: (caller, input, count, room) => enroll(parts, caller, input, count, room),
    extendLease: (eventId, attempt, leaseMs) => extendLease(parts, eventId, attempt, leaseMs),
    releaseJob: (caller, eventId, attempt) => releaseJob(parts, caller, eventId, attempt),
    ...createSubscriptionOperations({
      ...parts,
      isDeclared: async (name) => handling.has(name) || (await isDeclaredTopic(database, name)),
      declaredNames: () => declaredNames(database, handling),
    }),
    ...createHandlerOperations(database, handling),
    ...createTopicOperations(database, topics, () => broadcast.topics()),
    ...createTriggerOperations(database, handling, parts.onTriggerCreated ?? (() => {})),
    ...createKeyOperations({ database, onChanged: (id) => broadcast.key(id) }),
    ...createEventQueries(database),
    progressOf: (id) => live.lastProgress(id)?.progress ?? null,
  };
}

/** What may have been meant by a source that is not known: these among others. */
async function declaredNames(database: Database, handling: Handling): Promise<string[]> {
  const topics = await readDeclared(database, '', 1_000);
  return [...handling.list().map(({ fullName }) => fullName), ...topics.map(({ name }) => name)];
}
