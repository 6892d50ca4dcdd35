// What an event is: its record, the words for its statuses, and the changes that the log keeps of it.
import type { JsonObject, JsonValue } from './json.ts';

export const eventStatuses = [
  'PENDING',
  'IN_PROGRESS',
  'FINISHED',
  'FAILED',
  'ABORTED',
  'RESTARTED',
] as const;
export type EventStatus = (typeof eventStatuses)[number];

/** JitAI's view of a status. */
export const logStatuses = ['WAITING', 'RUNNING', 'SUCCESS', 'FAIL'] as const;
export type LogStatus = (typeof logStatuses)[number];

/** TRANSIENT changes are of fire-and-forget events; they have no position and are in no log. */
export const changeKinds = ['CREATED', 'STATUS', 'UPDATED', 'DELETED', 'TRANSIENT'] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** A place in the log: 64 bits, in commit order, with gaps. */
export type Position = bigint;

export interface EventError {
  readonly message: string;
  readonly code: string | null;
  readonly stack: string | null;
}

/** An event as it stands. */
export interface EventRecord {
  readonly id: string;
  /** Of its latest durable change; null for fire-and-forget. */
  readonly position: Position | null;
  readonly hash: string | null;
  readonly topic: string;
  readonly eventType: string;
  readonly sender: string | null;
  readonly senderType: string | null;
  readonly project: string | null;
  readonly user: string | null;
  readonly requestId: string;
  readonly nodeId: string;
  readonly dependsOnId: string | null;
  readonly status: EventStatus;
  readonly retries: number;
  readonly description: string;
  readonly summary: JsonObject;
  readonly payload: JsonObject;
  readonly result: JsonValue;
  readonly error: EventError | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

export type EventField = keyof EventRecord;

/** An event of which only some fields were read; `id` always is. */
export type PartialEvent = Pick<EventRecord, 'id'> & Partial<EventRecord>;

/** An entry of the log: one durable change, with what feeds select by as it was at that moment. */
export interface LogEntry {
  readonly position: Position;
  readonly eventId: string;
  readonly kind: Exclude<ChangeKind, 'TRANSIENT'>;
  readonly fromStatus: EventStatus | null;
  readonly status: EventStatus;
  readonly at: Date;
  readonly by: string | null;
  readonly description: string | null;
  readonly attempt: number | null;
  readonly topic: string;
  readonly requestId: string;
  readonly nodeId: string;
  readonly project: string | null;
  readonly user: string | null;
  readonly sender: string | null;
}

/** A status that an event has had. */
export interface StatusChange {
  readonly position: Position;
  readonly from: EventStatus | null;
  readonly to: EventStatus;
  readonly at: Date;
  readonly by: string | null;
  readonly description: string | null;
  readonly attempt: number | null;
}
