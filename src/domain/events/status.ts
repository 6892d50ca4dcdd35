// The life cycle of an event: allowed transitions, and predicates on statuses.
import { ThroughlineError } from '../../base/errors.ts';
import { type EventStatus, eventStatuses, type LogStatus } from './event.ts';

/**
 * Setting the same status again is always allowed and changes nothing. Jobs have two more transitions: a claim makes
 * them PENDING again, and a FAILED job that waits for a retry may be ABORTED.
 */
export const transitions: Readonly<Record<EventStatus, readonly EventStatus[]>> = {
  PENDING: ['IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED'],
  IN_PROGRESS: ['PENDING', 'FINISHED', 'FAILED', 'ABORTED'],
  FINISHED: ['RESTARTED'],
  FAILED: ['RESTARTED'],
  ABORTED: ['RESTARTED'],
  RESTARTED: ['PENDING', 'IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED'],
};

const statusesByLogStatus: Readonly<Record<LogStatus, readonly EventStatus[]>> = {
  WAITING: ['PENDING', 'RESTARTED'],
  RUNNING: ['IN_PROGRESS'],
  SUCCESS: ['FINISHED'],
  FAIL: ['FAILED', 'ABORTED'],
};

export function mayBecome(from: EventStatus, to: EventStatus): boolean {
  return from === to || transitions[from].includes(to);
}

export function invalidTransition(id: string, from: EventStatus, to: EventStatus): ThroughlineError {
  const allowed = transitions[from];
  return new ThroughlineError(
    'INVALID_TRANSITION',
    `Event ${id} is ${from} and cannot become ${to}; from ${from} it can become ${allowed.join(', ')}.`,
    { eventId: id, from, to, allowed },
  );
}

/** The error for a scheduled event. */
export function scheduled(id: string, to: EventStatus): ThroughlineError {
  return new ThroughlineError(
    'INVALID_TRANSITION',
    `Event ${id} is scheduled and cannot become ${to} before it is published; until then it can be ABORTED or deleted.`,
    { eventId: id, from: 'PENDING', to, allowed: ['ABORTED'] },
  );
}

/** Whether the status is final, unless the event is restarted. */
export function isFinal(status: EventStatus): boolean {
  return status === 'FINISHED' || status === 'FAILED' || status === 'ABORTED';
}

export function isFailure(status: EventStatus): boolean {
  return status === 'FAILED';
}

export function statusesOf(logStatus: LogStatus): readonly EventStatus[] {
  return statusesByLogStatus[logStatus];
}

export function logStatusOf(status: EventStatus): LogStatus {
  for (const [logStatus, statuses] of Object.entries(statusesByLogStatus)) {
    if (statuses.includes(status)) return logStatus as LogStatus;
  }
  throw new Error(`${status} has no log status among ${eventStatuses.join(', ')}`);
}
