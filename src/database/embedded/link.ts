// The gateway's end of the channel to the embedded database's thread: sends requests and matches answers to them.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { asError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { DatabaseEnded, DatabaseUnavailable, StartupError } from '../database.ts';
import type { Answer, Operation, Request, WorkerMessage, WorkerSettings } from './protocol.ts';
import { failureOf, SqlFailure } from '../sql-failure.ts';

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
  /** Ticks left until the request times out. */
  left: number;
}

type OnNotification = (channel: string, payload: string) => void;

/** The worker is JavaScript in a build, and TypeScript in development, where its thread needs a loader. */
function startWorker(workerData: WorkerSettings): Worker {
  const built = extname(import.meta.url) === '.js';
  const program = built ? '../../database/embedded/worker.js' : './worker-dev.mjs';
  return new Worker(new URL(program, import.meta.url), {
    name: 'throughline-database',
    workerData,
    execArgv: [],
  });
}

/** Starts the thread and its database. Throws StartupError, naming `place`, if that fails. */
export async function openLink(settings: WorkerSettings, place: string): Promise<EmbeddedLink> {
  const link = new EmbeddedLink(startWorker(settings));
  try {
    await link.ready;
    return link;
  } catch (failure) {
    await link.end();
    const reason = failure instanceof DatabaseEnded ? failure.reason : asError(failure).message;
    throw new StartupError(
      `the embedded database in ${place} cannot be opened; its folder is damaged or unusable: ${reason}`,
      { cause: failure },
    );
  }
}

/**
 * Requests run in the order in which they are sent. Each is answered before its deadline or fails with
 * DatabaseUnavailable; it may then still run. Deadlines are counted in ticks, so that time during which the process
 * was paused does not count.
 */
export class EmbeddedLink {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: DatabaseEnded | undefined;
  #settle: { resolve: () => void; reject: (failure: Error) => void } | undefined;
  readonly #clock: NodeJS.Timeout;
  /** Ticks since the last answer, while one is due. */
  #silent = 0;
  /** Requests that timed out and have not been answered yet. */
  readonly #late = new Set<number>();
  /** Rejects if the database cannot be opened. */
  readonly ready: Promise<void>;
  onNotification: OnNotification = () => {};
  /** Called if the database fails on its own. */
  onDeath: (failure: DatabaseEnded) => void = () => {};

  /** `tickMs` is the length of a tick, which counts as a second. */
  constructor(worker: Worker, tickMs = 1_000) {
    this.#worker = worker;
    this.#clock = setInterval(() => this.#tick(), tickMs).unref();
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    worker.on('message', (message: WorkerMessage) => this.#receive(message));
    worker.on('messageerror', (failure) => this.giveUp(failure.message, failure));
    worker.on('error', (failure) => this.giveUp(asError(failure).message, failure));
    worker.on('exit', (code) => this.giveUp(`its thread ended with code ${code}`));
  }

  /**
   * Rejects with SqlFailure if the statement fails, with DatabaseUnavailable if there is no answer within `seconds`,
   * and with DatabaseEnded once the database has failed.
   */
  send(operation: Operation, seconds: number = limits.embeddedAnswerSeconds): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#lastId += 1;
    const request: Request = { id: this.#lastId, operation };
    return new Promise((resolve, reject) => {
      this.#worker.postMessage(request);
      this.#waiting.set(request.id, { resolve, reject, left: seconds });
    });
  }

  /** Whether an open database keeps the process alive, as it does from the start. */
  keepProcess(isKept: boolean): void {
    if (isKept) this.#worker.ref();
    else this.#worker.unref();
  }

  /** Ends the thread at once. Pending requests fail. */
  async end(): Promise<void> {
    this.onDeath = () => {};
    this.giveUp('the database was closed');
    await this.#worker.terminate();
  }

  /** Fails all pending and further requests, and ends the thread. */
  giveUp(reason: string, cause?: unknown): void {
    if (this.#failure) return;
    const failure = new DatabaseEnded(reason, cause);
    this.#failure = failure;
    clearInterval(this.#clock);
    this.#settle?.reject(failure);
    for (const { reject } of this.#waiting.values()) reject(failure);
    this.#waiting.clear();
    void this.#worker.terminate();
    this.onDeath(failure);
  }

  #receive(message: WorkerMessage): void {
    this.#silent = 0;
    switch (message.kind) {
      case 'ready':
        this.#settle?.resolve();
        break;
      case 'unusable':
      case 'ended':
        this.giveUp(message.reason);
        break;
      case 'answer':
        this.#take(message.id)?.resolve(message.answer);
        break;
      case 'failure':
        this.#take(message.id)?.reject(failureOf(new SqlFailure(message.failure)));
        break;
      case 'notification':
        this.onNotification(message.channel, message.payload);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#late.delete(id);
    return waiting;
  }

  /** Whether it processes a request with a deadline. */
  get #isAnswerDue(): boolean {
    const [late = Infinity] = this.#late;
    const [[id, { left }] = [Infinity, { left: Infinity }]] = this.#waiting;
    return late < id || left !== Infinity;
  }

  #tick(): void {
    this.#silent = this.#isAnswerDue ? this.#silent + 1 : 0;
    for (const [id, waiting] of this.#waiting) {
      waiting.left -= 1;
      if (waiting.left > 0) continue;
      this.#waiting.delete(id);
      this.#late.add(id);
      waiting.reject(new DatabaseUnavailable(new Error('the embedded database did not answer in time')));
    }
    if (this.#late.size > 0 && this.#silent >= limits.embeddedSilenceSeconds)
      this.giveUp(`it did not respond for ${limits.embeddedSilenceSeconds} seconds`);
  }
}
