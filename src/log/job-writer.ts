// Writes to jobs: creating, reclaiming, and extending leases.
import { randomUUID } from 'node:crypto';
import { type CreatedJob, createJobs, type NewJob } from '../store/jobs/create-jobs.ts';
import { type ClaimedQueued, claimQueued, type QueuedClaim } from '../store/jobs/claim-queued.ts';
import { type ExtendedLease, extendLeases, type Heartbeat } from '../store/jobs/leases.ts';
import { type Reclaim, type ReclaimedJob, reclaimJobs } from '../store/jobs/reclaim-jobs.ts';
import type { Commits, WriteKind } from './commits.ts';
import { isForeignKeyViolation } from './writer.ts';

/** Approximate memory of a waiting write, in bytes. */
const sizeOf = () => 1_000;

const creates: WriteKind<NewJob, CreatedJob | null> = {
  name: 'create jobs',
  ask: createJobs,
  sizeOf,
  keyOf: ({ id, target, terms }) => (terms.sequential ? `of ${target}` : id),
  // A sequential target must see whether another of its jobs is leased.
  looksAround: ({ terms, limit = null }) => terms.sequential || limit !== null,
  // The source was deleted concurrently.
  refused: (error) => (isForeignKeyViolation(error) ? null : undefined),
};

const reclaims: WriteKind<Reclaim, ReclaimedJob | null> = {
  name: 'reclaim jobs',
  ask: reclaimJobs,
  sizeOf,
  keyOf: ({ job }) => job.eventId,
  looksAround: ({ terms, isLimited = false }) => isLimited || (terms?.sequential ?? false),
};

const queuedClaims: WriteKind<QueuedClaim, ClaimedQueued | null> = {
  name: 'claim queued events',
  ask: claimQueued,
  sizeOf,
  keyOf: ({ eventId, target, terms }) => (terms.sequential ? `of ${target}` : eventId),
  looksAround: ({ terms, limit }) => terms.sequential || limit !== null,
};

const heartbeats: WriteKind<Heartbeat, ExtendedLease | null> = {
  name: 'extend leases',
  isSilent: true,
  ask: extendLeases,
  sizeOf,
  keyOf: ({ eventId }) => eventId,
};

/** Each method answers null if the job is not, or no longer, available. */
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

  claimQueued(claim: Omit<QueuedClaim, 'claimId'>): Promise<ClaimedQueued | null> {
    return this.#commits.submit(queuedClaims, { ...claim, claimId: randomUUID() });
  }

  extend(heartbeat: Heartbeat): Promise<ExtendedLease | null> {
    return this.#commits.submit(heartbeats, heartbeat);
  }
}
