// The stream of changes or of progress behind a subscription field, in each of its phases.
import type { ChangeKind, EventStatus, PartialEvent, Position } from '../domain/events/event.ts';
import type { Located, RowScope } from '../domain/access/row-scope.ts';
import type { EventFilter } from '../domain/conditions/event-filter.ts';

/** One change as watchers see it: its own kind, status and time; the event as it stands when it is delivered. */
export interface EventChange {
  /** Null for TRANSIENT. */
  readonly position: Position | null;
  readonly kind: ChangeKind;
  readonly status: EventStatus;
  readonly at: Date;
  readonly event: PartialEvent;
}

export interface EventProgress {
  readonly eventId: string;
  readonly requestId: string | null;
  readonly topic: string;
  readonly project: string | null;
  readonly progress: number;
  readonly description: string | null;
  readonly at: Date;
  /** The event's latest change when it was reported, as text; null or absent where that is not known. */
  readonly position?: string | null;
  /** Whether it was reported together with that change. */
  readonly isChange?: boolean;
  /** Who reported it, where that was said. */
  readonly sender?: string | null;
}

/** What row scopes look at. A gateway of an earlier version tells no project. */
export function locatedProgress({ topic, project, requestId }: EventProgress): Located {
  return { topic, project: project ?? null, requestId: requestId ?? '' };
}

export interface FeedRequest {
  readonly filter?: EventFilter | null | undefined;
  readonly kinds?: readonly ChangeKind[] | null | undefined;
  readonly after?: string | null | undefined;
}

export interface StatusRequest {
  readonly ids?: readonly string[] | null | undefined;
  readonly requestId?: string | null | undefined;
  readonly after?: string | null | undefined;
}

export interface ProgressRequest {
  readonly ids?: readonly string[] | null | undefined;
  readonly requestId?: string | null | undefined;
  readonly topics?: readonly string[] | null | undefined;
}

/**
 * Answers a subscription field. The execution that many subscribers share has one that yields what happens from now
 * on; each subscriber's own beginning (what it missed, or the present status) comes from another, which ends.
 * Malformed arguments are thrown as ThroughlineError before the first item.
 */
export interface Watch {
  feed(request: FeedRequest): Promise<AsyncIterable<EventChange>>;
  status(request: StatusRequest): Promise<AsyncIterable<EventChange>>;
  progress(request: ProgressRequest): Promise<AsyncIterable<EventProgress>>;
}

/** A subscriber's own beginning. Once its streams have ended, what comes next is what the shared execution says after `handover`. */
export interface CatchUp extends Watch {
  /** Up to where the log is covered: where the streams begin, and once they have ended, where they end. */
  readonly handover: Position;
}

/** Who watches: only those with the scope events:read, and only what is within their rows. */
export interface Watching {
  /** Whose share of the time for filters it uses. */
  readonly name: string;
  readonly scopes: readonly string[];
  readonly rows: RowScope | null;
}

/** Makes the two kinds of Watch for one process. Its methods throw FORBIDDEN where the scope is missing. */
export interface WatchFactory {
  /** Resolves when the log is being read; the returned function lets go of it. */
  hold(): Promise<() => void>;
  /** Everything up to here has been handed to the live watchers. Only while held. */
  readonly position: Position;
  live(caller: Watching): Watch;
  /** `from`: where the subscriber comes in unless it says `after`. */
  catchUp(from: Position, caller: Watching): CatchUp;
}
