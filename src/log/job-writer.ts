// Writes what happens to jobs: made, claimed again, kept by heartbeats; each kind in flushes of its own.
import { randomUUID } from 'node:crypto';
import type { Database } from '../database/database.ts';
import { type CreatedJob, createJobs, type NewJob } from '../store/create-jobs.ts';
import { type ExtendedLease, extendLeases, type Heartbeat } from '../store/leases.ts';
import { takeLogLock } from '../store/log-lock.ts';
import { type Reclaim, type ReclaimedJob, reclaimJobs } from '../store/reclaim-jobs.ts';
import { GroupCommit } from './group-commit.ts';
import { isForeignKeyViolation, type LogWriterOptions } from './writer.ts';

/** Memory held by a waiting write, roughly, in bytes. */
const size = 1_000;

/** Null answers say that the job is not there to be had, or not any more. */
export class JobWriter {
  readonly #creates: GroupCommit<NewJob, CreatedJob | null>;
  readonly #reclaims: GroupCommit<Reclaim, ReclaimedJob | null>;
  readonly #heartbeats: GroupCommit<Heartbeat, ExtendedLease | null>;

  constructor(database: Database, options: LogWriterOptions) {
    const { hint, onCommit, ...bounds } = options;
    const sizeOf = () => size;
    const committed = <Rows>(rows: Rows): Rows => {
      onCommit();
      return rows;
    };
    this.#creates = new GroupCommit({
      ...bounds,
      flush: async (jobs, retried) => committed(await create(database, jobs, retried, hint)),
      sizeOf,
      keyOf: ({ id, target, terms }) => (terms.sequential ? `of ${target}` : id),
    });
    this.#reclaims = new GroupCommit({
      ...bounds,
      flush: async (reclaims, retried) =>
        committed(await underLock(database, reclaims, (on) => reclaimJobs(on, reclaims, retried, hint))),
      sizeOf,
      keyOf: ({ job }) => job.eventId,
    });
    this.#heartbeats = new GroupCommit({
      ...bounds,
      flush: (heartbeats) => extendLeases(database, heartbeats),
      sizeOf,
      keyOf: ({ eventId }) => eventId,
    });
  }

  create(job: NewJob): Promise<CreatedJob | null> {
    return this.#creates.submit(job);
  }

  reclaim(reclaim: Omit<Reclaim, 'claimId'>): Promise<ReclaimedJob | null> {
    return this.#reclaims.submit({ ...reclaim, claimId: randomUUID() });
  }

  extend(heartbeat: Heartbeat): Promise<ExtendedLease | null> {
    return this.#heartbeats.submit(heartbeat);
  }

  /** Takes no more, and resolves when what was accepted is committed. */
  async stop(): Promise<void> {
    await Promise.all([this.#creates.stop(), this.#reclaims.stop(), this.#heartbeats.stop()]);
  }
}

async function create(
  database: Database,
  jobs: readonly NewJob[],
  retried: boolean,
  hint: string,
): Promise<(CreatedJob | null)[]> {
  try {
    return await underLock(database, jobs, (on) => createJobs(on, jobs, retried, hint));
  } catch (error) {
    // Its source was deleted at this very moment.
    if (jobs.length === 1 && isForeignKeyViolation(error)) return [null];
    throw error;
  }
}

type Claims = readonly { readonly terms: { readonly sequential: boolean } | null }[];

/** Sequential claims have to see what was committed up to now: whether another job of the target is held. */
function underLock<T>(
  database: Database,
  claims: Claims,
  write: (on: Pick<Database, 'query'>) => Promise<T>,
): Promise<T> {
  if (!claims.some(({ terms }) => terms?.sequential)) return write(database);
  return database.transaction(async (tx) => {
    await takeLogLock(tx);
    return write(tx);
  });
}
