// The enums of the schema, each value with its meaning.
import type { ChangeKind as Change, LogStatus as Log, EventStatus as Status } from '../domain/event.ts';
import type { OrderKey, Direction as Way } from '../domain/page.ts';
import type { OnDuplicate as Choice } from '../domain/send.ts';
import { builder } from './builder.ts';

/** Holds the values of an enum to those of the domain: none missing, none more. */
function valuesOf<Name extends string>(
  descriptions: Record<Name, string>,
): Record<Name, { description: string }> {
  const entries = Object.entries<string>(descriptions).map(([name, description]) => [name, { description }]);
  return Object.fromEntries(entries);
}

export const EventStatus = builder.enumType('EventStatus', {
  description:
    'Where an event is in its life. The same status again is always allowed and changes nothing; a step not listed here is refused with INVALID_TRANSITION.',
  values: valuesOf<Status>({
    PENDING: 'Waits to be worked on. Next: IN_PROGRESS, FINISHED, FAILED, ABORTED.',
    IN_PROGRESS: 'Is being worked on. Next: PENDING, FINISHED, FAILED, ABORTED.',
    FINISHED: 'Done. An event that reports a mere fact is born so. Next: RESTARTED.',
    FAILED: 'Went wrong; `error` and `description` say why. Next: RESTARTED.',
    ABORTED: 'Given up on purpose. Next: RESTARTED.',
    RESTARTED: 'Waits to run again. Next: PENDING, IN_PROGRESS, FINISHED, FAILED, ABORTED.',
  }),
});

export const LogStatus = builder.enumType('LogStatus', {
  description: 'JitAI’s view of a status.',
  values: valuesOf<Log>({
    WAITING: 'PENDING or RESTARTED.',
    RUNNING: 'IN_PROGRESS.',
    SUCCESS: 'FINISHED.',
    FAIL: 'FAILED or ABORTED.',
  }),
});

export const ChangeKind = builder.enumType('ChangeKind', {
  description: 'What happened to an event.',
  values: valuesOf<Change>({
    CREATED: 'It was sent.',
    STATUS: 'Its status changed; other fields may have changed with it.',
    UPDATED: 'Other fields changed, its status did not.',
    DELETED: 'It was deleted. The change stays in the log and is replayed like any other.',
    TRANSIENT: 'It was sent with `store: false`: it is in no log, has no position and cannot be read again.',
  }),
});

export const OnDuplicate = builder.enumType('OnDuplicate', {
  description: 'What a send does whose hash an event has already.',
  values: valuesOf<Choice>({
    RETURN: 'Returns the event that has it, unchanged.',
    FAIL: 'Fails with DUPLICATE_HASH; `extensions.eventId` names the event that has it.',
    REPLACE:
      'Replaces the content of the event that has it, which keeps its id and its place: another `requestId`, `nodeId` or `dependsOn` is refused with BAD_USER_INPUT, a status that cannot follow with INVALID_TRANSITION.',
  }),
});

export const EventOrderBy = builder.enumType('EventOrderBy', {
  description: 'The time that a list of events is ordered by.',
  values: valuesOf<OrderKey>({
    CREATED: 'By `createdAt`. Pages stay stable while events arrive and change.',
    UPDATED: 'By `updatedAt`. An event that changes while a list is paged through moves within it.',
  }),
});

export const Direction = builder.enumType('Direction', {
  description: 'Which end of an order comes first.',
  values: valuesOf<Way>({ ASC: 'Oldest first.', DESC: 'Newest first.' }),
});
