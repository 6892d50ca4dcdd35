// Every way of asking that is in use, each with its queue, and the sweep for jobs that nobody asks for any more.
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { once, type Stoppable } from '../base/lifecycle.ts';
import type { CheckedEnroll, Way } from '../domain/enroll.ts';
import type { EventRecord } from '../domain/event.ts';
import { TopicIndex } from '../domain/topic-index.ts';
import { findExpired } from '../store/find-jobs.ts';
import type { Offer } from './handoff.ts';
import type { Claim } from './waiter.ts';
import { type JobParts, WayQueue } from './way-queue.ts';

/** A way of asking that nobody has used for this long is put away, in milliseconds. */
const idleMs = 600_000;
/** How often jobs are looked for whose lease was lost in their last run, in milliseconds. */
const sweepMs = 5_000;
const sweepBatch = 1_000;
/** Ways of asking that an event is held against before it is written, at most: others hear of it from the log. */
const mostAsked = 100;

export class Enrolling implements Stoppable {
  readonly #parts: JobParts;
  readonly #queues = new Map<string, WayQueue>();
  readonly #bySource = new TopicIndex<WayQueue>();
  /** Calls that have not been answered. */
  #open = 0;
  #sweeping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: JobParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.sweep()
        .catch((error: unknown) =>
          this.#parts.logger.warn({ err: error }, 'lost jobs could not be looked for'),
        )
        .finally(() => {
          this.#sweeping = undefined;
        });
    }, sweepMs).unref();
  }

  /** Resolves with the jobs that the caller now holds; with none where there were none in time. */
  async enroll(asked: CheckedEnroll, count: number, signal: AbortSignal | null): Promise<readonly Claim[]> {
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
    const queue = this.#queues.get(way.id) ?? this.#begin(way);
    this.#open += 1;
    try {
      return await queue.ask({ terms, count, waitMs, signal });
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

  /** Puts jobs down as FAILED that were lost in their last run, also where no worker asks for them. */
  async sweep(): Promise<void> {
    this.#putAway();
    for (;;) {
      const lost = await findExpired(this.#parts.database, sweepBatch);
      await Promise.all(lost.map((job) => this.#parts.writer.reclaim({ job, wayId: '', terms: null })));
      if (lost.length < sweepBatch) return;
    }
  }

  /** Those who wait are answered with nothing, and no more is taken. */
  readonly stop = once(async () => {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sweeping;
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
  });

  #begin(way: Way): WayQueue {
    const queue = new WayQueue(this.#parts, way);
    this.#queues.set(way.id, queue);
    this.#bySource.add(way.topics, queue);
    return queue;
  }

  #putAway(): void {
    for (const [id, queue] of this.#queues) {
      if (queue.isBusy || performance.now() - queue.lastAskedAt < idleMs) continue;
      this.#queues.delete(id);
      this.#bySource.delete(queue.way.topics, queue);
      queue
        .stop()
        .catch((error: unknown) => this.#parts.logger.warn({ err: error }, 'a cursor was not saved'));
    }
  }
}
