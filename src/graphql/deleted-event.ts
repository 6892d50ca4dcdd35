// What the fields of an event answer once its row is gone: a feed tells of deletions, and reads may cross one.
import { ThroughlineError } from '../base/errors.ts';
import type { EventField, EventRecord } from '../domain/event.ts';

type Answers = { readonly [F in EventField]?: (id: string) => EventRecord[F] };

const nothing = () => null;

/** The fields missing here are kept by the log, and come with the change that told of the deletion. */
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

/** Null, empty or the default where the schema allows it; NOT_FOUND for what an event cannot be without. */
export function fieldOfDeletedEvent<F extends EventField>(id: string, field: F): EventRecord[F] {
  const answer = answers[field];
  if (answer === undefined) {
    throw new ThroughlineError('NOT_FOUND', `Event ${id} was deleted while it was being read.`, {
      eventId: id,
    });
  }
  return answer(id);
}

/** The first 48 bits of a UUIDv7 are the milliseconds at which it was made. */
function timeOfId(id: string): Date {
  return new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
}
