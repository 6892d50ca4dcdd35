// The embedded database: PGlite in a worker thread, so that statements do not block the event loop.
import { once } from '../../base/lifecycle.ts';
import { limits } from '../../base/limits.ts';
import type { Logger } from '../../base/logger.ts';
import { provideDatabase } from './data-folder.ts';
import {
  type Database,
  type DatabaseEnded,
  DatabaseUnavailable,
  type Statement,
  type Transaction,
} from '../database.ts';
import { answersInTime, within } from '../deadline.ts';
import { type EmbeddedLink, openLink } from './link.ts';
import type { Operation } from './protocol.ts';
import { defaultSchema } from '../migrations/schema-name.ts';
import { inOneTransaction, quoteIdentifier, rolledBackInstead } from '../sql-failure.ts';
import { Mutex } from '../mutex.ts';
import { unpackTar } from './unpack-tar.ts';

type Dump = Uint8Array<ArrayBuffer>;

export interface EmbeddedOptions {
  readonly logger?: Logger | undefined;
  /** A `dump()` to start from if there is no database yet; called only then. */
  readonly from?: (() => Promise<Dump | undefined>) | undefined;
  /** Aborted, with an Error as its reason, when the folder's lock is lost. Ends the database at once. */
  readonly lost?: AbortSignal | undefined;
  /** Runs after closing, for example to release the folder's lock. */
  readonly afterClose?: (() => Promise<void>) | undefined;
}

export interface EmbeddedDatabase extends Database {
  readonly kind: 'embedded';
  /** The whole database as one file, for `from`. */
  dump(): Promise<Dump>;
  /** Whether it keeps the process alive while it is open, as it does from the start. */
  keepProcess(isKept: boolean): void;
}

const inMemory = 'memory://';
const closeMs = 5_000;
const answerSeconds: number = limits.embeddedAnswerSeconds;
const answerMs = answerSeconds * 1_000;

/**
 * Opens or creates the database in `folder`, or in memory for `memory://`. Commits survive a killed process, because
 * they have reached the operating system, but not a power cut. Throws StartupError if the folder cannot be used, and
 * leaves it unchanged. Does not lock the folder; see folder-lock.ts.
 */
export async function openEmbedded(folder: string, options: EmbeddedOptions = {}): Promise<EmbeddedDatabase> {
  const { logger, from, lost, afterClose } = options;
  if (folder === inMemory) {
    const settings = { dataFolder: folder, from: await from?.() };
    return new Embedded(await openLink(settings, 'memory'), afterClose);
  }
  await provideDatabase(folder, async (draft) => makeDatabase(draft, await from?.()));
  const link = await openLink({ dataFolder: folder, from: undefined }, folder);
  const database = new Embedded(link, afterClose);
  void database.ended.then((failure) => logger?.fatal({ err: failure }, 'the embedded database has failed'));
  const giveUp = () => link.giveUp((lost?.reason as Error).message);
  if (lost?.aborted) giveUp();
  else lost?.addEventListener('abort', giveUp, { once: true });
  return database;
}

async function makeDatabase(folder: string, from: Dump | undefined): Promise<void> {
  if (from) return unpackTar(from, folder);
  const link = await openLink({ dataFolder: folder, from: undefined }, folder);
  await link.send({ do: 'close' }, Infinity);
  await link.end();
}

/** There is one connection. A transaction holds the mutex until it has sent its COMMIT or ROLLBACK. */
class Embedded implements EmbeddedDatabase {
  readonly kind = 'embedded';
  readonly schema = defaultSchema;
  readonly ended: Promise<DatabaseEnded>;
  readonly #link: EmbeddedLink;
  readonly #afterClose: () => Promise<void>;
  readonly #mutex = new Mutex();
  readonly #channels = new Map<string, Set<(payload: string) => void>>();

  constructor(link: EmbeddedLink, afterClose: () => Promise<void> = async () => {}) {
    this.#link = link;
    this.#afterClose = afterClose;
    this.ended = new Promise((resolve) => {
      link.onDeath = resolve;
    });
    link.onNotification = (channel, payload) => {
      for (const onHint of this.#channels.get(channel) ?? []) onHint(payload);
    };
  }

  keepProcess(isKept: boolean): void {
    this.#link.keepProcess(isKept);
  }

  async query<Row extends object>(statement: Statement): Promise<Row[]> {
    const { rows } = await this.#inTurn(() => this.#link.send(queryOf(statement, false)));
    return rows as Row[];
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const leave = await this.#mutex.enter(answerMs);
    const tx = new EmbeddedTransaction(this.#link);
    try {
      await this.#link.send({ do: 'exec', sql: 'BEGIN' });
      const result = await work(tx);
      await tx.commit();
      return result;
    } catch (error) {
      const undone = tx.rollBack();
      // Without an answer, the thread still processes requests in order.
      if (!(error instanceof DatabaseUnavailable)) await undone;
      throw error;
    } finally {
      leave();
    }
  }

  async pipeline(statements: readonly Statement[]): Promise<object[][]> {
    const [only, ...more] = statements;
    if (only && more.length === 0) return [await this.query(only)];
    const leave = await this.#mutex.enter(answerMs);
    const tx = new EmbeddedTransaction(this.#link);
    try {
      return await inOneTransaction(
        this.#link.send({ do: 'exec', sql: 'BEGIN' }),
        // A statement's deadline covers those before it.
        statements.map((statement, n) => tx.query(statement, answerSeconds * (n + 1))),
        tx.commit(answerSeconds * (statements.length + 1)),
      );
    } finally {
      leave();
    }
  }

  async listen(channel: string, onHint: (payload: string) => void): Promise<() => Promise<void>> {
    const listeners = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, listeners.add(onHint));
    const name = quoteIdentifier(channel);
    await this.query({ text: `LISTEN ${name}`, values: [] });
    onHint('');
    return once(async () => {
      listeners.delete(onHint);
      if (listeners.size > 0) return;
      this.#channels.delete(channel);
      await this.query({ text: `UNLISTEN ${name}`, values: [] });
    });
  }

  reachable(): Promise<boolean> {
    return answersInTime(() => this.query({ text: 'SELECT 1', values: [] }));
  }

  async dump(): Promise<Dump> {
    const { dump } = await this.#inTurn(() => this.#link.send({ do: 'dump' }, Infinity));
    return dump!;
  }

  readonly close = once(async () => {
    const closing = this.#inTurn(() => this.#link.send({ do: 'close' })).catch(() => {});
    await within(closeMs, closing, undefined);
    await this.#link.end();
    await this.#afterClose();
  });

  /** Releases the mutex once the request is sent, since the thread keeps the order. */
  async #inTurn<T>(send: () => Promise<T>): Promise<T> {
    const leave = await this.#mutex.enter(answerMs);
    try {
      return send();
    } finally {
      leave();
    }
  }
}

class EmbeddedTransaction implements Transaction {
  readonly #link: EmbeddedLink;
  #over = false;

  constructor(link: EmbeddedLink) {
    this.#link = link;
  }

  async query<Row extends object>(statement: Statement, seconds = answerSeconds): Promise<Row[]> {
    this.#check();
    const { rows } = await this.#link.send(queryOf(statement, true), seconds);
    return rows as Row[];
  }

  /** Has no deadline, since migrations may take long. */
  async exec(sql: string): Promise<void> {
    this.#check();
    await this.#link.send({ do: 'exec', sql }, Infinity);
  }

  async commit(seconds = answerSeconds): Promise<void> {
    this.#over = true;
    const { command } = await this.#link.send({ do: 'exec', sql: 'COMMIT' }, seconds);
    if (command === 'ROLLBACK') throw rolledBackInstead();
  }

  /** Has no effect after a commit. Never throws: only a dead thread can fail it. */
  async rollBack(): Promise<void> {
    this.#over = true;
    await this.#link.send({ do: 'exec', sql: 'ROLLBACK' }).catch(() => {});
  }

  #check(): void {
    if (this.#over) throw new Error('a statement was sent after the end of its transaction');
  }
}

/** A plain object that can be sent to the thread. */
function queryOf({ text, values, name, json }: Statement, inside: boolean): Operation {
  const statement = { text, values, ...(name !== undefined && { name }), ...(json && { json }) };
  return { do: 'query', statement, inside };
}
