// One run of a job: calls the handler, and writes how it ended.
import type { Connection } from '../connection/connection.ts';
import { inTraceOf } from '../connection/tracing.ts';
import { isThroughlineError } from '../errors.ts';
import { send, type SendOptions, type Sent } from '../sending/send.ts';
import {
  ExtendLeaseDocument,
  ReleaseJobDocument,
  type UpdateEventInput,
} from '../../../generated/client/graphql.ts';
import type { Job } from './job.ts';
import type { ClaimedJob } from './job-source.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { describeError, Fatal, RetryLater } from './outcomes.ts';
import type { Updates } from './updates.ts';

export interface RunParts {
  readonly connection: Connection;
  readonly leases: LeaseKeeper;
  readonly updates: Updates;
  /** The name of the worker. */
  readonly worker: string;
  readonly maxRetries: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly handler: (job: Job<any, any>) => unknown;
  readonly onError: (error: unknown, jobId?: string) => void;
}

/** Why a run has to end before its handler does. */
export type EndReason = 'lost' | 'aborted' | 'stopping';

class Ended extends Error {
  readonly reason: EndReason;

  constructor(reason: EndReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A job becomes IN_PROGRESS after so long, in milliseconds: one that is done sooner is written once. */
const startedMs = 50;
const leaseBoundsMs = { min: 1_000, max: 3_600_000 };

export class JobRun {
  readonly id: string;
  readonly attempt: number;
  readonly #parts: RunParts;
  readonly #claimed: ClaimedJob;
  readonly #ending = new AbortController();
  readonly #sends = new Map<string, number>();
  #isStarted = false;
  #reporting: Promise<void> | undefined;
  #report: { readonly progress: number; readonly description?: string } | undefined;

  constructor(parts: RunParts, claimed: ClaimedJob) {
    this.#parts = parts;
    this.#claimed = claimed;
    this.id = claimed.event.id;
    this.attempt = claimed.attempt;
  }

  /** Ends the run. Work that ignores the signal is left to itself: what it still writes is refused. */
  end(reason: EndReason, message: string): void {
    this.#ending.abort(new Ended(reason, message));
  }

  /** Never rejects: a job whose end cannot be written is claimed again when its lease ends. */
  async run(): Promise<void> {
    const { leases, onError } = this.#parts;
    const timer = setTimeout(() => void this.start().catch(() => {}), startedMs);
    try {
      const result = await this.#work();
      clearTimeout(timer);
      await this.#finish(result);
    } catch (error) {
      clearTimeout(timer);
      await this.#conclude(this.#ending.signal.aborted ? this.#ending.signal.reason : error).catch(
        (failure: unknown) => onError(failure, this.id),
      );
    } finally {
      leases.release(this);
    }
  }

  #work(): Promise<unknown> {
    const { signal } = this.#ending;
    const ended = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    const { event } = this.#claimed;
    const working = inTraceOf(event, async () => this.#parts.handler(this.#job()));
    return Promise.race([working, ended]);
  }

  #job(): Job<unknown, string> {
    const { event, source, attempt } = this.#claimed;
    return {
      id: event.id,
      attempt,
      retries: event.retries,
      requestId: event.requestId,
      source,
      payload: source ? source.payload : event.payload,
      signal: this.#ending.signal,
      progress: (progress, description) => this.#progress(progress, description),
      send: (topic, payload, options) => this.#send(topic, payload, options),
    } as Job<unknown, string>;
  }

  /** Writes that the job is IN_PROGRESS, once. */
  async start(): Promise<void> {
    if (this.#isStarted || this.#ending.signal.aborted) return;
    this.#isStarted = true;
    await this.#write({ status: 'IN_PROGRESS' });
  }

  async #finish(result: unknown): Promise<void> {
    try {
      await this.#write({ status: 'FINISHED', result: result ?? null });
    } catch (error) {
      // A result that the gateway does not take is a failure of the job.
      if (!isThroughlineError(error, 'LIMIT_EXCEEDED') && !isThroughlineError(error, 'BAD_USER_INPUT'))
        throw error;
      await this.#conclude(error);
    }
  }

  async #conclude(error: unknown): Promise<void> {
    const { connection, leases, maxRetries, onError } = this.#parts;
    const { id: eventId, attempt } = this;
    if (error instanceof Ended) {
      if (error.reason === 'stopping') {
        leases.release(this);
        await connection.request(ReleaseJobDocument, { eventId, attempt });
      }
      return;
    }
    if (isThroughlineError(error, 'LEASE_LOST')) return;
    onError(error, eventId);
    const hasRetries = this.#claimed.event.retries < maxRetries;
    if (error instanceof RetryLater && hasRetries) return this.#retryLater(error);
    await this.#write({
      status: 'FAILED',
      error: describeError(error),
      ...(error instanceof Fatal && { retries: maxRetries }),
    });
  }

  /** The lease becomes as long as the delay, and nobody extends it: when it lapses, the job is tried again. */
  async #retryLater(error: RetryLater): Promise<void> {
    const { connection, leases } = this.#parts;
    const { id: eventId, attempt } = this;
    await this.#write({ error: describeError(error), description: error.message });
    leases.release(this);
    const leaseMs = Math.min(Math.max(Math.round(error.ms), leaseBoundsMs.min), leaseBoundsMs.max);
    await connection.request(ExtendLeaseDocument, { eventId, attempt, leaseMs }, { retryForMs: leaseMs });
  }

  #progress(progress: number, description?: string): Promise<void> {
    this.#report = { progress, ...(description !== undefined && { description }) };
    this.#reporting ??= this.#sendReports();
    return this.#reporting;
  }

  async #sendReports(): Promise<void> {
    try {
      while (this.#report && !this.#ending.signal.aborted) {
        const report = this.#report;
        this.#report = undefined;
        const starts = !this.#isStarted;
        this.#isStarted = true;
        await this.#write({ ...report, ...(starts && { status: 'IN_PROGRESS' as const }) });
      }
      this.#ending.signal.throwIfAborted();
    } finally {
      this.#reporting = undefined;
    }
  }

  #send(topic: string, payload: unknown, options: SendOptions & { summary?: unknown } = {}): Promise<Sent> {
    this.#ending.signal.throwIfAborted();
    const { id } = this;
    const count = (this.#sends.get(topic) ?? 0) + 1;
    this.#sends.set(topic, count);
    const hash = `${id}/${topic}${count > 1 ? `/${count}` : ''}`;
    const { connection, worker } = this.#parts;
    const retryForMs = Infinity;
    const signal = this.#ending.signal;
    return send(connection, {
      ...{ hash, sender: worker, retryForMs, signal },
      ...options,
      ...{ topic, payload, dependsOn: id },
    });
  }

  async #write(change: Omit<UpdateEventInput, 'id' | 'attempt'>): Promise<void> {
    try {
      await this.#parts.updates.write({ id: this.id, attempt: this.attempt, ...change });
    } catch (error) {
      if (isThroughlineError(error, 'LEASE_LOST') || isThroughlineError(error, 'NOT_FOUND'))
        this.end('lost', error.message);
      throw error;
    }
  }
}
