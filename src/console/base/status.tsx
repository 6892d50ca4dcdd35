// The status of an event, as a word with a colour.
import type { EventStatus } from '../../../generated/console/graphql.ts';

export { statuses } from './statuses.ts';

export function Status({ status }: { status: EventStatus }) {
  return (
    <span className={`status status-${status.toLowerCase()}`}>{status.replace('_', ' ').toLowerCase()}</span>
  );
}
