// The log tail: the process's single reader, which passes every change, in order, to its listeners.
import { setTimeout as delay } from 'node:timers/promises';
import { backoffMs } from '../base/backoff.ts';
import type { Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Pace } from '../base/pace.ts';
import { type Steps, FairSlices } from '../base/fair-slices.ts';
import type { Database } from '../database/database.ts';
import type { Position } from '../domain/events/event.ts';
import { filterFields, lightFields } from '../store/events/event-columns.ts';
import { channelOf } from '../store/channels.ts';
import { lastPosition, type LogRow, readLog } from '../store/events/read-log.ts';

export interface LogTailOptions {
  /** This gateway's own hints, which it does not need: its writer wakes the tail itself. */
  readonly ownHint: string;
  readonly onRow: (row: LogRow) => void;
  /** Whether a listener reads summaries and payloads, which may be large; they are read only then. Default: false. */
  readonly isJsonWanted?: () => boolean;
  readonly logger: Logger;
  /** A slow look behind the hints, since hints can be lost, in milliseconds; 5,000 unless given, 0 for never. */
  readonly pollMs?: number;
}

const batchSize = 1_000;
/** With summaries and payloads. */
const jsonBatchSize = { least: 8, most: 64 };

/** Reads only while somebody holds it: a gateway that nobody watches spends nothing on watching. */
export class LogTail implements Stoppable {
  readonly #database: Database;
  readonly #options: LogTailOptions;
  /** Rows with summaries and payloads that are read at once: each may have a megabyte. */
  readonly #jsonBatch = new Pace(jsonBatchSize.least, jsonBatchSize.most);
  /** Separate time slices: rows are delivered also while filters are tested. */
  readonly #slices = new FairSlices();
  #position: Position | undefined;
  #holders = 0;
  #starting: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #wanted = false;
  #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #unlisten: (() => Promise<void>) | undefined;

  constructor(database: Database, options: LogTailOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Everything up to here was delivered, or committed before anybody held the tail. */
  get position(): Position {
    if (this.#position === undefined) throw new Error('the log tail is not held');
    return this.#position;
  }

  async start(): Promise<void> {
    const { ownHint, pollMs = 5_000 } = this.#options;
    const channel = channelOf('log', this.#database.schema);
    this.#unlisten = await this.#database.listen(channel, (hint) => {
      if (hint === '' || hint !== ownHint) this.wake();
    });
    if (pollMs > 0) this.#timer = setInterval(() => this.wake(), pollMs).unref();
  }

  /** Keeps the tail reading until the returned function is called; resolves when `position` is known. */
  async hold(): Promise<() => void> {
    this.#holders += 1;
    try {
      this.#starting ??= this.#seek();
      await this.#starting;
    } catch (error) {
      this.#release();
      throw error;
    }
    let held = true;
    return () => {
      if (held) this.#release();
      held = false;
    };
  }

  /** There may be something to read. */
  wake(): void {
    if (this.#holders === 0) return;
    this.#wanted = true;
    if (this.#position !== undefined) this.#reading ??= this.#read();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    clearInterval(this.#timer);
    await this.#unlisten?.();
    await this.#reading;
  }

  async #seek(): Promise<void> {
    try {
      this.#position = await lastPosition(this.#database);
      // What was committed while the question was under way may not be in its answer.
      if (this.#wanted) this.wake();
    } catch (error) {
      this.#starting = undefined;
      throw error;
    }
  }

  #release(): void {
    this.#holders -= 1;
    if (this.#holders > 0) return;
    this.#starting = undefined;
    this.#position = undefined;
  }

  async #read(): Promise<void> {
    let failures = 0;
    while (this.#wanted && !this.#stopped.signal.aborted && this.#position !== undefined) {
      this.#wanted = false;
      try {
        await this.#readBatch(this.#position);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#wanted = true;
        this.#options.logger.warn({ error, failures }, 'the log could not be read; trying again');
        await delay(backoffMs(failures, 50, 2_000), undefined, { signal: this.#stopped.signal }).catch(
          () => {},
        );
      }
    }
    this.#reading = undefined;
  }

  async #readBatch(after: Position): Promise<void> {
    const withJson = this.#isJsonWanted();
    const [size, fields] = withJson ? [this.#jsonBatch.amount, filterFields] : [batchSize, lightFields];
    const began = performance.now();
    const { rows, isCut } = await readLog(this.#database, after, null, size, undefined, fields);
    const isFull = isCut || rows.length === size;
    if (withJson && isFull) this.#jsonBatch.took(performance.now() - began);
    const last = rows.at(-1);
    // Released and held again meanwhile: the position differs, and the new holders do not need these rows.
    if (last === undefined || this.#position !== after) return;
    this.#wanted ||= isFull;
    await this.#slices.run('log', this.#distribute(rows, withJson));
  }

  /**
   * The position advances with each delivered row: listeners have received everything up to it, and a new listener reads
   * everything up to it from the log.
   */
  *#distribute(rows: readonly LogRow[], withJson: boolean): Steps<void> {
    let at = this.#position;
    for (const row of rows) {
      // Released and held again meanwhile.
      if (this.#position === undefined || this.#position !== at) return;
      // A new listener needs the JSON that these rows lack: they are read again.
      if (!withJson && this.#isJsonWanted()) {
        this.#wanted = true;
        return;
      }
      at = row.entry.position;
      this.#position = at;
      this.#options.onRow(row);
      yield;
    }
  }

  #isJsonWanted(): boolean {
    return this.#options.isJsonWanted?.() ?? false;
  }
}
