// Rules of bulk mutations: a filter that must not be empty, and the statuses that each mutation can change.
import { isDeepStrictEqual } from 'node:util';
import { badInput } from '../../base/errors.ts';
import { type EventStatus, eventStatuses } from './event.ts';
import { checkFilter, type EventFilter } from '../conditions/event-filter.ts';
import type { CheckedFilter } from '../conditions/checked-filter.ts';
import { transitions } from './status.ts';

/** Refuses a filter that would select everything implicitly: absent, empty, or with nothing but blank text. */
export function checkBulkFilter(filter: EventFilter | null | undefined): CheckedFilter {
  const checked = checkFilter(filter);
  if (!isDeepStrictEqual(checked, checkFilter(null))) return checked;
  throw badInput(
    'A bulk mutation needs `where` or a filter that is not empty. To select all events up to now, use filter: {createdBefore: "<now, such as 2025-01-31T12:00:00Z>"}.',
  );
}

/** Restricts the filter to events whose status can change to `status`. */
export function onlyThoseThatMayBecome(status: BulkStatus, filter: CheckedFilter): CheckedFilter {
  const { statuses } = filter;
  const before = statusesBefore[status];
  return { ...filter, statuses: statuses ? statuses.filter((given) => before.includes(given)) : before };
}

export type BulkStatus = 'RESTARTED' | 'ABORTED';

const statusesBefore: Readonly<Record<BulkStatus, readonly EventStatus[]>> = {
  RESTARTED: leadingTo('RESTARTED'),
  // FAILED only for jobs that wait for a retry.
  ABORTED: [...new Set<EventStatus>([...leadingTo('ABORTED'), 'FAILED'])],
};

function leadingTo(status: EventStatus): EventStatus[] {
  return eventStatuses.filter((from) => transitions[from].includes(status));
}
