// The interface Operations: every use case of the gateway, independent of transports.
import type { ErrorCode } from '../base/errors.ts';
import type {
  EventField,
  EventStatus,
  LogStatus,
  PartialEvent,
  Position,
  StatusChange,
} from '../domain/events/event.ts';
import type { Execution } from '../domain/handlers/handler.ts';
import type { EnrollInput } from '../domain/jobs/enroll.ts';
import type { EventFilter } from '../domain/conditions/event-filter.ts';
import type { Direction, OrderKey, Page, PageArguments } from '../domain/events/page.ts';
import type { SendInput } from '../domain/events/send.ts';
import type { UpdateInput, UpdateOptions } from '../domain/events/update.ts';
import type { Lease } from '../store/jobs/leases.ts';
import type { KeyOperations } from './access/keys.ts';
import type { ConsumerOperations } from './consumers.ts';
import type { RowScope } from '../domain/access/row-scope.ts';
import type { Asker, Caller } from './callers.ts';
import type { FigureOperations } from './figures/figures.ts';
import type { HandlerOperations } from './handlers.ts';
import type { SendOptions } from './handler-port.ts';
import type { OutboxOperations } from './outbox.ts';
import type { RetentionOperations } from './figures/retention.ts';
import type { SubscriptionOperations } from './subscriptions.ts';
import type { TopicOperations } from './topics.ts';
import type { TriggerOperations } from './triggers.ts';

export type { Lease } from '../store/jobs/leases.ts';

/** Events returned by writes contain the fields that the write knew; other fields are read on demand. */
export interface SendOutcome {
  readonly event: PartialEvent;
  /** An event with this hash existed: `event` is the existing one. */
  readonly duplicate: boolean;
  /** The handler runs created with the event. */
  readonly executions: readonly Execution[];
}

export interface ItemError {
  readonly index: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** Further details of the error, as in `extensions`. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Events in input order; null for items that failed. */
export interface BatchOutcome {
  readonly events: readonly (PartialEvent | null)[];
  readonly errors: readonly ItemError[];
}

export interface SendBatchOutcome extends BatchOutcome {
  /** Indexes of items whose hash existed. */
  readonly duplicates: readonly number[];
}

/** A job claimed by a worker. */
export interface Enrollment {
  readonly event: PartialEvent;
  /** Null for a job of a plain queue. */
  readonly source: PartialEvent | null;
  readonly attempt: number;
  readonly leaseUntil: Date;
  /** Whether the caller held it before, under the same attempt. */
  readonly isKept: boolean;
}

/** Jobs that were claimed together. */
export interface JobBatches extends AsyncIterableIterator<readonly Enrollment[]> {
  /** The job could not be delivered to the subscriber: it is released, and the stream ends after its batch. */
  unanswered(job: Enrollment): void;
}

export interface PushedJobsRequest {
  readonly input: EnrollInput;
  readonly prefetch: number;
  /** See Operations.enroll; for each batch. */
  readonly room: number;
}

/** The events that a bulk mutation changed, or would change. */
export interface BulkOutcome {
  readonly count: number;
  /** The first 1,000 ids. */
  readonly ids: readonly string[];
}

/** A count up to 25,000; `exact` is false if it stopped there or at the scan limit. */
export interface Count {
  readonly count: number;
  readonly exact: boolean;
}

export interface EventOrder {
  readonly by: OrderKey;
  readonly direction: Direction;
}

/** The result of checking a filter in CEL. Null where it is valid. */
export interface FilterVerdict {
  readonly valid: boolean;
  readonly message: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly suggestion: string | null;
}

/** Both times are inclusive. */
export interface EventLogQuery {
  readonly fullName: string;
  readonly startTime?: Date | null | undefined;
  readonly endTime?: Date | null | undefined;
  readonly status?: LogStatus | null | undefined;
  readonly page: number;
  readonly pageSize: number;
}

export interface Chain {
  readonly requestId: string;
  readonly roots: readonly PartialEvent[];
  /** Parents before children. */
  readonly events: readonly PartialEvent[];
  readonly countByStatus: readonly { readonly status: EventStatus; readonly count: number }[];
  /** FAILED events with no failed event below them. */
  readonly failedLeaves: readonly PartialEvent[];
  readonly startedAt: Date | null;
  /** Null while any event is unfinished. */
  readonly finishedAt: Date | null;
}

/**
 * Known errors are ThroughlineErrors. `fields` names the columns to read besides the id; no others are read. `rows`
 * restricts what is read: what is outside is as if it did not exist; absent or null does not restrict. None of these
 * checks a scope: guarded operations do.
 */
export interface Operations
  extends
    SubscriptionOperations,
    TriggerOperations,
    TopicOperations,
    HandlerOperations,
    KeyOperations,
    ConsumerOperations,
    OutboxOperations,
    FigureOperations,
    RetentionOperations {
  sendEvent(caller: Caller, input: SendInput, options?: SendOptions): Promise<SendOutcome>;
  sendEvents(caller: Caller, input: readonly SendInput[]): Promise<SendBatchOutcome>;
  updateEvent(caller: Caller, input: UpdateInput, options?: UpdateOptions): Promise<PartialEvent>;
  updateEvents(caller: Caller, input: readonly UpdateInput[]): Promise<BatchOutcome>;
  /** Returns the id. */
  deleteEvent(caller: Caller, id: string): Promise<string>;
  restartEvents(caller: Caller, filter: EventFilter | null, dryRun: boolean): Promise<BulkOutcome>;
  abortEvents(caller: Caller, filter: EventFilter | null, dryRun: boolean): Promise<BulkOutcome>;
  deleteEvents(caller: Caller, filter: EventFilter | null, dryRun: boolean): Promise<BulkOutcome>;

  /**
   * Up to `count` jobs; none if none was available in time. Jobs claimed for a disconnected caller are released. `room`:
   * bytes of JSON of jobs and sources that can be answered; fewer jobs are claimed if they have more, but one at least.
   */
  enroll(caller: Caller, input: EnrollInput, count: number, room?: number): Promise<readonly Enrollment[]>;
  /**
   * Jobs as they come, at most `prefetch` unfinished ones: as they end, more follow. `waitMs` of the input does not count.
   * A caller that returns the stream gives back the jobs that are PENDING.
   */
  pushJobs(caller: Caller, request: PushedJobsRequest): Promise<JobBatches>;
  /** Throws LEASE_LOST if the attempt does not hold the lease. Null `leaseMs`: as long as the claim asked for. */
  extendLease(eventId: string, attempt: number, leaseMs: number | null, caller?: Caller): Promise<Lease>;
  /** Releases the job unfinished; the run does not count as a retry. */
  releaseJob(caller: Caller, eventId: string, attempt: number): Promise<PartialEvent>;

  /** Unknown ids are missing in the map. */
  eventsByIds(
    ids: readonly string[],
    fields: readonly EventField[],
    rows?: RowScope | null,
  ): Promise<Map<string, PartialEvent>>;
  eventByHash(
    hash: string,
    fields: readonly EventField[],
    rows?: RowScope | null,
  ): Promise<PartialEvent | null>;
  /** `caller`, here and below: whose rows, and whose share of the time for filters and large reads. */
  listEvents(
    filter: EventFilter | null,
    order: EventOrder,
    page: PageArguments,
    fields: readonly EventField[],
    caller?: Asker,
  ): Promise<Page<PartialEvent>>;
  countEvents(filter: EventFilter | null, caller?: Asker): Promise<Count>;
  eventLog(
    query: EventLogQuery,
    fields: readonly EventField[],
    caller?: Asker,
  ): Promise<readonly PartialEvent[]>;
  countEventLog(query: EventLogQuery, rows?: RowScope | null): Promise<Count>;
  eventsOfRequest(
    requestId: string,
    fields: readonly EventField[],
    caller?: Asker,
  ): Promise<readonly PartialEvent[]>;
  /** The node and all events below it, parents first; empty if there is no such node. */
  eventsBelowNode(
    requestId: string,
    nodeId: string,
    fields: readonly EventField[],
    caller?: Asker,
  ): Promise<readonly PartialEvent[]>;
  /** Null if the request has no events. */
  eventChain(requestId: string, fields: readonly EventField[], caller?: Asker): Promise<Chain | null>;
  /** One page per parent, oldest first, in one statement. */
  dependentsOf(
    parentIds: readonly string[],
    page: PageArguments,
    fields: readonly EventField[],
    caller?: Asker,
  ): Promise<Map<string, Page<PartialEvent>>>;
  countDependents(parentIds: readonly string[], rows?: RowScope | null): Promise<Map<string, Count>>;
  /** Status changes by id, oldest first. */
  historiesOf(ids: readonly string[], rows?: RowScope | null): Promise<Map<string, readonly StatusChange[]>>;
  /** Only jobs with a current lease. */
  leasesOf(ids: readonly string[], rows?: RowScope | null): Promise<Map<string, Lease>>;
  /** Send times of scheduled events. */
  sendTimesOf(ids: readonly string[], rows?: RowScope | null): Promise<Map<string, Date>>;
  /** The current end of the log; 0 if it is empty. */
  position(): Promise<Position>;
  /** The latest progress of an event that this gateway knows of. */
  progressOf(id: string, rows?: RowScope | null): number | null;
  /** Whether a filter in CEL is valid, and where not. */
  verifyFilter(expression: string): FilterVerdict;
}
