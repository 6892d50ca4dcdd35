// The statuses of events.
import type { EventStatus } from '../../../generated/console/graphql.ts';

export const statuses: readonly EventStatus[] = [
  'PENDING',
  'IN_PROGRESS',
  'FINISHED',
  'FAILED',
  'ABORTED',
  'RESTARTED',
];
