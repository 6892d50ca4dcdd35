// What an event is: its record, the words for its statuses, and the changes that the log keeps of it.
import { type ChangeKind as DurableChangeKind, EventStatus } from '../../generated/prisma/enums.ts';
import type { EventModel, LogEntryModel } from '../../generated/prisma/models.ts';
import type { JsonObject, JsonValue } from './json.ts';

export type { EventStatus } from '../../generated/prisma/enums.ts';

export const eventStatuses = Object.values(EventStatus);

/** JitAI's view of a status. */
export const logStatuses = ['WAITING', 'RUNNING', 'SUCCESS', 'FAIL'] as const;
export type LogStatus = (typeof logStatuses)[number];

/** TRANSIENT changes are of fire-and-forget events; they have no position and are in no log. */
export type ChangeKind = DurableChangeKind | 'TRANSIENT';

/** A place in the log: 64 bits, in commit order, with gaps. */
export type Position = bigint;

export interface EventError {
  readonly message: string;
  readonly code: string | null;
  readonly stack: string | null;
}

/** Columns that serve statements, and those whose type the database does not know. */
type OtherColumns =
  | ('createdPosition' | 'isJob' | 'held' | 'position' | 'summary' | 'payload' | 'result' | 'error')
  | ('summaryBytes' | 'payloadBytes' | 'resultBytes');

/** An event as it stands. */
export interface EventRecord extends Readonly<Omit<EventModel, OtherColumns>> {
  /** Of its latest durable change; null for fire-and-forget. */
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

/** An event of which only some fields were read; `id` always is. */
export type PartialEvent = Pick<EventRecord, 'id'> &
  Partial<EventRecord> & {
    /** Size of the JSON that was read with it, in bytes of JSON text. */
    readonly jsonBytes?: number;
  };

/** An entry of the log: one durable change, with what feeds select by as it was at that moment. */
export type LogEntry = Readonly<LogEntryModel>;

/** A status that an event has had. */
export interface StatusChange extends Pick<LogEntry, 'position' | 'at' | 'by' | 'description' | 'attempt'> {
  readonly from: LogEntry['fromStatus'];
  readonly to: LogEntry['status'];
}
