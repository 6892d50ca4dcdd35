// The definition of a handler: the events it handles, its function, and its settings.
import type { EventError, EventRecord } from '../events/event.ts';
import type { JsonValue } from '../values/json.ts';

/** The built-in types. Others are derived from them. */
export const baseTypes = ['events.NormalType', 'events.ModelType', 'events.WorkflowType'] as const;
export type BaseType = (typeof baseTypes)[number];

/** The event fields passed to a handler. */
export type HandledEvent = Pick<
  EventRecord,
  | 'id'
  | 'topic'
  | 'eventType'
  | 'sender'
  | 'senderType'
  | 'project'
  | 'user'
  | 'requestId'
  | 'nodeId'
  | 'status'
  | 'summary'
  | 'payload'
  | 'createdAt'
>;

/** One run of a handler. It is itself an event with the id `eventId`, node `nodeId` and request `requestId`. */
export interface Run {
  readonly eventId: string;
  readonly requestId: string;
  readonly nodeId: string;
  /** 1 for the first attempt. Each run that fails or loses its lease is followed by the next. */
  readonly attempt: number;
  /** Aborted at the timeout, or when the run's lease is lost. Later results are ignored. */
  readonly signal: AbortSignal;
}

export interface Handler {
  /** The topic of its runs, such as `events.ArchiveStatistics`. */
  readonly fullName: string;
  readonly title: string | null;
  /** One of `baseTypes`, or a type of the app folder that is derived from one. */
  readonly eventType: string;
  /** The type of events it handles. Events of other types are ignored, whatever their topic. */
  readonly baseType: BaseType;
  /** The topic (JitAI: the sender) of the events it handles. */
  readonly source: string;
  /** A checked CEL expression; null to handle all events. */
  readonly where: string | null;
  /** Whether it runs in the background, instead of before the sender is answered. */
  readonly async: boolean;
  /** The declared default. An admin's setting has precedence. */
  readonly enabled: boolean;
  /**
   * Synchronous handlers run in this order; with equal numbers in the order of declaration, app elements by full
   * name.
   */
  readonly order: number;
  /** Whether a failure fails the sender's call. Only for synchronous handlers. */
  readonly failSender: boolean;
  /** Timeout of a run, in milliseconds; null for the gateway's setting. */
  readonly timeoutMs: number | null;
  /** The maximum number of retries of a background run. */
  readonly maxRetries: number;
  /** Delay before the first retry, in milliseconds; doubled with each retry. */
  readonly retryDelayMs: number;
  /** Whether to handle an event that matches type, source and filter. */
  readonly isValid: (event: HandledEvent) => boolean | Promise<boolean>;
  /** Returns the result of the run: JSON, or undefined for none. */
  readonly run: (event: HandledEvent, run: Run) => unknown;
}

/** A handler that cannot run: its name, and the problem with file and field. */
export interface BrokenHandler {
  readonly fullName: string;
  readonly title: string | null;
  readonly problem: string;
}

/** A topic as declared by a service or a caller. */
export interface TopicDeclaration {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  /** JSON Schemas; null to accept any value. */
  readonly summarySchema: JsonValue | null;
  readonly payloadSchema: JsonValue | null;
}

/** A handler's run for a sent event: ended if synchronous, otherwise waiting. */
export interface Execution {
  /** The handler's full name. */
  readonly handler: string;
  /** The run's event when the send was answered. */
  readonly event: Pick<EventRecord, 'id' | 'nodeId' | 'status'>;
  readonly result: JsonValue;
  readonly error: EventError | null;
}
