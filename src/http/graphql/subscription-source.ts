// The interface between the transports of subscriptions (WebSocket, SSE) and their execution.
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Caller } from '../../operations/callers.ts';

/** A subscription operation, parsed and valid. */
export interface SubscriptionRequest {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  readonly variables?: Record<string, unknown> | null;
  readonly caller: Caller;
  /** Whether each result has the cost in its extensions. */
  readonly tellsCost?: boolean;
}

/**
 * Takes the serialised payload (`{"data":…}`) of one result; false when the subscriber reads too slowly.
 */
export type Direct = (payload: string) => boolean;

export interface SubscriptionSource {
  /**
   * An execution for one subscriber: an ExecutionResult with errors, or its results in order, their errors masked
   * already. `direct`, where given, is called with each result once the subscriber has caught up with the others of
   * its kind (so never before the iterator was asked for the result after the last one it yielded), instead of
   * yielding it; when it returns false, the iterator ends by throwing a ThroughlineError SLOW_SUBSCRIBER, whose
   * `position` is where to go on. An operation that is executed for one subscriber alone always yields, and takes what
   * it yields when `next()` asks for it. `return()` ends it at once, also while a `next()` is pending.
   */
  subscribe(
    request: SubscriptionRequest,
    direct?: Direct,
  ): Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>>;
  /** Called when a transport expects subscribers soon (a socket was accepted); returns the release. */
  warm(): () => void;
}
