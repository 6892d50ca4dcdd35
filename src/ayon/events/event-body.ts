// An event as AYON's REST API answers it, in both of its spellings.
import { badInput } from '../../base/errors.ts';
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import { hexOfId, statusName, timeText } from '../values.ts';

/** What an answer needs. */
export const answeredFields: readonly EventField[] = [
  ...(['hash', 'topic', 'sender', 'senderType', 'project', 'user', 'dependsOnId', 'status'] as const),
  ...(['retries', 'description', 'summary', 'payload', 'createdAt', 'updatedAt'] as const),
];

/** Jobs, and events that came by GraphQL without one, have their id as hash. */
export function hashOf({ id, hash }: PartialEvent): string {
  return hash ?? hexOfId(id);
}

export function eventBody(event: PartialEvent) {
  const { dependsOnId = null, status = 'PENDING', createdAt, updatedAt } = event;
  if (createdAt === undefined || updatedAt === undefined) throw badInput('The event was not read whole.');
  return {
    id: hexOfId(event.id),
    hash: hashOf(event),
    topic: event.topic ?? '',
    sender: event.sender ?? null,
    senderType: event.senderType ?? null,
    project: event.project ?? null,
    user: event.user ?? null,
    dependsOn: dependsOnId === null ? null : hexOfId(dependsOnId),
    status: statusName(status),
    retries: event.retries ?? 0,
    description: event.description ?? '',
    summary: event.summary ?? {},
    payload: event.payload ?? {},
    createdAt: timeText(createdAt),
    updatedAt: timeText(updatedAt),
  };
}

/** Queries answer names in snake_case, and leave out what is null. */
export function queriedEventBody(event: PartialEvent): object {
  const { senderType, dependsOn, createdAt, updatedAt, ...others } = eventBody(event);
  const all = {
    ...others,
    sender_type: senderType,
    depends_on: dependsOn,
    created_at: createdAt,
    updated_at: updatedAt,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}
