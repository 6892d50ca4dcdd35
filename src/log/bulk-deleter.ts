// Deletes events by the batch, each batch in a transaction of its own: one batch at a time, with other writes between.
import type { Database } from '../database/database.ts';
import { type BulkDeletion, deleteWithin } from '../store/bulk.ts';
import { GroupCommit } from './group-commit.ts';
import type { CommitOptions } from './commits.ts';

/** Memory held by a waiting batch for each of its events, roughly, in bytes. */
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
      // So that they never share a flush: each is a transaction, and only one that failed alone may be tried again.
      keyOf: () => 'all',
    });
  }

  /** The ids of those that were deleted, in the order of the batch. */
  delete(batch: BulkDeletion): Promise<readonly string[]> {
    return this.#batches.submit(batch);
  }

  /** Takes no more batches, and resolves when those accepted are done. */
  stop(): Promise<void> {
    return this.#batches.stop();
  }
}
