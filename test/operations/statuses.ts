// Bringing an event into a status, by steps that are allowed.
import type { EventStatus } from '../../src/domain/events/event.ts';
import type { Composed } from '../support/gateway.ts';

const stepsTo: Readonly<Record<EventStatus, readonly EventStatus[]>> = {
  PENDING: [],
  IN_PROGRESS: ['IN_PROGRESS'],
  FINISHED: ['FINISHED'],
  FAILED: ['FAILED'],
  ABORTED: ['ABORTED'],
  RESTARTED: ['FAILED', 'RESTARTED'],
};

/** From PENDING. */
export async function reach(
  { operations, caller }: Composed,
  id: string,
  status: EventStatus,
): Promise<void> {
  for (const step of stepsTo[status]) await operations.updateEvent(caller, { id, status: step });
}
