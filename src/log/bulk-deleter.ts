// Bulk deletion of events: one batch at a time, each in a transaction of its own, so that other writes run in
// between.
import type { Database } from '../database/database.ts';
import { type BulkDeletion, deleteWithin } from '../store/events/bulk.ts';
import { GroupCommit } from './group-commit.ts';
import type { CommitOptions } from './commits.ts';

/** Approximate memory of a waiting batch per event, in bytes. */
const sizeOfId = 100;

export class BulkDeleter {
  readonly #batches: GroupCommit<BulkDeletion, readonly string[]>;

  constructor(database: Database, { hint, onCommit, ...bounds }: CommitOptions) {
    this.#batches = new GroupCommit({
      ...bounds,
      flush: async (batches, retried) => {
        const answers: (readonly string[])[] = [];
        for (const batch of batches) answers.push(await deleteWithin(database, batch, retried, hint));
        onCommit();
        return answers;
      },
      sizeOf: ({ ids }) => ids.length * sizeOfId,
      // Batches must not share a flush: each is a transaction, and only a batch that failed alone may be retried.
      keyOf: () => 'all',
    });
  }

  /** Resolves with the ids of the deleted events, in the order of the batch. */
  delete(batch: BulkDeletion): Promise<readonly string[]> {
    return this.#batches.submit(batch);
  }

  /** Accepts no more batches, and resolves when the accepted ones are done. */
  stop(): Promise<void> {
    return this.#batches.stop();
  }
}
