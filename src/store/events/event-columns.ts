// SQL columns of event fields.
import { join, raw, type Sql } from 'sql-template-tag';
import type { EventField } from '../../domain/events/event.ts';

export const columns: Readonly<Record<EventField, string>> = {
  id: 'id',
  position: 'position',
  hash: 'hash',
  topic: 'topic',
  eventType: 'event_type',
  sender: 'sender',
  senderType: 'sender_type',
  project: 'project',
  user: 'user_name',
  requestId: 'request_id',
  nodeId: 'node_id',
  dependsOnId: 'depends_on',
  status: 'status',
  retries: 'retries',
  priority: 'priority',
  description: 'description',
  summary: 'summary',
  payload: 'payload',
  result: 'result',
  error: 'error',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  startedAt: 'started_at',
  finishedAt: 'finished_at',
};

/** Selects the id and the given fields: `e.id AS "id", …`. */
export function selectEvent(fields: readonly EventField[]): Sql {
  const names: EventField[] = [...new Set<EventField>(['id', ...fields])];
  return join(names.map((field) => raw(`e.${columns[field]} AS "${field}"`)));
}

/** All fields but those that may be large. */
export const lightFields: readonly EventField[] = [
  'position',
  'hash',
  'topic',
  'eventType',
  'sender',
  'senderType',
  'project',
  'user',
  'requestId',
  'nodeId',
  'dependsOnId',
  'status',
  'retries',
  'priority',
  'description',
  'createdAt',
  'updatedAt',
  'startedAt',
  'finishedAt',
];

/** The fields that filters may test. Conditions can test JSON. */
export const filterFields: readonly EventField[] = [...lightFields, 'summary', 'payload'];
