// Records when keys were last used: to the minute, in batches, at most once a minute per key.
import { asError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import type { Database } from '../../database/database.ts';
import { writeLastUsed } from '../../store/control/keys.ts';

const minuteMs = 60_000;
/** How long uses are collected, in milliseconds. */
const collectMs = 1_000;

interface UsedKey {
  readonly id: string;
  notedMinute: number;
}

export class KeyUsage {
  readonly #database: Database;
  readonly #logger: Logger;
  #used = new Set<string>();
  #minute = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
  }

  note(key: UsedKey, now: number): void {
    const minute = Math.floor(now / minuteMs);
    if (key.notedMinute === minute) return;
    key.notedMinute = minute;
    if (minute !== this.#minute) this.#flush();
    this.#minute = minute;
    this.#used.add(key.id);
    this.#timer ??= setTimeout(() => this.#flush(), collectMs).unref();
  }

  async stop(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ids = [...this.#used];
    if (ids.length === 0) return;
    this.#used = new Set();
    const at = new Date(this.#minute * minuteMs);
    this.#writing = this.#writing.then(() => this.#write(ids, at));
  }

  async #write(ids: readonly string[], at: Date): Promise<void> {
    try {
      await writeLastUsed(this.#database, ids, at);
    } catch (error) {
      this.#logger.warn({ err: asError(error), keys: ids.length }, 'the last use of keys was not noted');
    }
  }
}
