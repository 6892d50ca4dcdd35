// The consumers of jobs that are in use, each with its queue, and the sweep that ends lapsed leases.
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { once, type Stoppable } from '../base/lifecycle.ts';
import type { CheckedEnroll, Way } from '../domain/enroll.ts';
import type { EventRecord } from '../domain/event.ts';
import { TopicIndex } from '../domain/topic-index.ts';
import { deleteUnused, touchCursors } from '../store/cursors.ts';
import { findLapsed } from '../store/find-jobs.ts';
import type { Offer } from './handoff.ts';
import type { Claim } from './waiter.ts';
import { type JobParts, WayQueue } from './way-queue.ts';

/** A way of asking that nobody has used for this long is put away, in milliseconds. */
const idleMs = 600_000;
/** How often lapsed leases are looked for, in milliseconds: a waiting call mostly takes over such a job before. */
const sweepMs = 1_000;
const sweepBatch = 1_000;
/** How often consumers are written down as used, and unused ones removed, in milliseconds. */
const tidyMs = 12 * 3_600_000;
/** Ways of asking that an event is held against before it is written, at most: others hear of it from the log. */
const mostAsked = 100;

/** Who enrolls. */
export interface EnrollCaller {
  /** The name of its key. */
  readonly name: string;
  /** Aborted when it has gone. */
  readonly signal?: AbortSignal | null | undefined;
}

export class Enrolling implements Stoppable {
  readonly #parts: JobParts;
  readonly #queues = new Map<string, WayQueue>();
  readonly #bySource = new TopicIndex<WayQueue>();
  /** Calls that have not been answered. */
  #open = 0;
  #sweeping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #tidiedAt = -Infinity;

  constructor(parts: JobParts) {
    this.#parts = parts;
    void parts.database.ended.then((failure) => {
      for (const queue of this.#queues.values()) queue.end(failure);
    });
  }

  start(): void {
    const sweep = () => {
      this.#sweeping ??= this.sweep()
        .then(() => (performance.now() - this.#tidiedAt > tidyMs ? this.tidy() : undefined))
        .catch((error: unknown) =>
          this.#parts.logger.warn({ err: error }, 'lapsed leases could not be looked for'),
        )
        .finally(() => {
          this.#sweeping = undefined;
        });
    };
    // Those that lapsed while no gateway ran.
    sweep();
    this.#timer = setInterval(sweep, sweepMs).unref();
  }

  /** Resolves with the jobs that the caller now holds; with none where there were none in time. */
  async enroll(
    asked: CheckedEnroll,
    count: number,
    { name, signal = null }: EnrollCaller,
  ): Promise<readonly Claim[]> {
    if (this.#stopped)
      throw new ThroughlineError('SHUTTING_DOWN', 'The gateway is stopping; try again elsewhere.');
    if (signal?.aborted) return [];
    if (this.#open >= limits.waitingEnrolls) {
      throw new ThroughlineError(
        'OVERLOADED',
        `${limits.waitingEnrolls} calls of enroll are waiting; try again after a pause.`,
      );
    }
    const { way, terms, waitMs } = asked;
    const queue = this.#queues.get(way.id) ?? this.#begin(way, name);
    this.#open += 1;
    try {
      return await queue.ask({ terms, count, waitMs, signal });
    } catch (error) {
      // A refused consumer is not kept in memory either.
      if (error instanceof ThroughlineError && error.code === 'LIMIT_EXCEEDED') this.#forget(queue);
      throw error;
    } finally {
      this.#open -= 1;
    }
  }

  /**
   * For an event that is about to be written as FINISHED: the jobs to be written with it, of different targets, each for a
   * call that waits for just that. To be settled, all of them.
   */
  offer(topic: string, event: () => EventRecord): readonly Offer[] {
    if (this.#open === 0) return [];
    const offers = new Map<string, Offer>();
    let made: EventRecord | undefined;
    const asEvent = () => (made ??= event());
    let asked = 0;
    for (const queue of this.#bySource.for(topic)) {
      if (asked === mostAsked) break;
      asked += 1;
      const offer = offers.has(queue.way.target) ? null : queue.offer(asEvent);
      if (offer) offers.set(queue.way.target, offer);
    }
    return [...offers.values()];
  }

  /** A lease of this target was shortened: who waits here looks when it ends; other gateways within seconds. */
  wakeIn(target: string, ms: number): void {
    for (const queue of this.#queues.values()) if (queue.way.target === target) queue.wakeIn(ms);
  }

  /**
   * Ends leases that have lapsed, also where nobody enrolls: their jobs are PENDING again, or FAILED after their last run.
   * Where several gateways do so at once, each job is changed by one of them.
   */
  async sweep(): Promise<void> {
    this.#putAway();
    for (;;) {
      const lapsed = await findLapsed(this.#parts.database, sweepBatch);
      await Promise.all(lapsed.map((job) => this.#parts.writer.reclaim({ job, wayId: '', terms: null })));
      if (lapsed.length < sweepBatch) return;
    }
  }

  /** Those who wait are answered with nothing, and no more is taken. */
  readonly stop = once(async () => {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sweeping;
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
  });

  #begin(way: Way, owner: string): WayQueue {
    const queue = new WayQueue(this.#parts, way, owner);
    this.#queues.set(way.id, queue);
    this.#bySource.add(way.topics, queue);
    return queue;
  }

  #putAway(): void {
    for (const queue of this.#queues.values())
      if (performance.now() - queue.lastAskedAt >= idleMs) this.#forget(queue);
  }

  #forget(queue: WayQueue): void {
    const { id, topics } = queue.way;
    if (queue.isBusy || this.#queues.get(id) !== queue) return;
    this.#queues.delete(id);
    this.#bySource.delete(topics, queue);
    queue.stop().catch((error: unknown) => this.#parts.logger.warn({ err: error }, 'a cursor was not saved'));
  }

  /** Writes down which consumers are in use, and removes those that nobody has used for long. */
  async tidy(): Promise<void> {
    const used = [...this.#queues.values()].filter(({ lastAskedAt }) => lastAskedAt > this.#tidiedAt);
    this.#tidiedAt = performance.now();
    if (used.length > 0)
      await touchCursors(
        this.#parts.database,
        used.map(({ way }) => way.id),
      );
    await deleteUnused(this.#parts.database, limits.consumerDays);
  }
}
