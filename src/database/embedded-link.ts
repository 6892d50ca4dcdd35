// The gateway's end of the line to the embedded database's thread: requests out, answers matched to them.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { asError } from '../base/errors.ts';
import { DatabaseUnavailable, StartupError } from './database.ts';
import type { Answer, Operation, Request, WorkerMessage, WorkerSettings } from './embedded-protocol.ts';
import { SqlFailure } from './sql-failure.ts';

interface Waiting {
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

type OnNotification = (channel: string, payload: string) => void;

/** The worker is JavaScript when built, and TypeScript in development, where its thread needs a loader first. */
function startWorker(workerData: WorkerSettings): Worker {
  const built = extname(import.meta.url) === '.js';
  const program = built ? '../database/embedded-worker.js' : '../database/embedded-worker-dev.mjs';
  return new Worker(new URL(program, import.meta.url), {
    name: 'throughline-database',
    workerData,
    execArgv: [],
  });
}

/** Starts the thread and its database; throws StartupError, naming `place`, if that fails. */
export async function openLink(settings: WorkerSettings, place: string): Promise<EmbeddedLink> {
  const link = new EmbeddedLink(startWorker(settings));
  try {
    await link.ready;
    return link;
  } catch (failure) {
    await link.end();
    const [reason] = asError(failure).message.split('\n', 1);
    throw new StartupError(`the embedded database in ${place} can not be opened: ${reason}`, {
      cause: failure,
    });
  }
}

/** Requests are performed in the order in which they are sent. */
export class EmbeddedLink {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #failure: Error | undefined;
  #settle: { resolve: () => void; reject: (failure: Error) => void } | undefined;
  /** Rejects if the database can not be opened. */
  readonly ready: Promise<void>;
  onNotification: OnNotification = () => {};
  /** Runs if the thread ends by itself. */
  onDeath: (failure: Error) => void = () => {};

  constructor(worker: Worker) {
    this.#worker = worker;
    this.ready = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    worker.on('message', (message: WorkerMessage) => this.#receive(message));
    worker.on('messageerror', (failure) => this.#die(failure));
    worker.on('error', (failure) => this.#die(failure));
    worker.on('exit', (code) => this.#die(new Error(`the database's thread ended with code ${code}`)));
  }

  /** Rejects with SqlFailure if the database refuses, and with DatabaseUnavailable once the thread has ended. */
  send(operation: Operation): Promise<Answer> {
    if (this.#failure) return Promise.reject(new DatabaseUnavailable(this.#failure));
    this.#lastId += 1;
    const request: Request = { id: this.#lastId, operation };
    return new Promise((resolve, reject) => {
      this.#worker.postMessage(request);
      this.#waiting.set(request.id, { resolve, reject });
    });
  }

  /** Ends the thread at once; what still waits is told that the database is gone. */
  async end(): Promise<void> {
    this.onDeath = () => {};
    this.#die(new Error('the database was closed'));
    await this.#worker.terminate();
  }

  #receive(message: WorkerMessage): void {
    switch (message.kind) {
      case 'ready':
        this.#settle?.resolve();
        break;
      case 'unusable':
        this.#die(new Error(message.reason));
        break;
      case 'answer':
        this.#take(message.id)?.resolve(message.answer);
        break;
      case 'failure':
        this.#take(message.id)?.reject(new SqlFailure(message.failure));
        break;
      case 'notification':
        this.onNotification(message.channel, message.payload);
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #die(failure: Error): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#settle?.reject(failure);
    for (const { reject } of this.#waiting.values()) reject(new DatabaseUnavailable(failure));
    this.#waiting.clear();
    this.onDeath(failure);
  }
}
