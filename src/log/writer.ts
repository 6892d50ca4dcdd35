// The log writer: every creation, change and deletion of events goes through it.
import type { BatchedQuery } from '../database/batched-query.ts';
import type { BulkDeletion } from '../store/events/bulk.ts';
import { type CreatedWithRuns, createWithRuns, type NewEvent } from '../store/events/create-events.ts';
import { type DeletedRow, deleteEvents, type EventDeletion } from '../store/events/delete-events.ts';
import { type EventChangeRow, type UpdatedRow, updateEvents } from '../store/events/update-events.ts';
import type { BulkDeleter } from './bulk-deleter.ts';
import type { Commits, WriteKind } from './commits.ts';
import { AGAIN } from './group-commit.ts';

export interface DeletionOutcome extends DeletedRow {
  /** An earlier attempt may have deleted the event without our knowledge. */
  readonly retried: boolean;
}

/** Approximate memory of a waiting write in addition to its JSON, in bytes. */
const overhead = 1_000;

const creates: WriteKind<NewEvent, CreatedWithRuns> = {
  name: 'create',
  ask: (events, retried, hint) => orAgain(createWithRuns(events, retried, hint)),
  sizeOf: ({ payload, summary, description, runs }) =>
    payload.length + summary.length + description.length + overhead * (1 + runs.length),
  // The parent was deleted concurrently; the next attempt will not find it.
  refused: (error) => (isForeignKeyViolation(error) ? AGAIN : undefined),
};

/** Scheduled events. */
const holds: typeof creates = { ...creates, name: 'hold' };

/**
 * Events out of the outbox have a queue of their own, which is never full, so that they keep their order. Another gateway
 * may have moved one already.
 */
const moves: typeof creates = {
  ...creates,
  name: 'move',
  ask: (events, _retried, hint) => orAgain(createWithRuns(events, true, hint)),
};

const heldMoves: typeof creates = { ...moves, name: 'move held' };

const updates: WriteKind<EventChangeRow, UpdatedRow> = {
  name: 'update',
  ask: (changes, retried, hint) => orAgain(updateEvents(changes, retried, hint)),
  sizeOf: ({ payload, summary, result }) =>
    (payload?.length ?? 0) + (summary?.length ?? 0) + (result?.length ?? 0) + overhead,
  keyOf: ({ id }) => id,
};

const deletes: WriteKind<EventDeletion, DeletionOutcome> = {
  name: 'delete',
  ask: (deletions, retried, hint) => {
    const { statements, answer } = orAgain(deleteEvents(deletions, hint));
    return {
      statements,
      answer: (rows) => answer(rows).map((row) => (row === AGAIN ? AGAIN : { ...row, retried })),
    };
  },
  sizeOf: () => overhead,
  keyOf: ({ id }) => id,
  refused: (error) => (isForeignKeyViolation(error) ? hasDependents : undefined),
};

const hasDependents: DeletionOutcome = {
  deleted: false,
  found: true,
  hasDependents: true,
  reserved: false,
  deletedBefore: false,
  retried: false,
};

export class LogWriter {
  readonly #commits: Commits;
  readonly #batches: BulkDeleter;

  constructor(commits: Commits, batches: BulkDeleter) {
    this.#commits = commits;
    this.#batches = batches;
  }

  /** Writes of all kinds that are not answered yet. */
  get waiting(): number {
    return this.#commits.waiting;
  }

  create(event: NewEvent): Promise<CreatedWithRuns> {
    const isHeld = event.sendAt !== null;
    if (event.isFromOutbox) return this.#commits.submit(isHeld ? heldMoves : moves, event);
    return this.#commits.submit(isHeld ? holds : creates, event);
  }

  update(change: EventChangeRow): Promise<UpdatedRow> {
    return this.#commits.submit(updates, change);
  }

  delete(deletion: EventDeletion): Promise<DeletionOutcome> {
    return this.#commits.submit(deletes, deletion);
  }

  /** Deletes a batch of events in a transaction of its own. Returns the ids of the deleted events. */
  deleteWithin(batch: BulkDeletion): Promise<readonly string[]> {
    return this.#batches.delete(batch);
  }

  /** Accepts no more writes, and resolves when the accepted ones are committed. */
  async stop(): Promise<void> {
    await Promise.all([this.#commits.stop(), this.#batches.stop()]);
  }
}

/** Maps null to AGAIN: another gateway was first, so the item is read and decided again. */
function orAgain<Row>({
  statements,
  answer,
}: BatchedQuery<readonly (Row | null)[]>): BatchedQuery<readonly (Row | typeof AGAIN)[]> {
  return { statements, answer: (rows) => answer(rows).map((row) => row ?? AGAIN) };
}

export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23503';
}
