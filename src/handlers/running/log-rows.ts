// Events as rows of JitAI's event log: its names for fields and statuses, and times as UTC text.
import { badInput } from '../../base/errors.ts';
import { parseDateTime } from '../../domain/values/date-time.ts';
import {
  type EventField,
  type EventRecord,
  type EventStatus,
  type LogStatus,
  logStatuses,
  type PartialEvent,
} from '../../domain/events/event.ts';
import { logStatusOf } from '../../domain/events/status.ts';
import { argumentsOf } from './arguments.ts';
import { didYouMean, shown } from '../wording.ts';

/** An event as a row of JitAI's log. */
export interface LogRow {
  readonly id: string;
  readonly requestId: string;
  readonly nodeId: string;
  /** Node of the parent; null for the root of a request. */
  readonly parentNodeId: string | null;
  /** Full name of the element for a run; the topic for any other event. */
  readonly fullName: string;
  readonly title: string | null;
  readonly eventType: string;
  readonly sender: string | null;
  readonly status: Lowercase<LogStatus>;
  /** `YYYY-MM-DD HH:MM:SS` in UTC; the creation time if the event was never started. */
  readonly startTime: string;
  readonly endTime: string | null;
  /** Milliseconds from start to end; null before the end. */
  readonly duration: number | null;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
  readonly result: unknown;
  /** Message of the error. */
  readonly error: string | null;
  /** Stack of the error. */
  readonly trace: string | null;
}

/** The event fields needed for a row. */
export const rowFields = [
  'requestId',
  'nodeId',
  'dependsOnId',
  'topic',
  'eventType',
  'sender',
  'status',
  'createdAt',
  'startedAt',
  'finishedAt',
  'summary',
  'payload',
  'result',
  'error',
] as const satisfies EventField[];

/** `event` must have been read with `rowFields`, which include neither `parentNodeId` nor `title`. */
export function logRow(event: PartialEvent, parentNodeId: string | null, title: string | null): LogRow {
  const record = event as EventRecord;
  const start = record.startedAt ?? record.createdAt;
  const end = record.finishedAt;
  return {
    id: record.id,
    requestId: record.requestId,
    nodeId: record.nodeId,
    parentNodeId,
    fullName: record.topic,
    title,
    eventType: record.eventType,
    sender: record.sender,
    status: statusWord(record.status),
    startTime: timeText(start),
    endTime: end === null ? null : timeText(end),
    duration: end === null ? null : Math.max(0, end.getTime() - start.getTime()),
    ...argumentsOf(record),
    result: record.result,
    error: record.error?.message ?? null,
    trace: record.error?.stack ?? null,
  };
}

/** A status in JitAI's words: waiting, running, success or fail. */
export function statusWord(status: EventStatus): Lowercase<LogStatus> {
  return logStatusOf(status).toLowerCase() as Lowercase<LogStatus>;
}

/** The status that a caller names, in any case; null for all. */
export function readStatus(word: string | null | undefined): LogStatus | null {
  if (word == null) return null;
  const status = logStatuses.find((known) => known === String(word).toUpperCase());
  if (status) return status;
  const words = logStatuses.map((known) => known.toLowerCase()).toReversed();
  throw badInput(
    `status must be one of ${words.join(', ')}, not ${shown(word)}${didYouMean(String(word), words)}.`,
  );
}

/**
 * A time given as a Date, as RFC 3339, or as `YYYY-MM-DD HH:MM:SS` in UTC. As an `end`, the latter includes its whole
 * second.
 */
export function readTime(
  argument: string,
  value: Date | string | null | undefined,
  end: boolean,
): Date | null {
  if (value == null) return null;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value;
  const zoneless = typeof value === 'string' && /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(value);
  try {
    const text = zoneless ? `${value.replace(' ', 'T')}.${end ? '999' : '000'}Z` : String(value);
    return parseDateTime(text);
  } catch {
    throw badInput(
      `${argument} must be a time such as "2024-01-31 23:59:59", which is UTC, or a Date, not ${shown(value)}.`,
    );
  }
}

function timeText(date: Date): string {
  return date.toISOString().slice(0, 19).replace('T', ' ');
}
