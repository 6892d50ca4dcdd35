// The status of an event, as a word with a colour.
import type { EventStatus } from '../../../generated/console/graphql.ts';

export const statuses: readonly EventStatus[] = [
  'PENDING',
  'IN_PROGRESS',
  'FINISHED',
  'FAILED',
  'ABORTED',
  'RESTARTED',
];

export function Status({ status }: { status: EventStatus }) {
  return (
    <span className={`status status-${status.toLowerCase()}`}>{status.replace('_', ' ').toLowerCase()}</span>
  );
}
