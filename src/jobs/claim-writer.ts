// Writes the claims of one consumer, and hands each to the call that it is for.
import type { ConsumerDefinition } from '../domain/jobs/enroll.ts';
import type { JobWriter } from '../log/job-writer.ts';
import type { OwnJob } from '../store/jobs/find-jobs.ts';
import type { ClaimLimit } from '../store/jobs/create-jobs.ts';
import type { Source } from '../store/jobs/find-sources.ts';
import type { ReadyJob } from '../store/jobs/reclaim-jobs.ts';
import type { Assigned } from './assign-jobs.ts';
import { claimOfNew, claimOfReclaimed, newClaim, sourceOf } from './claims.ts';

/** Nobody takes a job whose last lease lapsed: it is marked FAILED. */
export type AssignedOrOver = Assigned<ReadyJob> | readonly [call: null, job: ReadyJob, bytes: 0];

/** Each method answers false if the job is not what it was found to be. */
export class ClaimWriter {
  readonly #writer: JobWriter;
  readonly #definition: ConsumerDefinition;

  constructor(writer: JobWriter, definition: ConsumerDefinition) {
    this.#writer = writer;
    this.#definition = definition;
  }

  /** Makes a job of a source or of a queued event. `yields`: not if something else comes first. */
  create(assigned: Assigned<Source>, yields: boolean, limit: ClaimLimit | null): Promise<boolean> {
    return this.#definition.isQueue
      ? this.#claimQueued(assigned, yields, limit)
      : this.#create(assigned, yields, limit);
  }

  async #create(
    [call, source, bytes]: Assigned<Source>,
    yields: boolean,
    limit: ClaimLimit | null,
  ): Promise<boolean> {
    const run = newClaim(this.#definition, call.request.terms, yields);
    const job = { ...run, sourceId: source.id, sourcePosition: source.position, limit };
    const row = await this.#writer.create(job);
    if (row === null) return false;
    call.got.push(claimOfNew(run, { id: source.id }, row, bytes));
    return true;
  }

  async #claimQueued(
    [call, { id: eventId }, bytes]: Assigned<Source>,
    yields: boolean,
    limit: ClaimLimit | null,
  ): Promise<boolean> {
    const { consumerId, target } = this.#definition;
    const { terms } = call.request;
    const row = await this.#writer.claimQueued({ eventId, target, consumerId, terms, yields, limit });
    if (row === null) return false;
    const { position, until } = row;
    const event = { id: eventId, position, topic: target, status: 'PENDING' as const };
    call.got.push({ event, source: null, attempt: 1, until, bytes, isKept: false });
    return true;
  }

  /** Gives a worker the job that it holds again, under a new lease. */
  async keep([call, job, bytes]: Assigned<OwnJob>): Promise<boolean> {
    const { eventId: id, attempt } = job;
    const { leaseMs } = call.request.terms;
    const lease = await this.#writer.extend({ eventId: id, attempt, leaseMs });
    if (lease === null) return false;
    const { until } = lease;
    call.got.push({ event: { id }, source: sourceOf(job), attempt, until, bytes, isKept: true });
    return true;
  }

  async reclaim([call, job, bytes]: AssignedOrOver, isLimited: boolean): Promise<boolean> {
    const terms = job.expires ? null : (call?.request.terms ?? null);
    const row = await this.#writer.reclaim({
      job,
      consumerId: this.#definition.consumerId,
      terms,
      isLimited,
    });
    const claim = row && call && claimOfReclaimed(this.#definition, job, row, bytes);
    if (claim) call.got.push(claim);
    return claim !== null;
  }
}
