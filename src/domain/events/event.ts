// Events: the record, statuses, and entries of the log.
import { type ChangeKind as DurableChangeKind, EventStatus } from '../../../generated/prisma/enums.ts';
import type { EventModel, LogEntryModel } from '../../../generated/prisma/models.ts';
import type { JsonObject, JsonValue } from '../values/json.ts';

export type { EventStatus } from '../../../generated/prisma/enums.ts';

export const eventStatuses = Object.values(EventStatus);

/** JitAI's view of a status. */
export const logStatuses = ['WAITING', 'RUNNING', 'SUCCESS', 'FAIL'] as const;
export type LogStatus = (typeof logStatuses)[number];

/** TRANSIENT changes belong to transient events, which have no position and no log entry. */
export type ChangeKind = DurableChangeKind | 'TRANSIENT';

/** A position in the log: 64 bits, in commit order, with gaps. */
export type Position = bigint;

export interface EventError {
  readonly message: string;
  readonly code: string | null;
  readonly stack: string | null;
}

/** Internal columns, and those whose type the database does not know. */
type OtherColumns =
  | (
      | 'createdPosition'
      | 'isJob'
      | 'isQueued'
      | 'held'
      | 'position'
      | 'summary'
      | 'payload'
      | 'result'
      | 'error'
    )
  | ('summaryBytes' | 'payloadBytes' | 'resultBytes');

/** The current state of an event. */
export interface EventRecord extends Readonly<Omit<EventModel, OtherColumns>> {
  /** Position of the latest durable change; null for a transient event. */
  readonly position: Position | null;
  readonly summary: JsonObject;
  readonly payload: JsonObject;
  readonly result: JsonValue;
  readonly error: EventError | null;
}

export type EventField = keyof EventRecord;

const jsonFields: ReadonlySet<EventField> = new Set<EventField>(['summary', 'payload', 'result', 'error']);

/** Whether the field holds JSON, which may be large. */
export function isJsonField(field: EventField): boolean {
  return jsonFields.has(field);
}

/** An event with only the fields that were read; `id` is always included. */
export type PartialEvent = Pick<EventRecord, 'id'> &
  Partial<EventRecord> & {
    /** Size of the JSON read with the event, in bytes of JSON text. */
    readonly jsonBytes?: number;
  };

/** A log entry: one durable change, with the fields that feeds filter by as of that change. */
export type LogEntry = Readonly<LogEntryModel>;

/** A past status of an event. */
export interface StatusChange extends Pick<LogEntry, 'position' | 'at' | 'by' | 'description' | 'attempt'> {
  readonly from: LogEntry['fromStatus'];
  readonly to: LogEntry['status'];
}
