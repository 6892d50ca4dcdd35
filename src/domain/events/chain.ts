// Summary of a request's chain: roots, counts, failed leaves, start, and whether it has ended.
import { type EventField, type EventStatus, eventStatuses, type PartialEvent } from './event.ts';
import { isFailure, isFinal } from './status.ts';

/** The event fields needed for a summary. */
export const chainFields = [
  'dependsOnId',
  'status',
  'createdAt',
  'finishedAt',
] as const satisfies EventField[];

type ChainEvent = PartialEvent & Required<Pick<PartialEvent, (typeof chainFields)[number]>>;

export interface ChainSummary {
  readonly roots: readonly PartialEvent[];
  readonly countByStatus: readonly { readonly status: EventStatus; readonly count: number }[];
  readonly failedLeaves: readonly PartialEvent[];
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

/** `events` must be all events of the request, parents before children. */
export function summarizeChain(events: readonly ChainEvent[]): ChainSummary {
  const ids = new Set(events.map((event) => event.id));
  const hasFailedBelow = failuresBelow(events);
  const ended = events.every((event) => isFinal(event.status));
  return {
    roots: events.filter((event) => event.dependsOnId === null || !ids.has(event.dependsOnId)),
    countByStatus: eventStatuses
      .map((status) => ({ status, count: events.filter((event) => event.status === status).length }))
      .filter(({ count }) => count > 0),
    failedLeaves: events.filter((event) => isFailure(event.status) && !hasFailedBelow.has(event.id)),
    startedAt: extreme(
      events.map((event) => event.createdAt),
      (a, b) => a < b,
    ),
    finishedAt: ended
      ? extreme(
          events.map((event) => event.finishedAt ?? event.createdAt),
          (a, b) => a > b,
        )
      : null,
  };
}

/** Ids of the events with a failed event below them. Children come first, so that each marks its parent. */
function failuresBelow(events: readonly ChainEvent[]): Set<string> {
  const below = new Set<string>();
  for (const event of events.toReversed()) {
    if (event.dependsOnId !== null && (isFailure(event.status) || below.has(event.id)))
      below.add(event.dependsOnId);
  }
  return below;
}

function extreme(dates: readonly Date[], better: (a: Date, b: Date) => boolean): Date | null {
  return dates.reduce<Date | null>((best, date) => (best === null || better(date, best) ? date : best), null);
}
