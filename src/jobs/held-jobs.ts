// The unfinished jobs of one subscriber: learns from the log, in memory, when each of them ends.
import { Alarm } from '../base/alarm.ts';
import type { Position } from '../domain/events/event.ts';
import type { LiveChange } from '../live/change.ts';
import type { Live } from '../live/live.ts';
import type { Lease } from '../store/jobs/leases.ts';

/** A job as it was claimed. */
export interface ClaimedJob {
  readonly id: string;
  readonly attempt: number;
  /** Of the claim's own entry in the log; null if the claim wrote none, because the worker held the job before. */
  readonly position: Position | null;
  readonly leaseUntil: Date;
  /** The worker held it before, under the same attempt: it may have begun. */
  readonly isKept: boolean;
}

interface HeldJob extends ClaimedJob {
  /** When the lease lapses unless it was extended, on the clock of `performance.now()`. */
  lapsesAt: number;
  /** From the database's clock to that one. */
  readonly clockOffset: number;
  hasBegun: boolean;
  readonly unwatch: () => void;
}

export interface HeldJobsParts {
  readonly live: Live;
  /** The current leases of these jobs, in one statement. */
  readonly readLeases: (ids: readonly string[]) => Promise<ReadonlyMap<string, Lease>>;
  /** Some jobs are held no longer. */
  readonly onEnd: () => void;
}

/** Pause before leases that could not be read are looked up again, in milliseconds. */
const retryMs = 1_000;

/** The log tail must be held meanwhile. */
export class HeldJobs {
  readonly #parts: HeldJobsParts;
  readonly #jobs = new Map<string, HeldJob>();
  readonly #alarm = new Alarm(() => this.#onAlarm());
  /** Jobs that may still be leased, according to the log. */
  readonly #doubtful = new Set<string>();
  #isChecking = false;

  constructor(parts: HeldJobsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#jobs.size;
  }

  /** `leaseMs`: how long the lease lasts from now. */
  add(claimed: readonly ClaimedJob[], leaseMs: number): void {
    const lapsesAt = performance.now() + leaseMs;
    for (const job of claimed) {
      // The lease lapsed, and the next attempt came before word of that.
      this.#jobs.get(job.id)?.unwatch();
      const unwatch = this.#parts.live.changes.watch({
        selector: { ids: [job.id], requestIds: null, topics: null, projects: null },
        accepts: () => true,
        push: (item) => this.#follow(item),
      });
      const clockOffset = lapsesAt - job.leaseUntil.getTime();
      this.#jobs.set(job.id, { ...job, lapsesAt, clockOffset, hasBegun: job.isKept, unwatch });
    }
    if (claimed.length > 0) this.#alarm.wakeIn(leaseMs);
  }

  /** Removes all jobs, and returns those of which the log has not said that their work has begun. */
  clear(): readonly ClaimedJob[] {
    this.#alarm.off();
    const jobs = [...this.#jobs.values()];
    for (const { unwatch } of jobs) unwatch();
    this.#jobs.clear();
    return jobs.filter(({ hasBegun }) => !hasBegun);
  }

  #follow({ change: { kind, status, position, event }, attempt }: LiveChange): void {
    const job = this.#jobs.get(event.id);
    if (!job || (position !== null && job.position !== null && position <= job.position)) return;
    const isOpen = kind !== 'DELETED' && (status === 'PENDING' || status === 'IN_PROGRESS');
    // A write without an attempt ends the lease.
    if (!isOpen || attempt !== job.attempt) return this.#end(job);
    job.hasBegun = status === 'IN_PROGRESS';
    // Released, lapsed, or put back to PENDING by its worker, who then keeps the lease.
    if (kind === 'STATUS' && status === 'PENDING') this.#doubt(job.id);
  }

  #end({ id, unwatch }: HeldJob): void {
    unwatch();
    this.#jobs.delete(id);
    this.#parts.onEnd();
  }

  /** The log has an entry for each lease that ends, and none for an extension, so a lapsed lease must be looked up. */
  #onAlarm(): void {
    const now = performance.now();
    for (const { id, lapsesAt } of this.#jobs.values()) if (lapsesAt <= now) this.#doubt(id);
    this.#setAlarm();
  }

  #setAlarm(): void {
    const now = performance.now();
    const times = [...this.#jobs.values()].map(({ lapsesAt }) => lapsesAt).filter((at) => at > now);
    if (times.length > 0) this.#alarm.wakeIn(Math.min(...times) - now);
  }

  #doubt(id: string): void {
    this.#doubtful.add(id);
    if (this.#isChecking) return;
    this.#isChecking = true;
    setImmediate(() => {
      void this.#checkAll().finally(() => {
        this.#isChecking = false;
      });
    });
  }

  async #checkAll(): Promise<void> {
    while (this.#doubtful.size > 0) {
      const jobs = [...this.#doubtful].flatMap((id) => this.#jobs.get(id) ?? []);
      this.#doubtful.clear();
      if (jobs.length === 0) return;
      try {
        this.#settle(jobs, await this.#parts.readLeases(jobs.map(({ id }) => id)));
      } catch {
        // The database is away.
        for (const job of jobs) job.lapsesAt = performance.now() + retryMs;
      }
      this.#setAlarm();
    }
  }

  #settle(jobs: readonly HeldJob[], leases: ReadonlyMap<string, Lease>): void {
    const now = performance.now();
    for (const job of jobs) {
      if (this.#jobs.get(job.id) !== job) continue;
      const lease = leases.get(job.id);
      if (lease?.attempt !== job.attempt) this.#end(job);
      else job.lapsesAt = Math.max(now + 1, lease.until.getTime() + job.clockOffset);
    }
  }
}
