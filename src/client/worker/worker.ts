// A worker: takes jobs as long as it has room, keeps their leases, and runs their handlers.
import { backoffMs, pause } from '../connection/backoff.ts';
import type { Connection } from '../connection/connection.ts';
import { isTemporary, isThroughlineError } from '../errors.ts';
import { type Ends, Running, type StopOptions } from '../running.ts';
import { watch } from '../watching/watch.ts';
import type { EnrollInput } from '../../../generated/client/graphql.ts';
import type { Job } from './job.ts';
import { JobRun, type RunParts } from './job-run.ts';
import { type ClaimedJob, type JobSource, pushedJobs } from './job-source.ts';
import { LeaseKeeper } from './lease-keeper.ts';
import { Updates } from './updates.ts';

type EnrollOptions = Omit<EnrollInput, 'sourceTopics' | 'targetTopic' | 'worker' | 'waitMs'>;

/** Fields of EnrollInput, such as `consumer`, `where`, `leaseMs` and `maxRetries`, and settings of the worker. */
export interface WorkerOptions extends EnrollOptions, StopOptions {
  /** The topics of the events that it works on. Omitted: a plain queue, whose jobs are the PENDING events of `target`. */
  readonly source?: string | readonly string[];
  /** The topic of the jobs. */
  readonly target: string;
  /** Jobs at once. Default: 1. */
  readonly concurrency?: number;
  /** Further jobs to claim, which wait here under their leases. Default: 0; more for many short jobs. */
  readonly prefetch?: number;
  /** A name for histories and logs. Default: a random one. */
  readonly worker?: string;
  /** Called when the gateway was asked for jobs: at the start, and again after the connection was lost. */
  readonly onConnected?: () => void;
  /** Called when a job failed, and when the gateway cannot be reached. */
  readonly onError?: (error: unknown, jobId?: string) => void;
}

const defaults = { leaseMs: 30_000, maxRetries: 3 };

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyHandler = (job: Job<any, any>) => unknown;

export function runWorker(connection: Connection, options: WorkerOptions, handler: AnyHandler): Running {
  return new Running(options, async (ends) => {
    const { stopping } = ends;
    const settings = settingsOf(options);
    const { leaseMs, maxRetries, worker, targetTopic } = settings.input;
    const leases = await LeaseKeeper.start({
      url: connection.url,
      credentials: connection.credentials,
      leaseMs,
    });
    const { onError = () => {}, onConnected = () => {} } = options;
    const updates = new Updates(connection, ends.ending, onError);
    const source = pushedJobs(connection, settings.input, onConnected);
    const jobs = new Jobs({ connection, leases, updates, worker, maxRetries, handler, onError }, settings);
    ends.ending.addEventListener('abort', () => jobs.endAll('stopping', 'The worker stops.'));
    endAborted(connection, targetTopic, jobs, stopping).catch((error: unknown) => {
      if (!isThroughlineError(error, 'FORBIDDEN')) onError(error);
    });
    try {
      await jobs.runFrom(source, ends);
    } finally {
      await leases.stop();
    }
  });
}

function settingsOf(options: WorkerOptions) {
  const { source, target, concurrency = 1, prefetch = 0, worker, ...rest } = options;
  const { signal: _signal, graceMs: _graceMs, stopOn: _stopOn, ...others } = rest;
  const { onError: _onError, onConnected: _onConnected, ...enroll } = others;
  const sourceTopics = typeof source === 'string' ? [source] : source;
  return {
    concurrency,
    prefetch,
    input: {
      ...enroll,
      ...(sourceTopics && { sourceTopics }),
      targetTopic: target,
      worker: worker ?? randomName(),
      leaseMs: enroll.leaseMs ?? defaults.leaseMs,
      maxRetries: enroll.maxRetries ?? defaults.maxRetries,
    },
  };
}

function randomName(): string {
  const { pid } = (globalThis as { process?: { pid?: number } }).process ?? {};
  return `worker-${pid ?? 'x'}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Ends runs of jobs that somebody aborts before their next heartbeat does, if the key may read events. */
async function endAborted(
  connection: Connection,
  topic: string,
  jobs: Jobs,
  signal: AbortSignal,
): Promise<void> {
  const filter = { topics: [topic], statuses: ['ABORTED' as const] };
  for await (const { event } of watch(connection, { filter, kinds: ['STATUS'], payload: false, signal }))
    jobs.end(event.id, 'aborted', 'The job was aborted.');
}

/** The jobs that are held: some run, and some may wait for their turn. */
class Jobs {
  readonly #parts: RunParts;
  readonly #concurrency: number;
  readonly #capacity: number;
  readonly #held = new Map<string, JobRun>();
  readonly #waiting: JobRun[] = [];
  readonly #running = new Set<JobRun>();
  #wake = () => {};

  constructor(parts: RunParts, { concurrency, prefetch }: { concurrency: number; prefetch: number }) {
    this.#parts = parts;
    this.#concurrency = concurrency;
    this.#capacity = concurrency + prefetch;
  }

  /** Takes and runs jobs until it is stopped, then waits for those that it holds. */
  async runFrom(source: JobSource, { stopping, ending }: Ends): Promise<void> {
    const closing = new AbortController();
    // Jobs that are IN_PROGRESS outlive the stream that brought them.
    stopping.addEventListener('abort', () => void this.#startAll().finally(() => closing.abort()));
    for (let failures = 0; !stopping.aborted;) {
      try {
        for await (const job of source.open(this.#capacity, closing.signal)) {
          failures = 0;
          // What comes now is released by the gateway when the stream ends.
          if (!stopping.aborted) this.#add(job);
        }
      } catch (error) {
        if (!isTemporary(error)) throw error;
        this.#parts.onError(error);
      }
      this.#dropWaiting();
      if (stopping.aborted) break;
      failures += 1;
      await pause(backoffMs(failures), stopping);
    }
    while (this.#held.size > 0) {
      if (ending.aborted) this.endAll('stopping', 'The worker stops.');
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  end(id: string, ...why: Parameters<JobRun['end']>): void {
    this.#held.get(id)?.end(...why);
  }

  endAll(...why: Parameters<JobRun['end']>): void {
    for (const run of this.#held.values()) run.end(...why);
  }

  #add(job: ClaimedJob): void {
    const run = new JobRun(this.#parts, job);
    this.#held.set(run.id, run);
    this.#parts.leases.hold(run, (message) => run.end('lost', message));
    this.#waiting.push(run);
    this.#begin();
  }

  #begin(): void {
    while (this.#running.size < this.#concurrency) {
      const run = this.#waiting.shift();
      if (!run) return;
      this.#running.add(run);
      void run.run().finally(() => {
        this.#running.delete(run);
        if (this.#held.get(run.id) === run) this.#held.delete(run.id);
        this.#begin();
        this.#wake();
      });
    }
  }

  /** Jobs that were not begun are released by the gateway, and given to others. */
  #dropWaiting(): void {
    for (const run of this.#waiting.splice(0)) {
      this.#parts.leases.release(run);
      if (this.#held.get(run.id) === run) this.#held.delete(run.id);
    }
  }

  async #startAll(): Promise<void> {
    await Promise.allSettled([...this.#running].map((run) => run.start()));
  }
}
