// What a worker gets and what it gives: a job, the tools for working on it, and the worker's settings.

/** A job that the worker holds. */
export interface Job {
  readonly id: string;
  /** The fencing token: 1 for the first claim, one more for each further one. */
  readonly attempt: number;
  /** When the lease ends unless it is extended, by the gateway's clock; heartbeats see to that. */
  readonly leaseUntil: string;
  readonly requestId: string;
  /** The event that the job is for. */
  readonly source: {
    readonly id: string;
    readonly topic: string;
    readonly payload: Readonly<Record<string, unknown>>;
  };
}

/** An event that the work leads to; further fields are those of SendEventInput. */
export interface FurtherEvent {
  readonly topic: string;
  readonly payload?: object;
  readonly [field: string]: unknown;
}

export interface Tools {
  /** Aborted when the job is not the worker's any more, or the worker has to stop: then end the work. */
  readonly signal: AbortSignal;
  /** Tells whoever watches how far the work has come, from 0 to 100. Rejects where the job is lost. */
  progress(percent: number, description?: string): Promise<void>;
  /**
   * Sends an event below the job, and resolves with its id. A job may run more than once: what it sends has a `hash`,
   * the job's id and the topic unless given, so that the event is there once.
   */
  send(event: FurtherEvent): Promise<string>;
}

export interface WorkerSettings {
  readonly url: string;
  readonly key: string;
  /** A name for the histories and logs. */
  readonly worker: string;
  readonly sourceTopics: readonly string[];
  readonly targetTopic: string;
  /** Further fields of EnrollInput, such as `filter`, `sequential`, `maxRetries` or `retryDelayMs`. */
  readonly enroll?: Readonly<Record<string, unknown>>;
  /** How many jobs it works on at once; 1 unless given. */
  readonly concurrency?: number;
  /** How soon somebody else may take a job after this worker has died, in milliseconds; 30,000 unless given. */
  readonly leaseMs?: number;
  /** How long claimed jobs may continue after a stop is requested, in milliseconds; default 10,000. */
  readonly graceMs?: number;
  /** Aborted to stop it: it takes no more, and finishes what it holds or gives it back. */
  readonly stop?: AbortSignal;
  /** Told what happens, for people to read. */
  readonly report?: (what: string, job?: Job) => void;
  /** The work. What it resolves with becomes the job's result; an error makes it FAILED, to be tried again. */
  handle(job: Job, tools: Tools): Promise<unknown>;
}
