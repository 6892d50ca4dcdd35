// The client of a gateway: sends, asks, watches, consumes and works.
import { Connection, type ConnectionOptions } from './connection/connection.ts';
import type { RequestOptions, TypedDocument } from './connection/http.ts';
import {
  consume,
  type ConsumeOptions,
  type Delivered,
  type SubscriptionTarget,
} from './consuming/consume.ts';
import { send, type SendOptions, type Sent } from './sending/send.ts';
import { sendMany, type SendManyOptions, type SendResult } from './sending/send-many.ts';
import type { AnyTopics, PayloadOf, SummaryOf, TopicOf } from './topics.ts';
import {
  type EventChange,
  type EventProgress,
  type ProgressOptions,
  type StatusOptions,
  watch,
  type WatchOptions,
  watchProgress,
  watchStatus,
} from './watching/watch.ts';
import type { Running } from './running.ts';
import type { Job } from './worker/job.ts';
import { runWorker, type WorkerOptions } from './worker/worker.ts';
import type { SendEventInput } from '../../generated/client/graphql.ts';

export type { ConnectionOptions } from './connection/connection.ts';
export type { GetToken } from './connection/credentials.ts';
export type { RequestOptions, TypedDocument } from './connection/http.ts';
export type { ConsumeOptions, Delivered, SubscriptionTarget } from './consuming/consume.ts';
export { type ErrorCode, type GatewayErrorCode, isThroughlineError, ThroughlineError } from './errors.ts';
export type { Running, StopOptions } from './running.ts';
export type { SendManyOptions, SendResult } from './sending/send-many.ts';
export type { SendOptions, Sent } from './sending/send.ts';
export type { AnyTopics, PayloadOf, SummaryOf, TopicOf, TopicTypes } from './topics.ts';
export type { StreamState } from './watching/resume.ts';
export type {
  EventChange,
  EventProgress,
  ProgressOptions,
  StatusOptions,
  StatusTarget,
  StreamOptions,
  WatchOptions,
} from './watching/watch.ts';
export type { Job, SourceEvent } from './worker/job.ts';
export { Fatal, RetryLater } from './worker/outcomes.ts';
export type { WorkerOptions } from './worker/worker.ts';

/** An event of `sendMany`: of one of the topics, with the fields of SendEventInput. */
export type EventInput<Topics> = {
  [Topic in TopicOf<Topics>]: Omit<SendEventInput, 'topic' | 'payload' | 'kwargs' | 'summary'> & {
    readonly topic: Topic;
    readonly payload: PayloadOf<Topics, Topic>;
    readonly summary?: SummaryOf<Topics, Topic>;
  };
}[TopicOf<Topics>];

/** The topics that a worker may name: declared ones, and patterns such as `order.*`. */
type SourceOf<Topics> = TopicOf<Topics> | `${string}*${string}`;

export interface Client<Topics = AnyTopics> {
  /** Sends an event. Safe to repeat, and repeated while the gateway is away: see `retryForMs`. */
  send<Topic extends TopicOf<Topics>>(
    topic: Topic,
    payload: PayloadOf<Topics, Topic>,
    options?: SendOptions & { readonly summary?: SummaryOf<Topics, Topic> },
  ): Promise<Sent>;
  /** Sends a stream of events in batches, and yields a result per event, in order. */
  sendMany(
    events: Iterable<EventInput<Topics>> | AsyncIterable<EventInput<Topics>>,
    options?: SendManyOptions,
  ): AsyncIterableIterator<SendResult>;
  /** Executes a query, repeated while the gateway is away. */
  query<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables?: Variables,
    options?: RequestOptions,
  ): Promise<Result>;
  /** Executes a mutation, once unless `retryForMs` is given. */
  mutate<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    variables?: Variables,
    options?: RequestOptions,
  ): Promise<Result>;
  /** Every change of the selected events from now on, or after a position: each once, in order, across reconnects. */
  watch(options?: WatchOptions): AsyncIterableIterator<EventChange>;
  /** The current status of some events or of a request's, then every change. */
  status(target: StatusOptions): AsyncIterableIterator<EventChange>;
  /** Progress as it is reported. */
  progress(options?: ProgressOptions): AsyncIterableIterator<EventProgress>;
  /** Handles the events of a durable subscription, each acknowledged after its handler. */
  consume(
    subscription: SubscriptionTarget,
    handler: (event: Delivered, signal: AbortSignal) => unknown,
    options?: ConsumeOptions,
  ): Running;
  /** Works on jobs. The handler's return value is the job's result; an error that it throws is the job's error. */
  worker<Source extends SourceOf<Topics>>(
    options: WorkerOptions & { readonly source: Source | readonly Source[] },
    handler: (job: Job<Topics, Source>) => unknown,
  ): Running;
  worker<Target extends TopicOf<Topics>>(
    options: WorkerOptions & { readonly source?: undefined; readonly target: Target },
    handler: (job: Job<Topics, Target>) => unknown,
  ): Running;
  /** Closes the WebSocket. */
  close(): Promise<void>;
}

/** How long a query is repeated by default, in milliseconds. */
const queryRetryMs = 30_000;

/**
 * Creates a client; nothing is connected before it is used. `Topics` is the interface that `throughline codegen` writes;
 * without it, any topic takes any payload.
 */
export function createClient<Topics = AnyTopics>(options: ConnectionOptions): Client<Topics> {
  const connection = new Connection(options);
  return {
    send: (topic, payload, given = {}) => send(connection, { ...given, topic, payload }),
    sendMany: (events, given) => sendMany(connection, events, given),
    query: (document, variables, given) =>
      connection.request(document, variables ?? {}, { retryForMs: queryRetryMs, ...given }),
    mutate: (document, variables, given) => connection.request(document, variables ?? {}, given),
    watch: (given) => watch(connection, given),
    status: (target) => watchStatus(connection, target),
    progress: (given) => watchProgress(connection, given),
    consume: (subscription, handler, given) => consume(connection, subscription, handler, given),
    worker: (given: WorkerOptions, handler: Parameters<typeof runWorker>[2]) =>
      runWorker(connection, given, handler),
    close: () => connection.close(),
  };
}
