// Pushed jobs: a stream that claims further jobs for one subscriber as its current ones end.
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { limits } from '../base/limits.ts';
import { ThroughlineError } from '../base/errors.ts';
import type { Database } from '../database/database.ts';
import { checkPrefetch, type EnrollInput } from '../domain/jobs/enroll.ts';
import { type ClaimedJob, HeldJobs } from '../jobs/held-jobs.ts';
import type { Live } from '../live/live.ts';
import type { LogTail } from '../log/tail.ts';
import { readLeases } from '../store/jobs/leases.ts';
import type { Caller } from './callers.ts';
import { checkEnrollOf, enroll, giveBackUnbegun, type JobsParts } from './jobs.ts';
import type { Enrollment, JobBatches, PushedJobsRequest } from './operations.ts';

export interface PushedJobsParts extends JobsParts {
  readonly database: Database;
  readonly tail: LogTail;
  readonly live: Live;
}

/** Checks the request. Nothing is claimed before the first batch is asked for. */
export async function pushJobs(
  parts: PushedJobsParts,
  caller: Caller,
  { input, prefetch, room }: PushedJobsRequest,
): Promise<JobBatches> {
  const { terms } = checkEnrollOf(caller, input);
  const most = checkPrefetch(prefetch);
  const release = await parts.tail.hold();
  return new PushedJobs(parts, caller, { input, most, room, leaseMs: terms.leaseMs, release });
}

interface Terms {
  readonly input: EnrollInput;
  readonly most: number;
  readonly room: number;
  readonly leaseMs: number;
  /** Lets go of the log tail. */
  readonly release: () => void;
}

/** Jobs of one batch at most: one is claimed while the one before is delivered. */
const batchSize = 100;

/**
 * Claims one batch more than the reader has asked for, so that one who does not read holds little more than it was given. At
 * most one call of enroll is out, for as many jobs as were free when it began: whatever ends while it waits for work is asked
 * for by the next one, which begins as soon as there is some.
 */
class PushedJobs implements JobBatches {
  readonly #parts: PushedJobsParts;
  readonly #caller: Caller;
  readonly #terms: Terms;
  readonly #held: HeldJobs;
  readonly #going = new AbortController();
  /** Aborted to give back what a call of enroll still gets. */
  #asking: AbortController | undefined;
  #freed: (() => void) | undefined;
  /** The batch that is claimed while the reader delivers the one before. */
  #ahead: Promise<IteratorResult<readonly Enrollment[]>> | undefined;
  /** Only the first call returns what a sticky worker held before: later ones would return what it holds here. */
  #isFirst = true;
  #isFailed = false;

  constructor(parts: PushedJobsParts, caller: Caller, terms: Terms) {
    this.#parts = parts;
    this.#caller = caller;
    this.#terms = terms;
    this.#held = new HeldJobs({
      live: parts.live,
      readLeases: (ids) => readLeases(parts.database, ids),
      onEnd: () => this.#freed?.(),
    });
  }

  async next(): Promise<IteratorResult<readonly Enrollment[]>> {
    if (this.#isFailed) this.#end();
    const batch = await (this.#ahead ?? this.#take());
    this.#ahead = batch.done ? undefined : this.#take();
    // Until the reader comes for it, a failure must not count as unhandled.
    this.#ahead?.catch(() => {});
    return batch;
  }

  async #take(): Promise<IteratorResult<readonly Enrollment[]>> {
    const { signal } = this.#going;
    while (!signal.aborted) {
      if (this.#free === 0) await this.#untilFree();
      if (signal.aborted) break;
      const jobs = await this.#claim().catch((error: unknown) => this.#failed(error));
      if (jobs.length > 0) return { value: jobs, done: false };
    }
    return { value: undefined, done: true };
  }

  /** Ends it at once, also while it waits, and gives back what the subscriber has not begun. */
  return(): Promise<IteratorResult<readonly Enrollment[]>> {
    this.#end();
    return Promise.resolve({ value: undefined, done: true });
  }

  unanswered({ event: { id }, attempt }: Enrollment): void {
    this.#isFailed = true;
    void giveBackUnbegun(this.#parts, this.#caller, [{ id, attempt }]);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get #free(): number {
    return this.#terms.most - this.#held.size;
  }

  /** Jobs that end in the same turn of the event loop, as those of one commit do, are replaced together. */
  async #untilFree(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#freed = resolve;
    });
    this.#freed = undefined;
    await turn();
  }

  async #claim(): Promise<readonly Enrollment[]> {
    const { input, room, leaseMs } = this.#terms;
    const count = Math.min(this.#free, batchSize);
    const sticky = this.#isFirst && (input.sticky ?? false);
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const asked = { ...input, sticky, waitMs: limits.waitMs };
      const jobs = await enroll(this.#parts, { ...this.#caller, signal: asking.signal }, asked, count, room);
      // Enroll releases what it claimed for a caller that has disconnected.
      if (asking.signal.aborted) return [];
      if (jobs.length > 0) this.#isFirst = false;
      this.#held.add(jobs.map(claimedJob), leaseMs);
      return jobs;
    } finally {
      this.#asking = undefined;
    }
  }

  #end(): void {
    if (this.#going.signal.aborted) return;
    this.#going.abort();
    this.#asking?.abort();
    this.#freed?.();
    void giveBackUnbegun(this.#parts, this.#caller, this.#held.clear());
    this.#terms.release();
  }

  /** As in NextEvents: a gateway that stops ends the connection, so that the client comes back. */
  async #failed(error: unknown): Promise<readonly Enrollment[]> {
    const { signal } = this.#going;
    const isStopping = error instanceof ThroughlineError && error.code === 'SHUTTING_DOWN';
    if (isStopping && !signal.aborted) await once(signal, 'abort');
    if (isStopping) return [];
    this.#end();
    throw error;
  }
}

function claimedJob({ event, attempt, leaseUntil, isKept }: Enrollment): ClaimedJob {
  return { id: event.id, attempt, position: event.position ?? null, leaseUntil, isKept };
}
