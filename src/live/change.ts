// From a row of the log to the change that watchers see, and what filters look at in it.
import type { EventRecord, LogEntry, PartialEvent } from '../domain/event.ts';
import type { Filterable } from '../domain/event-filter.ts';
import type { EventChange } from './watch.ts';

/** A change on its way to watchers, with what selects it: as it was at the change, where the log keeps that. */
export interface LiveChange {
  readonly change: EventChange;
  readonly filterable: Filterable;
  /** Of the worker that made it; null where no worker did. */
  readonly attempt: number | null;
}

/** `event` is what the event is now; null where it has been deleted since. */
export function changeOfEntry(entry: LogEntry, event: PartialEvent | null): LiveChange {
  const { position, kind, status, at, topic, requestId, project, user, sender } = entry;
  const logged = { status, topic, requestId, project, user, sender };
  return {
    change: { position, kind, status, at, event: event ? withoutJson(event) : tombstone(entry) },
    filterable: { ...tombstone(entry), ...event, ...logged },
    attempt: entry.attempt,
  };
}

/** What was read for filters is not kept until a watcher has its change: that would be much, and old by then. */
function withoutJson({ summary: _summary, payload: _payload, ...event }: PartialEvent): PartialEvent {
  return event;
}

export function changeOfTransient(event: EventRecord): LiveChange {
  return {
    change: { position: null, kind: 'TRANSIENT', status: event.status, at: event.createdAt, event },
    filterable: event,
    attempt: null,
  };
}

/** What the log still knows of a deleted event; the rest is empty. */
function tombstone(entry: LogEntry): EventRecord {
  return {
    id: entry.eventId,
    position: entry.position,
    hash: null,
    topic: entry.topic,
    eventType: 'events.NormalType',
    sender: entry.sender,
    senderType: null,
    project: entry.project,
    user: entry.user,
    requestId: entry.requestId,
    nodeId: entry.nodeId,
    dependsOnId: null,
    status: entry.status,
    retries: 0,
    description: '',
    summary: {},
    payload: {},
    result: null,
    error: null,
    createdAt: entry.at,
    updatedAt: entry.at,
    startedAt: null,
    finishedAt: null,
  };
}
