// The events of a chain, kept up to date: as they were read, and with the changes that came since.
import type { ChainEventFragment } from '../../../../../generated/console/graphql.ts';
import type { EventChange } from '../../../../client/client.ts';
import type { ChainEvent } from './chain-tree.ts';

export type ChainEvents = ReadonlyMap<string, ChainEvent>;

function timeOf(at: string | null): number | null {
  return at === null ? null : Date.parse(at);
}

export function toChainEvent(event: ChainEventFragment): ChainEvent {
  return {
    id: event.id,
    position: BigInt(event.position ?? 0),
    parentId: event.dependsOn?.id ?? null,
    topic: event.topic,
    status: event.status,
    nodeId: event.nodeId,
    retries: event.retries,
    createdAt: Date.parse(event.createdAt),
    sendAt: timeOf(event.sendAt),
    startedAt: timeOf(event.startedAt),
    finishedAt: timeOf(event.finishedAt),
    error: event.error,
  };
}

/** Of two versions of an event, the later one. */
export function mergeEvents(before: ChainEvents, read: readonly ChainEventFragment[]): ChainEvents {
  const after = new Map(before);
  for (const fragment of read) {
    const event = toChainEvent(fragment);
    const known = after.get(event.id);
    if (!known || known.position <= event.position) after.set(event.id, event);
  }
  return after;
}

/** What was read replaces what was known, except for what is later than all that was read. */
export function replaceEvents(before: ChainEvents, read: readonly ChainEventFragment[]): ChainEvents {
  const fresh = mergeEvents(new Map(), read);
  let end = 0n;
  for (const { position } of fresh.values()) if (position > end) end = position;
  const after = new Map(fresh);
  for (const event of before.values()) if (event.position > end) after.set(event.id, event);
  return after;
}

export interface Applied {
  readonly events: ChainEvents;
  /** Events that the changes alone do not describe: their parents, or when they will be sent. */
  readonly toRead: readonly string[];
}

export function applyChanges(before: ChainEvents, changes: readonly EventChange[]): Applied {
  const events = new Map(before);
  const toRead = new Set<string>();
  for (const { kind, position, event } of changes) {
    if (kind === 'TRANSIENT' || position === null) continue;
    const { id } = event;
    if (kind === 'DELETED') {
      events.delete(id);
      toRead.delete(id);
      continue;
    }
    const known = events.get(id);
    if (!known) toRead.add(id);
    else if (BigInt(event.position ?? position) > known.position) {
      events.set(id, changed(known, event, position));
      if (known.sendAt !== null && event.status === 'PENDING') toRead.add(id);
    }
  }
  return { events, toRead: [...toRead] };
}

function changed(known: ChainEvent, event: EventChange['event'], position: string): ChainEvent {
  return {
    ...known,
    position: BigInt(event.position ?? position),
    status: event.status,
    retries: event.retries,
    sendAt: event.status === 'PENDING' ? known.sendAt : null,
    startedAt: timeOf(event.startedAt),
    finishedAt: timeOf(event.finishedAt),
    error: event.error,
  };
}
