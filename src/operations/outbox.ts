// The outbox for administrators: its waiting and its refused events.
import type { OutboxFailureModel } from '../../generated/prisma/models.ts';
import { ThroughlineError } from '../base/errors.ts';
import { limits } from '../base/limits.ts';
import type { Database } from '../database/database.ts';
import { checkId } from '../domain/events/send.ts';
import { deleteFailures, type OutboxState, readFailures, readOutboxState } from '../store/outbox/outbox.ts';

export type { OutboxState } from '../store/outbox/outbox.ts';
export type OutboxFailure = OutboxFailureModel;

export interface OutboxOperations {
  outbox(): Promise<OutboxState>;
  /** The earliest, at most a hundred. */
  outboxFailures(): Promise<readonly OutboxFailure[]>;
  /** Deletes failures; unknown ids are ignored. Returns how many there were. */
  discardOutbox(ids: readonly string[]): Promise<number>;
}

export function createOutboxOperations(database: Database): OutboxOperations {
  return {
    outbox: () => readOutboxState(database),
    outboxFailures: () => readFailures(database),
    discardOutbox: async (ids) => {
      if (ids.length > limits.batchItems)
        throw new ThroughlineError(
          'LIMIT_EXCEEDED',
          `ids has ${ids.length} items; at most ${limits.batchItems} are allowed at once.`,
        );
      return deleteFailures(
        database,
        ids.map((id) => checkId(id, 'ids', 'a failure')),
      );
    },
  };
}
