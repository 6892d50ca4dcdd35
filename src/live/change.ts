// Converts a row of the log into the change that watchers receive, with the fields that filters test.
import type { EventRecord, LogEntry, PartialEvent } from '../domain/events/event.ts';
import type { Filterable } from '../domain/conditions/checked-filter.ts';
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
  const { position, kind, status, at, attempt } = entry;
  const change = { position, kind, status, at, event: event ? withoutJson(event) : tombstone(entry) };
  return { change, filterable: filterableOf(entry, event), attempt };
}

/** What was read for filters is not kept until a watcher has its change: that would be much, and old by then. */
function withoutJson(event: PartialEvent): PartialEvent {
  if (event.summary === undefined && event.payload === undefined) return event;
  const { summary: _summary, payload: _payload, ...light } = event;
  return light;
}

/** One literal: put together of several objects it takes many times as long, and there is one for every change. */
function filterableOf(entry: LogEntry, event: PartialEvent | null): Filterable {
  return {
    id: entry.eventId,
    hash: event?.hash ?? null,
    topic: entry.topic,
    eventType: event?.eventType ?? normal,
    sender: entry.sender,
    senderType: event?.senderType ?? null,
    project: entry.project,
    user: entry.user,
    requestId: entry.requestId,
    nodeId: event?.nodeId ?? entry.nodeId,
    dependsOnId: event?.dependsOnId ?? null,
    status: entry.status,
    retries: event?.retries ?? 0,
    description: event?.description ?? '',
    summary: event?.summary ?? {},
    payload: event?.payload ?? {},
    createdAt: event?.createdAt ?? entry.at,
    updatedAt: event?.updatedAt ?? entry.at,
    startedAt: event?.startedAt ?? null,
    finishedAt: event?.finishedAt ?? null,
  };
}

export function changeOfTransient(event: EventRecord): LiveChange {
  return {
    change: { position: null, kind: 'TRANSIENT', status: event.status, at: event.createdAt, event },
    filterable: event,
    attempt: null,
  };
}

const normal = 'events.NormalType';

/** What the log still knows of a deleted event; the rest is empty. */
function tombstone(entry: LogEntry): EventRecord {
  return {
    id: entry.eventId,
    position: entry.position,
    hash: null,
    topic: entry.topic,
    eventType: normal,
    sender: entry.sender,
    senderType: null,
    project: entry.project,
    user: entry.user,
    requestId: entry.requestId,
    nodeId: entry.nodeId,
    dependsOnId: null,
    status: entry.status,
    retries: 0,
    priority: 0,
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
