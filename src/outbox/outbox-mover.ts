// Moves the outbox into the log: events that programs sent within their own transactions, in the order of their commits.
import { asError, type ErrorCode, ThroughlineError } from '../base/errors.ts';
import type { Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { pauseIfDue } from '../base/time-slices.ts';
import { WorkLoop } from '../base/work-loop.ts';
import type { Database } from '../database/database.ts';
import type { SendInput } from '../domain/events/send.ts';
import { internalCaller } from '../operations/callers.ts';
import type { Sending } from '../operations/events/send.ts';
import type { SendBatchOutcome } from '../operations/operations.ts';
import { channelOf } from '../store/channels.ts';
import { type OutboxRow, readOutbox, type Refusal, settleOutbox } from '../store/outbox/outbox.ts';

export interface OutboxMoverParts {
  readonly database: Database;
  /** Sends a batch, with the checks of `sendEvents`. A row leaves the outbox in the transaction that creates its event. */
  readonly send: (name: string, sendings: readonly Sending[]) => Promise<SendBatchOutcome>;
  /** Reads an argument of `send_event` as GraphQL reads a SendEventInput. Throws BAD_USER_INPUT. */
  readonly readInput: (value: unknown) => SendInput;
  readonly logger: Logger;
}

/** A row that can be sent. */
interface Readable {
  readonly row: OutboxRow;
  readonly input: SendInput;
}

/** Longest sleep, in milliseconds: a notification may be lost. */
const longestSleepMs = 5_000;
/** The same if there is no other gateway, in milliseconds: the embedded database loses no notification. */
const longestAloneMs = 86_400_000;
/** Retry interval after a failure, and while another gateway moves rows, in milliseconds. */
const retryMs = 1_000;

/** Refusals that say nothing of the event: it is sent again later. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'DATABASE_UNAVAILABLE',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'STORAGE_FULL',
]);

/** Its share of the time slices. */
const sliceName = 'outbox';

export class OutboxMover implements Stoppable {
  readonly #parts: OutboxMoverParts;
  readonly #workLoop = new WorkLoop(() => this.#pass());
  #unlisten: (() => Promise<void>) | undefined;

  constructor(parts: OutboxMoverParts) {
    this.#parts = parts;
  }

  /** Begins with what is there. */
  async start(): Promise<void> {
    const { database } = this.#parts;
    this.#unlisten = await database.listen(channelOf('outbox', database.schema), () => this.#workLoop.wake());
    this.#workLoop.wake();
  }

  /** Resolves when no row is being moved. */
  idle(): Promise<void> {
    return this.#workLoop.idle();
  }

  async stop(): Promise<void> {
    await this.#unlisten?.();
    await this.#workLoop.stop();
  }

  #pass(): Promise<number> {
    return this.#moveAll().catch((error: unknown) => {
      this.#parts.logger.warn({ err: asError(error) }, 'could not move the outbox into the log; will retry');
      return retryMs;
    });
  }

  /** Returns the milliseconds until the next check. */
  async #moveAll(): Promise<number> {
    const { database } = this.#parts;
    for (;;) {
      if (this.#workLoop.isStopped) return retryMs;
      const moved = await this.#moveBatch();
      if (moved === null) return retryMs;
      if (moved === 0) return database.kind === 'embedded' ? longestAloneMs : longestSleepMs;
    }
  }

  /** The number of rows; null while another gateway moves them. */
  async #moveBatch(): Promise<number | null> {
    const { database } = this.#parts;
    const moveRows = async (rows: readonly OutboxRow[] | null) => {
      if (rows === null) return null;
      await this.#move(rows);
      return rows.length;
    };
    // The embedded database has no other gateway, and runs one transaction at a time.
    if (database.kind === 'embedded') return moveRows(await readOutbox(database));
    // Stays open, idle, while other connections write, and with it the lock.
    return database.transaction(async (tx) => moveRows(await readOutbox(tx)));
  }

  async #move(rows: readonly OutboxRow[]): Promise<void> {
    const refused: Refusal[] = [];
    const readable: Readable[] = [];
    for (const row of rows) {
      const pause = pauseIfDue(sliceName);
      if (pause !== undefined) await pause;
      try {
        readable.push({ row, input: this.#parts.readInput(JSON.parse(row.input)) });
      } catch (error) {
        if (!(error instanceof ThroughlineError)) throw error;
        refused.push({ id: row.id, code: error.code, message: error.message });
      }
    }
    if (refused.length > 0) await settleOutbox(this.#parts.database, [], refused);
    for (const part of withoutDependence(readable)) await this.#send(part);
  }

  async #send(batch: readonly Readable[]): Promise<void> {
    const sendings = batch.map(({ row: { id, by }, input }) => ({
      caller: internalCaller(by),
      input,
      options: { outboxId: id, background: true },
    }));
    const { errors, duplicates } = await this.#parts.send(sliceName, sendings);
    const failed = new Set(errors.map(({ index }) => index));
    const existed = new Set(duplicates);
    // What was created has left the outbox with that.
    const done = batch.filter(
      ({ input }, index) => existed.has(index) || (input.store === false && !failed.has(index)),
    );
    const refused = errors
      .filter(({ code }) => !passing.has(code))
      .map(({ index, code, message }) => ({ id: batch[index]!.row.id, code, message }));
    if (done.length + refused.length > 0) {
      const ids = done.map(({ row }) => row.id);
      await settleOutbox(this.#parts.database, ids, refused);
    }
    const [later] = errors.filter(({ code }) => passing.has(code));
    if (later) throw new ThroughlineError(later.code, later.message);
  }
}

/** Parts in which no event depends on another, since a parent has to exist when its child is written. */
function withoutDependence(batch: readonly Readable[]): Readable[][] {
  const parts: Readable[][] = [];
  let ids = new Set<string>();
  for (const item of batch) {
    const { dependsOn } = item.input;
    if (parts.length === 0 || (dependsOn != null && ids.has(digitsOf(dependsOn)))) {
      parts.push([]);
      ids = new Set();
    }
    parts.at(-1)!.push(item);
    ids.add(digitsOf(item.row.id));
  }
  return parts;
}

/** The id without its dashes, which may be left out. */
function digitsOf(id: string): string {
  return id.toLowerCase().replaceAll('-', '');
}
