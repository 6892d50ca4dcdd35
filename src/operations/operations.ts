// What GraphQL (and later handlers, triggers and REST) may ask of the gateway: every use-case, by signature.
import type { ErrorCode } from '../base/errors.ts';
import type {
  EventField,
  EventStatus,
  LogStatus,
  PartialEvent,
  Position,
  StatusChange,
} from '../domain/event.ts';
import type { Execution } from '../domain/handler.ts';
import type { EnrollInput } from '../domain/enroll.ts';
import type { EventFilter } from '../domain/event-filter.ts';
import type { Direction, OrderKey, Page, PageArguments } from '../domain/page.ts';
import type { SendInput } from '../domain/send.ts';
import type { UpdateInput } from '../domain/update.ts';
import type { Lease } from '../store/leases.ts';
import type { HandlerOperations } from './handlers.ts';
import type { SendOptions } from './handling.ts';
import type { SubscriptionOperations } from './subscriptions.ts';
import type { TopicOperations } from './topics.ts';
import type { TriggerOperations } from './triggers.ts';

export type { Lease } from '../store/leases.ts';

/** Who asks, and the trace that the request came with. */
export interface Caller {
  readonly name: string;
  readonly scopes: readonly string[];
  /**
   * The request that what this one HTTP request sends belongs to unless it says otherwise: from its `traceparent` or
   * `x-request-id` header. Null where each root event begins a request of its own.
   */
  readonly requestId: string | null;
  /** Aborted when the caller has gone before the answer was sent; absent where that can not be. */
  readonly signal?: AbortSignal | undefined;
}

/** The events that writes answer with hold what the write knew of them; the rest is read when it is asked for. */
export interface SendOutcome {
  readonly event: PartialEvent;
  /** The hash was known: `event` is the one that has it. */
  readonly duplicate: boolean;
  /** The runs of handlers that were made with it. */
  readonly executions: readonly Execution[];
}

export interface ItemError {
  readonly index: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** What a single mutation has beside the code in its error's `extensions`. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** In the order of the input; null where that item failed. */
export interface BatchOutcome {
  readonly events: readonly (PartialEvent | null)[];
  readonly errors: readonly ItemError[];
}

export interface SendBatchOutcome extends BatchOutcome {
  /** The places in the input of those whose hash was known. */
  readonly duplicates: readonly number[];
}

/** A job in the hands of a worker. */
export interface Enrollment {
  readonly event: PartialEvent;
  readonly source: PartialEvent;
  readonly attempt: number;
  readonly leaseUntil: Date;
}

/** What a bulk mutation changed, or would change. */
export interface BulkOutcome {
  readonly count: number;
  /** Of the first thousand. */
  readonly ids: readonly string[];
}

/** A count that stops at 25,000; `exact` is false where it did, or where a text search gave up. */
export interface Count {
  readonly count: number;
  readonly exact: boolean;
}

export interface EventOrder {
  readonly by: OrderKey;
  readonly direction: Direction;
}

/** Times are inclusive. */
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

/** Every intended refusal is a ThroughlineError. `fields` names the columns to read besides the id: no others are read. */
export interface Operations
  extends SubscriptionOperations, TriggerOperations, TopicOperations, HandlerOperations {
  sendEvent(caller: Caller, input: SendInput, options?: SendOptions): Promise<SendOutcome>;
  sendEvents(caller: Caller, input: readonly SendInput[]): Promise<SendBatchOutcome>;
  updateEvent(caller: Caller, input: UpdateInput): Promise<PartialEvent>;
  updateEvents(caller: Caller, input: readonly UpdateInput[]): Promise<BatchOutcome>;
  /** Returns the id. */
  deleteEvent(caller: Caller, id: string): Promise<string>;
  restartEvents(caller: Caller, filter: EventFilter | null, dryRun: boolean): Promise<BulkOutcome>;
  abortEvents(caller: Caller, filter: EventFilter | null, dryRun: boolean): Promise<BulkOutcome>;
  deleteEvents(caller: Caller, filter: EventFilter | null, dryRun: boolean): Promise<BulkOutcome>;

  /** One to `count` jobs; none where there was none in time. What was claimed for a caller who has gone is given back. */
  enroll(caller: Caller, input: EnrollInput, count: number): Promise<readonly Enrollment[]>;
  /** LEASE_LOST where the attempt does not hold it; null `leaseMs` for as long as the claim asked for. */
  extendLease(eventId: string, attempt: number, leaseMs: number | null): Promise<Lease>;
  /** Gives the job back unfinished; its run is not counted. */
  releaseJob(caller: Caller, eventId: string, attempt: number): Promise<PartialEvent>;

  /** Unknown ids are absent from the map. */
  eventsByIds(ids: readonly string[], fields: readonly EventField[]): Promise<Map<string, PartialEvent>>;
  eventByHash(hash: string, fields: readonly EventField[]): Promise<PartialEvent | null>;
  listEvents(
    filter: EventFilter | null,
    order: EventOrder,
    page: PageArguments,
    fields: readonly EventField[],
  ): Promise<Page<PartialEvent>>;
  countEvents(filter: EventFilter | null): Promise<Count>;
  eventLog(query: EventLogQuery, fields: readonly EventField[]): Promise<readonly PartialEvent[]>;
  countEventLog(query: EventLogQuery): Promise<Count>;
  eventsOfRequest(requestId: string, fields: readonly EventField[]): Promise<readonly PartialEvent[]>;
  /** The node and all below it, parents first; empty where there is no such node. */
  eventsBelowNode(
    requestId: string,
    nodeId: string,
    fields: readonly EventField[],
  ): Promise<readonly PartialEvent[]>;
  /** Null where the request has no events. */
  eventChain(requestId: string, fields: readonly EventField[]): Promise<Chain | null>;
  /** One page for each parent, oldest first, in one statement. */
  dependentsOf(
    parentIds: readonly string[],
    page: PageArguments,
    fields: readonly EventField[],
  ): Promise<Map<string, Page<PartialEvent>>>;
  countDependents(parentIds: readonly string[]): Promise<Map<string, Count>>;
  /** Oldest first, for each id. */
  historiesOf(ids: readonly string[]): Promise<Map<string, readonly StatusChange[]>>;
  /** Only of jobs that are held now. */
  leasesOf(ids: readonly string[]): Promise<Map<string, Lease>>;
  /** When they are to be sent, of those that are held back. */
  sendTimesOf(ids: readonly string[]): Promise<Map<string, Date>>;
  /** Where the log ends now; 0 where it is empty. */
  position(): Promise<Position>;
  /** The last progress broadcast for an event, where this gateway has seen it. */
  progressOf(id: string): number | null;
}
