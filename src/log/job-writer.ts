// Writes what happens to jobs: made, claimed again, kept by heartbeats.
import { randomUUID } from 'node:crypto';
import { type CreatedJob, createJobs, type NewJob } from '../store/create-jobs.ts';
import { type ExtendedLease, extendLeases, type Heartbeat } from '../store/leases.ts';
import { type Reclaim, type ReclaimedJob, reclaimJobs } from '../store/reclaim-jobs.ts';
import type { Commits, WriteKind } from './commits.ts';
import { isForeignKeyViolation } from './writer.ts';

/** Memory held by a waiting write, roughly, in bytes. */
const sizeOf = () => 1_000;

const creates: WriteKind<NewJob, CreatedJob | null> = {
  name: 'create jobs',
  ask: createJobs,
  sizeOf,
  keyOf: ({ id, target, terms }) => (terms.sequential ? `of ${target}` : id),
  // Whether another job of the target is held.
  looksAround: ({ terms }) => terms.sequential,
  // Its source was deleted at this very moment.
  refused: (error) => (isForeignKeyViolation(error) ? null : undefined),
};

const reclaims: WriteKind<Reclaim, ReclaimedJob | null> = {
  name: 'reclaim jobs',
  ask: reclaimJobs,
  sizeOf,
  keyOf: ({ job }) => job.eventId,
  looksAround: ({ terms }) => terms?.sequential ?? false,
};

const heartbeats: WriteKind<Heartbeat, ExtendedLease | null> = {
  name: 'extend leases',
  isSilent: true,
  ask: extendLeases,
  sizeOf,
  keyOf: ({ eventId }) => eventId,
};

/** Null answers say that the job is not there to be had, or not any more. */
export class JobWriter {
  readonly #commits: Commits;

  constructor(commits: Commits) {
    this.#commits = commits;
  }

  create(job: NewJob): Promise<CreatedJob | null> {
    return this.#commits.submit(creates, job);
  }

  reclaim(reclaim: Omit<Reclaim, 'claimId'>): Promise<ReclaimedJob | null> {
    return this.#commits.submit(reclaims, { ...reclaim, claimId: randomUUID() });
  }

  extend(heartbeat: Heartbeat): Promise<ExtendedLease | null> {
    return this.#commits.submit(heartbeats, heartbeat);
  }
}
