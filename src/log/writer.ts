// The log writer: the one way by which events are created, changed and deleted.
import type { Database, Queryable } from '../database/database.ts';
import type { BulkDeletion } from '../store/bulk.ts';
import { createEvents, type CreatedWithRuns, createWithRuns, type NewEvent } from '../store/create-events.ts';
import { type DeletedRow, deleteEvents, type EventDeletion } from '../store/delete-events.ts';
import { type EventChangeRow, type UpdatedRow, updateEvents } from '../store/update-events.ts';
import { BulkDeleter } from './bulk-deleter.ts';
import { AGAIN, GroupCommit } from './group-commit.ts';

export interface LogWriterOptions {
  /** Names this gateway in the hints that other gateways get; empty where there can be no others. */
  readonly hint: string;
  /** Called after each commit, with nothing but the fact: the tail reads what there is. */
  readonly onCommit: () => void;
  /** How long a write waits for a database that can not be reached, in milliseconds; 5,000 unless given. */
  readonly patienceMs?: number;
  /** How many writes of a kind may wait; `limits.writeQueue` unless given. */
  readonly queueLimit?: number;
}

export interface DeletionOutcome extends DeletedRow {
  /** An earlier try may have deleted it without our knowing. */
  readonly retried: boolean;
}

/** Memory held by a waiting write besides its JSON, roughly, in bytes. */
const overhead = 1_000;

/** Each kind of write has its own flushes; the lock in the database puts them in one order. */
export class LogWriter {
  readonly #creates: GroupCommit<NewEvent, CreatedWithRuns>;
  /** Those to be sent later. */
  readonly #holds: GroupCommit<NewEvent, CreatedWithRuns>;
  readonly #updates: GroupCommit<EventChangeRow, UpdatedRow>;
  readonly #deletes: GroupCommit<EventDeletion, DeletionOutcome>;
  readonly #batches: BulkDeleter;

  constructor(database: Database, options: LogWriterOptions) {
    const { hint, onCommit, ...bounds } = options;
    const committed = <Rows>(rows: Rows): Rows => {
      onCommit();
      return rows;
    };
    const creating = {
      ...bounds,
      flush: (events: readonly NewEvent[], retried: boolean) =>
        this.#create(database, events, retried, hint, committed),
      sizeOf: (event: NewEvent) =>
        event.payload.length +
        event.summary.length +
        event.description.length +
        overhead * (1 + event.runs.length),
    };
    this.#creates = new GroupCommit(creating);
    this.#holds = new GroupCommit(creating);
    this.#updates = new GroupCommit({
      ...bounds,
      flush: async (changes, retried) =>
        committed(await updateEvents(database, changes, retried, hint)).map((row) => row ?? AGAIN),
      sizeOf: (change) =>
        (change.payload?.length ?? 0) +
        (change.summary?.length ?? 0) +
        (change.result?.length ?? 0) +
        overhead,
      keyOf: (change) => change.id,
    });
    this.#deletes = new GroupCommit({
      ...bounds,
      flush: (deletions, retried) => this.#delete(database, deletions, retried, hint, committed),
      sizeOf: () => overhead,
      keyOf: (deletion) => deletion.id,
    });
    this.#batches = new BulkDeleter(database, options);
  }

  create(event: NewEvent): Promise<CreatedWithRuns> {
    return (event.sendAt === null ? this.#creates : this.#holds).submit(event);
  }

  update(change: EventChangeRow): Promise<UpdatedRow> {
    return this.#updates.submit(change);
  }

  delete(deletion: EventDeletion): Promise<DeletionOutcome> {
    return this.#deletes.submit(deletion);
  }

  /** Deletes a batch of events in a transaction of its own; the ids of those that were deleted. */
  deleteWithin(batch: BulkDeletion): Promise<readonly string[]> {
    return this.#batches.delete(batch);
  }

  /** Takes no more writes, and resolves when those accepted are committed. */
  async stop(): Promise<void> {
    await Promise.all([
      this.#creates.stop(),
      this.#holds.stop(),
      this.#updates.stop(),
      this.#deletes.stop(),
      this.#batches.stop(),
    ]);
  }

  async #create(
    database: Database,
    events: readonly NewEvent[],
    retried: boolean,
    hint: string,
    committed: <Rows>(rows: Rows) => Rows,
  ): Promise<(CreatedWithRuns | typeof AGAIN)[]> {
    try {
      if (events.some(({ runs }) => runs.length > 0))
        return committed(await createWithRuns(database, events, retried, hint)).map((row) => row ?? AGAIN);
      const rows = committed(await createEvents(database, events, retried, hint));
      return rows.map((row) => (row ? { ...row, runs: [] } : AGAIN));
    } catch (error) {
      // Its parent was deleted at this very moment; the next try does not find it.
      if (events.length === 1 && isForeignKeyViolation(error)) return [AGAIN];
      throw error;
    }
  }

  async #delete(
    database: Queryable,
    deletions: readonly EventDeletion[],
    retried: boolean,
    hint: string,
    committed: <Rows>(rows: Rows) => Rows,
  ): Promise<(DeletionOutcome | typeof AGAIN)[]> {
    try {
      const rows = committed(await deleteEvents(database, deletions, hint));
      return rows.map((row) => (row === null ? AGAIN : { ...row, retried }));
    } catch (error) {
      if (deletions.length > 1 || !isForeignKeyViolation(error)) throw error;
      return [{ deleted: false, found: true, hasDependents: true, deletedBefore: false, retried }];
    }
  }
}

export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23503';
}
