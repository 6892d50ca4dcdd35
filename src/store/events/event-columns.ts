// How the fields of an event are called in SQL.
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

/** `e.id AS "id", …` for the id and the fields given, and no others. */
export function selectEvent(fields: readonly EventField[]): Sql {
  const names: EventField[] = [...new Set<EventField>(['id', ...fields])];
  return join(names.map((field) => raw(`e.${columns[field]} AS "${field}"`)));
}

/** All but what may be large. */
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
  'description',
  'createdAt',
  'updatedAt',
  'startedAt',
  'finishedAt',
];

/** What filters look at: conditions may go into the JSON of an event. */
export const filterFields: readonly EventField[] = [...lightFields, 'summary', 'payload'];
