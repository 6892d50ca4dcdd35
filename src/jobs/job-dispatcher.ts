// The job consumers in use, each with its queue, and the sweep that ends lapsed leases.
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import { once, type Stoppable } from '../base/lifecycle.ts';
import type { CheckedEnroll, ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { EventRecord } from '../domain/events/event.ts';
import { TopicIndex } from '../domain/events/topic-index.ts';
import { deleteUnused, readStates, touchConsumers } from '../store/jobs/consumers.ts';
import { forgetClaims } from '../store/jobs/flow-sql.ts';
import { findLapsed } from '../store/jobs/find-jobs.ts';
import type { Offer } from './direct-delivery.ts';
import type { Claim } from './waiting-enroll.ts';
import { type JobParts, ConsumerQueue } from './consumer-queue.ts';
import type { Creation } from './consumers/stored-consumer.ts';
import { WorkerSightings } from './consumers/worker-sightings.ts';

/** A consumer unused for this long is dropped from memory, in milliseconds. */
const idleMs = 600_000;
/** How often lapsed leases are swept, in milliseconds. A waiting call usually reclaims such a job sooner. */
const sweepMs = 1_000;
const sweepBatch = 1_000;
/** How often consumers are recorded as used, and unused ones deleted, in milliseconds. */
const tidyMs = 12 * 3_600_000;
/** How often named consumers in memory are stored as in use, in milliseconds. */
const renewMs = 20_000;
/** Most consumers tested for direct delivery of one event. The others are woken by the log. */
const mostAsked = 100;

/** The authenticated caller. */
export interface EnrollCaller {
  /** Name of the caller's key. */
  readonly name: string;
  /** Aborted when the caller disconnects. */
  readonly signal?: AbortSignal | null | undefined;
}

export class JobDispatcher implements Stoppable {
  readonly #parts: JobParts;
  readonly #queues = new Map<string, ConsumerQueue>();
  readonly #bySource = new TopicIndex<ConsumerQueue>();
  /** Calls not yet answered. */
  #open = 0;
  #sweeping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #tidiedAt = -Infinity;
  #renewedAt = performance.now();
  readonly #sightings: WorkerSightings;

  constructor(parts: JobParts) {
    this.#parts = parts;
    this.#sightings = new WorkerSightings(parts.database, parts.logger);
    void parts.database.ended.then((failure) => {
      for (const queue of this.#queues.values()) queue.end(failure);
    });
  }

  start(): void {
    const sweep = () => {
      this.#sweeping ??= this.sweep()
        .then(() => (performance.now() - this.#tidiedAt > tidyMs ? this.tidy() : undefined))
        .catch((error: unknown) => this.#parts.logger.warn({ err: error }, 'could not sweep lapsed leases'))
        .finally(() => {
          this.#sweeping = undefined;
        });
    };
    // Leases that lapsed while no gateway was running.
    sweep();
    this.#timer = setInterval(sweep, sweepMs).unref();
  }

  /**
   * Resolves with the jobs the caller now holds, or with none after the wait time. `room`: bytes of JSON of jobs and
   * sources that the caller can be answered; fewer jobs are claimed if they have more.
   */
  async enroll(
    asked: CheckedEnroll,
    count: number,
    { name, signal = null }: EnrollCaller,
    room = Infinity,
  ): Promise<readonly Claim[]> {
    if (this.#stopped)
      throw new ThroughlineError('SHUTTING_DOWN', 'The gateway is stopping; try again elsewhere.');
    if (signal?.aborted) return [];
    if (this.#open >= limits.waitingEnrolls) {
      throw new ThroughlineError(
        'OVERLOADED',
        `${limits.waitingEnrolls} calls of enroll are waiting; retry with back-off.`,
      );
    }
    const { definition, terms, waitMs, start, flow } = asked;
    const creation = { name, key: terms.key, start };
    const queue = this.#queues.get(definition.id) ?? this.#begin(definition, creation);
    if (queue.isStored) this.#sightings.note(definition.consumerId, terms.worker);
    this.#open += 1;
    try {
      if (flow !== null) await queue.setFlow(flow);
      return await queue.ask({ terms, count, waitMs, signal, room });
    } catch (error) {
      // Do not keep a refused consumer in memory.
      if (error instanceof ThroughlineError && error.code !== 'SHUTTING_DOWN') this.#forget(queue);
      throw error;
    } finally {
      this.#open -= 1;
    }
  }

  /**
   * Offers direct delivery of an event about to be committed as FINISHED: at most one job per target, each for a
   * waiting call, to be committed with the event. The caller must settle every offer. `bytes`: the event's JSON.
   */
  offer(topic: string, event: () => EventRecord, bytes: () => number): readonly Offer[] {
    if (this.#open === 0) return [];
    const offers = new Map<string, Offer>();
    let made: EventRecord | undefined;
    const asEvent = () => (made ??= event());
    let asked = 0;
    for (const queue of this.#bySource.for(topic)) {
      if (asked === mostAsked) break;
      asked += 1;
      const offer = offers.has(queue.definition.target) ? null : queue.offer(asEvent, bytes);
      if (offer) offers.set(queue.definition.target, offer);
    }
    return [...offers.values()];
  }

  /**
   * A lease of this target was shortened: local waiting calls check again when it ends, other gateways within
   * seconds.
   */
  wakeIn(target: string, ms: number): void {
    for (const queue of this.#queues.values()) if (queue.definition.target === target) queue.wakeIn(ms);
  }

  /** A consumer was changed, here or at another gateway. Resolves when that is in effect here. */
  async consumerChanged(consumerId: string): Promise<void> {
    await this.#follow(
      [...this.#queues.values()].filter(({ definition }) => definition.consumerId === consumerId),
    );
  }

  /** Stores what lists of consumers show: positions and workers. */
  async store(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.save()));
    await this.#sightings.flush();
  }

  /** Consumers in use take over their stored state, since a notification of a change can be lost. */
  async #follow(queues: readonly ConsumerQueue[]): Promise<void> {
    if (queues.length === 0) return;
    const states = await readStates(
      this.#parts.database,
      queues.map(({ definition }) => definition.id),
    );
    for (const queue of queues) queue.update(states.get(queue.definition.id));
  }

  async #followAll(): Promise<void> {
    const { database } = this.#parts;
    const queues = [...this.#queues.values()];
    // Nobody else changes an embedded database.
    if (database.kind !== 'embedded') await this.#follow(queues.filter(({ isFollowed }) => isFollowed));
    await this.#sightings.flush();
    if (performance.now() - this.#renewedAt < renewMs) return;
    this.#renewedAt = performance.now();
    const limited = queues.filter(({ isLimited }) => isLimited);
    if (limited.length > 0)
      await forgetClaims(
        database,
        limited.map(({ definition }) => definition.consumerId),
      );
    const named = queues.filter(({ definition }) => definition.name !== null);
    if (named.length > 0)
      await touchConsumers(
        database,
        named.map(({ definition }) => definition.id),
      );
  }

  /**
   * Ends lapsed leases, even if no worker enrolls: their jobs become PENDING again, or FAILED after the last attempt.
   * If several gateways sweep at once, each job is changed by only one of them.
   */
  async sweep(): Promise<void> {
    this.#putAway();
    await this.#followAll();
    for (;;) {
      const lapsed = await findLapsed(this.#parts.database, sweepBatch);
      await Promise.all(
        lapsed.map((job) => this.#parts.writer.reclaim({ job, consumerId: '', terms: null })),
      );
      if (lapsed.length < sweepBatch) return;
    }
  }

  /** Answers waiting calls with no jobs, and accepts no more. */
  readonly stop = once(async () => {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sweeping;
    await Promise.all([...this.#queues.values()].map((queue) => queue.stop()));
  });

  #begin(definition: ConsumerDefinition, creation: Creation): ConsumerQueue {
    const queue = new ConsumerQueue(this.#parts, definition, creation);
    this.#queues.set(definition.id, queue);
    this.#bySource.add(definition.topics, queue);
    return queue;
  }

  #putAway(): void {
    for (const queue of this.#queues.values())
      if (performance.now() - queue.lastAskedAt >= idleMs) this.#forget(queue);
  }

  #forget(queue: ConsumerQueue): void {
    const { id, topics } = queue.definition;
    if (queue.isBusy || this.#queues.get(id) !== queue) return;
    this.#queues.delete(id);
    this.#bySource.delete(topics, queue);
    queue
      .stop()
      .catch((error: unknown) =>
        this.#parts.logger.warn({ err: error }, "could not save a consumer's position"),
      );
  }

  /** Records which consumers are in use, and deletes those that have been unused for long. */
  async tidy(): Promise<void> {
    const used = [...this.#queues.values()].filter(({ lastAskedAt }) => lastAskedAt > this.#tidiedAt);
    this.#tidiedAt = performance.now();
    if (used.length > 0)
      await touchConsumers(
        this.#parts.database,
        used.map(({ definition }) => definition.id),
      );
    await deleteUnused(this.#parts.database, limits.consumerDays);
  }
}
