// The enums of the schema, each value with its meaning.
import type { ConditionOperator as Joining, Comparison as Test } from '../domain/conditions.ts';
import type { ChangeKind as Change, LogStatus as Log, EventStatus as Status } from '../domain/event.ts';
import type { OrderKey, Direction as Way } from '../domain/page.ts';
import type { OnDuplicate as Choice } from '../domain/send.ts';
import { builder } from './builder.ts';

/** Holds the values of an enum to those of the domain: none missing, none more. */
export function valuesOf<Name extends string>(
  descriptions: Record<Name, string>,
): Record<Name, { description: string }> {
  const entries = Object.entries<string>(descriptions).map(([name, description]) => [name, { description }]);
  return Object.fromEntries(entries);
}

export const EventStatus = builder.enumType('EventStatus', {
  description:
    'Where an event is in its life. The same status again is always allowed and changes nothing; a step not listed here is refused with INVALID_TRANSITION.',
  values: valuesOf<Status>({
    PENDING:
      'Waits to be worked on; also a job that a worker holds and has not begun. Next: IN_PROGRESS, FINISHED, FAILED, ABORTED.',
    IN_PROGRESS: 'Is being worked on. Next: PENDING, FINISHED, FAILED, ABORTED.',
    FINISHED: 'Done. An event that reports a mere fact is born so. Next: RESTARTED.',
    FAILED:
      'Went wrong; `error` and `description` say why. Next: RESTARTED; of a job that waits for its next run also ABORTED, and PENDING by the claim that begins it.',
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

export const ConditionOperator = builder.enumType('ConditionOperator', {
  description: 'How conditions are joined.',
  values: valuesOf<Joining>({ AND: 'All of them must hold.', OR: 'One of them must hold.' }),
});

export const Comparison = builder.enumType('Comparison', {
  description:
    'How a condition compares what its key leads to with its value. Where that is nothing, a field that is null or a path that does not exist, none holds but ISNULL, EQ with [], NOTIN with [], and EQ false and NE true, for which a missing path counts as false. A JSON null is a value like any other.',
  values: valuesOf<Test>({
    EQ: 'The same. On a path type and value count: "1" is not 1, while 1.0 and 1 are one number. With [] on a path: an empty list, or nothing.',
    NE: 'Something else. With [] on a path: a list that is not empty.',
    LT: 'Less. On a path a number is compared with numbers only, a string with strings only. Text is ordered by its bytes in UTF-8.',
    GT: 'More; otherwise as LT.',
    LTE: 'Less or the same; otherwise as LT.',
    GTE: 'More or the same; otherwise as LT.',
    LIKE: 'Text that matches a pattern as a whole: % stands for any run of characters, _ for one, a backslash goes before what stands for itself. Large and small letters A to Z are the same. On a path only strings match.',
    ISNULL: 'Nothing there: the field is null, the path does not exist. Takes no value.',
    NOTNULL: 'Something there, on a path a JSON null too. Takes no value.',
    IN: 'One of a list; of an empty one, nothing is.',
    NOTIN: 'There, and none of a list. With an empty list it always holds.',
    INCLUDES: 'On a path: a list that has the value among its elements.',
    EXCLUDES: 'On a path: a list that does not have the value among its elements.',
    INCLUDESALL: 'On a path: a list that has all values of a list among its elements.',
    EXCLUDESALL: 'On a path: a list that lacks one of the values of a list, or more.',
    INCLUDESANY: 'On a path: a list that has one of the values of a list among its elements, or more.',
    EXCLUDESANY: 'On a path: a list that has none of the values of a list among its elements.',
  }),
});
