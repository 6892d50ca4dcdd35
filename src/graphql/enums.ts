// The enums of events, filters and lists.
import type { ConditionOperator as Joining, Comparison as Test } from '../domain/conditions/conditions.ts';
import type {
  ChangeKind as Change,
  LogStatus as Log,
  EventStatus as Status,
} from '../domain/events/event.ts';
import type { OrderKey, Direction as SortDirection } from '../domain/events/page.ts';
import type { OnDuplicate as Choice } from '../domain/events/send.ts';
import { builder } from './builder.ts';

/** The values of an enum with their descriptions; the type requires exactly the values of the domain. */
export function valuesOf<Name extends string>(
  descriptions: Record<Name, string>,
): Record<Name, { description: string }> {
  const entries = Object.entries<string>(descriptions).map(([name, description]) => [name, { description }]);
  return Object.fromEntries(entries);
}

export const EventStatus = builder.enumType('EventStatus', {
  description:
    'The processing state of an event. Setting the current status again is allowed and changes nothing. Any transition not listed here: INVALID_TRANSITION.',
  values: valuesOf<Status>({
    PENDING:
      'Waiting to be processed, or claimed by a worker that has not started. Next: IN_PROGRESS, FINISHED, FAILED, ABORTED.',
    IN_PROGRESS: 'Being processed. Next: PENDING, FINISHED, FAILED, ABORTED.',
    FINISHED: 'Completed. The initial status of an event that reports a fact. Next: RESTARTED.',
    FAILED:
      'Failed; see `error` and `description`. Next: RESTARTED. A job that waits for a retry can also become ABORTED, or PENDING when it is claimed again.',
    ABORTED: 'Cancelled. Next: RESTARTED.',
    RESTARTED: 'Waiting to be processed again. Next: PENDING, IN_PROGRESS, FINISHED, FAILED, ABORTED.',
  }),
});

export const LogStatus = builder.enumType('LogStatus', {
  description: 'The status of an event in JitAI’s terms.',
  values: valuesOf<Log>({
    WAITING: 'PENDING or RESTARTED.',
    RUNNING: 'IN_PROGRESS.',
    SUCCESS: 'FINISHED.',
    FAIL: 'FAILED or ABORTED.',
  }),
});

export const ChangeKind = builder.enumType('ChangeKind', {
  description: 'The kind of a change.',
  values: valuesOf<Change>({
    CREATED: 'The event was sent.',
    STATUS: 'The status changed, possibly together with other fields.',
    UPDATED: 'Other fields changed, but not the status.',
    DELETED: 'The event was deleted. The change stays in the log and is replayed like any other.',
    TRANSIENT: 'A transient event was sent (`store: false`). It has no position and cannot be read later.',
  }),
});

export const OnDuplicate = builder.enumType('OnDuplicate', {
  description: 'What to do if an event with the same `hash` exists.',
  values: valuesOf<Choice>({
    RETURN: 'Return the existing event unchanged.',
    FAIL: 'Fail with DUPLICATE_HASH; `extensions.eventId` is the id of the existing event.',
    REPLACE:
      'Replace the content of the existing event. Its id and its place in the chain stay: a different `requestId`, `nodeId` or `dependsOn` is refused with BAD_USER_INPUT, an invalid status change with INVALID_TRANSITION.',
  }),
});

export const EventOrderBy = builder.enumType('EventOrderBy', {
  description: 'The timestamp to order events by.',
  values: valuesOf<OrderKey>({
    CREATED: 'By `createdAt`. Pages stay stable while events arrive and change.',
    UPDATED: 'By `updatedAt`. Events that change during paging move within the list.',
  }),
});

export const Direction = builder.enumType('Direction', {
  description: 'Sort direction.',
  values: valuesOf<SortDirection>({ ASC: 'Oldest first.', DESC: 'Newest first.' }),
});

export const ConditionOperator = builder.enumType('ConditionOperator', {
  description: 'How conditions are combined.',
  values: valuesOf<Joining>({ AND: 'All conditions must match.', OR: 'At least one condition must match.' }),
});

export const Comparison = builder.enumType('Comparison', {
  description:
    'How a condition compares the value at its `key` with its `value`. Missing values, empty lists and types: see docs/guides/filters.md.',
  values: valuesOf<Test>({
    EQ: 'Equal. On a path, types must match too: "1" does not equal 1, but 1.0 equals 1.',
    NE: 'Not equal.',
    LT: 'Less than. Text is compared by its UTF-8 bytes. On a path, numbers match only numbers and strings only strings.',
    GT: 'Greater than; otherwise like LT.',
    LTE: 'Less than or equal; otherwise like LT.',
    GTE: 'Greater than or equal; otherwise like LT.',
    LIKE: 'The whole text matches a pattern: % is any number of characters, _ is one character, and a backslash escapes the next character. Case-insensitive for A to Z. On a path, only strings match.',
    ISNULL: 'The field is null, or the path does not exist. Takes no value.',
    NOTNULL: 'The field is not null, or the path exists, even with a JSON null. Takes no value.',
    IN: 'Equal to an item of the list. An empty list matches nothing.',
    NOTIN: 'Present, and not equal to any item of the list. An empty list matches everything.',
    INCLUDES: 'The list at the path contains the value.',
    EXCLUDES: 'The list at the path does not contain the value.',
    INCLUDESALL: 'The list at the path contains all of the values.',
    EXCLUDESALL: 'The list at the path lacks at least one of the values.',
    INCLUDESANY: 'The list at the path contains at least one of the values.',
    EXCLUDESANY: 'The list at the path contains none of the values.',
  }),
});
