// What a handler is: which events it is for, and what is to be done with each.
import type { EventError, EventRecord } from './event.ts';
import type { JsonValue } from './json.ts';

/** The types that come with the gateway; others are built on top of one of them. */
export const baseTypes = ['events.NormalType', 'events.ModelType', 'events.WorkflowType'] as const;
export type BaseType = (typeof baseTypes)[number];

/** What a handler sees of the event that it is for. */
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

/** One run of a handler, which is an event too: `eventId`, the node `nodeId` of the request `requestId`. */
export interface Run {
  readonly eventId: string;
  readonly requestId: string;
  readonly nodeId: string;
  /** 1 for the first; a run that failed or was lost is repeated with the next. */
  readonly attempt: number;
  /** Aborted when the run has taken too long, or has been taken away; what it still does counts for nothing. */
  readonly signal: AbortSignal;
}

export interface Handler {
  /** The topic of its runs, such as `events.ArchiveStatistics`. */
  readonly fullName: string;
  readonly title: string | null;
  /** One of `baseTypes`, or a type of the app folder that is built on one. */
  readonly eventType: string;
  /** The kind of events it is for: an event of another kind is not for it, whatever its topic. */
  readonly baseType: BaseType;
  /** The topic (JitAI: the sender) of the events it is for. */
  readonly source: string;
  /** In CEL, checked; null where it is for all of them. */
  readonly where: string | null;
  /** Whether it runs in the background, or before its sender gets an answer. */
  readonly async: boolean;
  /** As it is declared; an admin's choice goes before it. */
  readonly enabled: boolean;
  /** Synchronous ones run in this order, those of the same number as they are declared: elements by full name. */
  readonly order: number;
  /** Whether its failure fails the sender's call; only where it is synchronous. */
  readonly failSender: boolean;
  /** How long a run may take, in milliseconds; null for the gateway's setting. */
  readonly timeoutMs: number | null;
  /** Of a run in the background. */
  readonly maxRetries: number;
  /** Doubled with each retry. */
  readonly retryDelayMs: number;
  /** Whether the event is for it, beyond type, source and filter. */
  readonly isValid: (event: HandledEvent) => boolean | Promise<boolean>;
  /** What it answers is the run's result: JSON, or undefined for none. */
  readonly run: (event: HandledEvent, run: Run) => unknown;
}

/** One that can not run: what it would be called, and what is wrong with it, with the file and the field. */
export interface BrokenHandler {
  readonly fullName: string;
  readonly title: string | null;
  readonly problem: string;
}

/** A topic as a service or a caller declares it. */
export interface TopicDeclaration {
  readonly name: string;
  readonly title: string | null;
  readonly description: string | null;
  /** JSON Schemas; null where anything fits. */
  readonly summarySchema: JsonValue | null;
  readonly payloadSchema: JsonValue | null;
}

/** A run for an event that was sent: over where it was synchronous, waiting where it is not. */
export interface Execution {
  /** The handler's full name. */
  readonly handler: string;
  /** As it was when the send was answered. */
  readonly event: Pick<EventRecord, 'id' | 'nodeId' | 'status'>;
  readonly result: JsonValue;
  readonly error: EventError | null;
}
