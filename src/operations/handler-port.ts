// The interface of handlers for operations: plans the runs of an event, executes them, and lists handlers.
import type { BaseType, BrokenHandler, Execution, Handler } from '../domain/handlers/handler.ts';
import type { EventRecord } from '../domain/events/event.ts';
import type { CreatedJob } from '../store/jobs/create-jobs.ts';
import type { NewEvent, NewRun } from '../store/events/create-events.ts';

/** How the runs of a send are handled besides. */
export interface SendOptions {
  /** Name of a handler that runs for the event whatever its topic. */
  readonly call?: string | null;
  /** The gateway's own event: its topic may be a reserved one. */
  readonly isOwn?: boolean;
  /** The row of the outbox that is moved into the log; the event gets its id. */
  readonly outboxId?: string | null;
  /** Nobody waits for an answer: all of its runs are in the background. */
  readonly background?: boolean;
  /** An event without a hash gets its own id as hash: 32 hexadecimal digits. */
  readonly hashIsId?: boolean;
  /** REPLACE may change any status to any. */
  readonly lenient?: boolean;
}

/** The runs that an event gets, decided before it is written. */
export interface Plan {
  /** To be written with the event. */
  readonly runs: readonly NewRun[];
  /**
   * Runs the synchronous ones in their order; `made` are the runs as they were written. Rejects with HANDLER_FAILED where one
   * has failed whose failure is its sender's.
   */
  execute(event: EventRecord, made: readonly (CreatedJob | null)[]): Promise<readonly Execution[]>;
  /** The event was not written, and will not be. */
  drop(): void;
}

/** One as it is here, or why it is not. */
export type ListedHandler = ListedWorking | (BrokenHandler & { readonly works: false });

export interface ListedWorking extends Pick<
  Handler,
  'fullName' | 'title' | 'eventType' | 'source' | 'where' | 'async'
> {
  readonly works: true;
  readonly enabled: boolean;
  /** Events on which its filter, or its isValid, failed, since this gateway started. */
  readonly filterErrors: number;
  readonly lastFilterError: string | null;
}

export interface Handling {
  /** Null where no handler is for events of this topic. */
  plan(event: NewEvent, options: SendOptions): Promise<Plan> | null;
  /** The kind of events that those with this `eventType` are. */
  baseTypeOf(eventType: string): BaseType;
  /** By full name. */
  list(): readonly ListedHandler[];
  /** Whether there is one that works. */
  has(fullName: string): boolean;
  /** Persistent, and effective at every gateway. False if there is no handler of that name. */
  setEnabled(fullName: string, enabled: boolean): Promise<boolean>;
}
