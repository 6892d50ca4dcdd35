// Field values of deleted events, for feeds that deliver deletions and reads that race with one.
import { ThroughlineError } from '../../base/errors.ts';
import type { EventField, EventRecord } from '../../domain/events/event.ts';

type Answers = { readonly [F in EventField]?: (id: string) => EventRecord[F] };

const nothing = () => null;

/** All other fields come from the log, with the DELETED change. */
const answers: Answers = {
  id: (id) => id,
  position: nothing,
  hash: nothing,
  eventType: () => 'events.NormalType',
  sender: nothing,
  senderType: nothing,
  project: nothing,
  user: nothing,
  dependsOnId: nothing,
  retries: () => 0,
  priority: () => 0,
  description: () => '',
  summary: () => ({}),
  payload: () => ({}),
  result: nothing,
  error: nothing,
  createdAt: timeOfId,
  updatedAt: timeOfId,
  startedAt: nothing,
  finishedAt: nothing,
};

/** Null, empty or the default if the schema allows it; otherwise throws NOT_FOUND. */
export function fieldOfDeletedEvent<F extends EventField>(id: string, field: F): EventRecord[F] {
  const answer = answers[field];
  if (answer === undefined) {
    throw new ThroughlineError('NOT_FOUND', `Event ${id} was deleted while it was being read.`, {
      eventId: id,
    });
  }
  return answer(id);
}

/** The first 48 bits of a UUIDv7 are its creation time in milliseconds. */
function timeOfId(id: string): Date {
  return new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
}
