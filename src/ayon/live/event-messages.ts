// The messages that a WebSocket of AYON’s protocol gets of changes and of progress.
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import type { Located } from '../../domain/access/row-scope.ts';
import type { LiveChange } from '../../live/change.ts';
import { type EventProgress, locatedProgress } from '../../live/watch.ts';
import { hexOfId, statusName, timeText } from '../values.ts';

/** Fields of an event that a message needs and the change does not carry. */
export const messageFields: readonly EventField[] = [
  ...(['topic', 'project', 'user', 'sender', 'senderType', 'dependsOnId', 'requestId'] as const),
  ...(['status', 'description', 'summary', 'createdAt', 'updatedAt'] as const),
];

/** One text for all who want it. */
export interface EventMessage extends Located {
  readonly text: string;
}

/** Null for an event that is gone. `progress`: what came with the change. */
export function changeMessage(
  { change, filterable }: LiveChange,
  read: PartialEvent | undefined,
  progress: number | null,
): EventMessage | null {
  const { kind, status, at } = change;
  const event = kind === 'TRANSIENT' ? change.event : read;
  if (event === undefined) return null;
  // As the event was at the change, where the log keeps that; the rest is what it is now.
  const { topic, project, user, sender, requestId } = filterable;
  const own = { topic, project, user, sender, status, updatedAt: at };
  const isNew = kind === 'CREATED' || kind === 'TRANSIENT';
  return messageOf(
    { ...event, ...own, requestId },
    isNew
      ? { progress: status === 'FINISHED' ? 100 : 0, store: kind === 'CREATED' }
      : progress === null
        ? {}
        : { progress },
  );
}

export function progressMessage(item: EventProgress, event: PartialEvent): EventMessage {
  const sender = item.sender ?? event.sender ?? null;
  const description = item.description ?? event.description ?? '';
  return messageOf({ ...event, ...locatedProgress(item), sender, description }, { progress: item.progress });
}

function messageOf(
  event: PartialEvent,
  more: { readonly progress?: number; readonly store?: boolean },
): EventMessage {
  const { topic = '', project = null, requestId = '', dependsOnId = null, status = 'PENDING' } = event;
  const { createdAt = new Date(0), updatedAt = new Date(0) } = event;
  const text = JSON.stringify({
    id: hexOfId(event.id),
    topic,
    project,
    user: event.user ?? null,
    dependsOn: dependsOnId === null ? null : hexOfId(dependsOnId),
    description: event.description ?? '',
    summary: event.summary ?? {},
    status: statusName(status),
    ...(more.progress !== undefined && { progress: more.progress }),
    sender: event.sender ?? null,
    senderType: event.senderType ?? null,
    ...(more.store !== undefined && { store: more.store }),
    createdAt: timeText(createdAt),
    updatedAt: timeText(updatedAt),
  });
  return { topic, project, requestId, text };
}
