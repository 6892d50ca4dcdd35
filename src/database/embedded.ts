// The database inside the gateway: PGlite in a thread of its own, so that no statement holds up the event loop.
import { existsSync } from 'node:fs';
import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { once } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { type Database, StartupError, type Statement, type Transaction } from './database.ts';
import { answersInTime, within } from './deadline.ts';
import { type EmbeddedLink, openLink } from './embedded-link.ts';
import type { Operation } from './embedded-protocol.ts';
import { defaultSchema } from './schema-name.ts';
import { inOneTransaction, quoteIdentifier, rolledBackInstead } from './sql-failure.ts';
import { Turnstile } from './turnstile.ts';

export interface EmbeddedOptions {
  readonly logger?: Logger | undefined;
  /** What `dump()` gave, to start from where the folder holds no database yet. */
  readonly from?: Uint8Array<ArrayBuffer> | undefined;
  /** Runs once it is closed, such as the release of the folder's lock. */
  readonly afterClose?: (() => Promise<void>) | undefined;
}

export interface EmbeddedDatabase extends Database {
  readonly kind: 'embedded';
  /** The whole database as one file, for `from`. */
  dump(): Promise<Uint8Array<ArrayBuffer>>;
}

const inMemory = 'memory://';
const closeMs = 5_000;

/**
 * Opens or creates the database in `folder`, or in memory for `memory://`. A commit survives a killed process, since
 * it is in the operating system's hands when it is answered, but not a power cut. Throws StartupError if the folder
 * can not be used. Nothing here keeps a second opener out: see folder-lock.ts.
 */
export async function openEmbedded(folder: string, options: EmbeddedOptions = {}): Promise<EmbeddedDatabase> {
  const settings = { dataFolder: folder, from: options.from };
  const place = folder === inMemory ? 'memory' : folder;
  const link =
    folder === inMemory
      ? await openLink(settings, place)
      : await createWhole(folder, () => openLink(settings, place));
  link.onDeath = (failure) => options.logger?.fatal({ err: failure }, 'the embedded database has ended');
  return new Embedded(link, options.afterClose);
}

/** A first start that was interrupted leaves half a database: a note beside it says so, and it is begun afresh. */
async function createWhole<T>(folder: string, open: () => Promise<T>): Promise<T> {
  const note = `${folder}.unfinished`;
  try {
    if (existsSync(note)) await rm(folder, { recursive: true, force: true });
    if (!existsSync(folder)) {
      await writeFile(note, 'The database beside this file is being created.\n');
      await mkdir(folder, { mode: 0o700 });
    }
    await access(`${folder}/.`, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (failure) {
    throw new StartupError(`the data folder ${folder} can not be used: ${(failure as Error).message}`);
  }
  const opened = await open();
  await rm(note, { force: true });
  return opened;
}

/** There is one connection: a transaction keeps everybody else waiting at the turnstile until it has sent its end. */
class Embedded implements EmbeddedDatabase {
  readonly kind = 'embedded';
  readonly schema = defaultSchema;
  readonly #link: EmbeddedLink;
  readonly #afterClose: () => Promise<void>;
  readonly #turnstile = new Turnstile();
  readonly #channels = new Map<string, Set<(payload: string) => void>>();

  constructor(link: EmbeddedLink, afterClose: () => Promise<void> = async () => {}) {
    this.#link = link;
    this.#afterClose = afterClose;
    link.onNotification = (channel, payload) => {
      for (const onHint of this.#channels.get(channel) ?? []) onHint(payload);
    };
  }

  async query<Row extends object>(statement: Statement): Promise<Row[]> {
    const { rows } = await this.#inTurn(() => this.#link.send(queryOf(statement, false)));
    return rows as Row[];
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const leave = await this.#turnstile.enter();
    const tx = new EmbeddedTransaction(this.#link);
    try {
      await this.#link.send({ do: 'exec', sql: 'BEGIN' });
      const result = await work(tx);
      await tx.commit();
      return result;
    } catch (error) {
      await tx.rollBack();
      throw error;
    } finally {
      leave();
    }
  }

  async pipeline(statements: readonly Statement[]): Promise<object[][]> {
    const [only, ...more] = statements;
    if (only && more.length === 0) return [await this.query(only)];
    const leave = await this.#turnstile.enter();
    const tx = new EmbeddedTransaction(this.#link);
    try {
      return await inOneTransaction(
        this.#link.send({ do: 'exec', sql: 'BEGIN' }),
        statements.map((statement) => tx.query(statement)),
        tx.commit(),
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

  async dump(): Promise<Uint8Array<ArrayBuffer>> {
    const { dump } = await this.#inTurn(() => this.#link.send({ do: 'dump' }));
    return dump!;
  }

  readonly close = once(async () => {
    const closing = this.#inTurn(() => this.#link.send({ do: 'close' })).catch(() => {});
    await within(closeMs, closing, undefined);
    await this.#link.end();
    await this.#afterClose();
  });

  /** Lets the next one pass as soon as the request is sent: the thread keeps the order. */
  async #inTurn<T>(send: () => Promise<T>): Promise<T> {
    const leave = await this.#turnstile.enter();
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

  async query<Row extends object>(statement: Statement): Promise<Row[]> {
    this.#check();
    const { rows } = await this.#link.send(queryOf(statement, true));
    return rows as Row[];
  }

  async exec(sql: string): Promise<void> {
    this.#check();
    await this.#link.send({ do: 'exec', sql });
  }

  async commit(): Promise<void> {
    this.#over = true;
    const { command } = await this.#link.send({ do: 'exec', sql: 'COMMIT' });
    if (command === 'ROLLBACK') throw rolledBackInstead();
  }

  /** Harmless after a commit; never throws, since only a dead thread can refuse. */
  async rollBack(): Promise<void> {
    this.#over = true;
    await this.#link.send({ do: 'exec', sql: 'ROLLBACK' }).catch(() => {});
  }

  #check(): void {
    if (this.#over) throw new Error('a statement came after the end of its transaction');
  }
}

/** As plain data, whatever the statement is made of. */
function queryOf({ text, values, name, json }: Statement, inside: boolean): Operation {
  const statement = { text, values, ...(name !== undefined && { name }), ...(json && { json }) };
  return { do: 'query', statement, inside };
}
