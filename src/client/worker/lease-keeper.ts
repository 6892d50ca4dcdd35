// Heartbeats of held jobs, from a thread of their own: a handler that blocks the program's thread cannot delay them.
import type { Credentials } from '../connection/credentials.ts';
import { ExtendLeaseDocument } from '../../../generated/client/graphql.ts';
import { type HeartbeatPort, type HeldLease, keepLeases, type LeaseMessage } from './heartbeats.ts';

export interface LeaseKeeperSettings {
  readonly url: string;
  readonly credentials: Credentials;
  readonly leaseMs: number;
}

interface Thread {
  postMessage(message: LeaseMessage): void;
  on(event: 'message', listener: (key: string) => void): void;
  terminate(): Promise<unknown>;
}

interface ThreadsModule {
  readonly Worker: new (code: string, options: object) => Thread;
}

/** How often a replaced token is checked for, in milliseconds. */
const tokenMs = 10_000;

export class LeaseKeeper {
  readonly #credentials: Credentials;
  readonly #lost = new Map<string, (why: string) => void>();
  readonly #send: (message: LeaseMessage) => void;
  readonly #end: () => unknown;
  readonly #timer: ReturnType<typeof setInterval>;
  #authorization: string | undefined;

  private constructor(
    { credentials }: LeaseKeeperSettings,
    start: (onLost: (key: string) => void) => { send: (message: LeaseMessage) => void; end: () => unknown },
  ) {
    this.#credentials = credentials;
    const { send, end } = start((key) => this.#lost.get(key)?.('The lease was lost.'));
    this.#send = send;
    this.#end = end;
    this.#timer = setInterval(() => void this.#renewToken(), tokenMs);
  }

  static async start(settings: LeaseKeeperSettings): Promise<LeaseKeeper> {
    const { url, leaseMs } = settings;
    const given = { url, leaseMs, document: ExtendLeaseDocument.toString() };
    const threads = await loadThreads();
    const keeper = new LeaseKeeper(settings, (onLost) =>
      threads ? inThread(threads, given, onLost) : inThisThread(given, onLost),
    );
    await keeper.#renewToken();
    return keeper;
  }

  /** Keeps the lease until it is released. `onLost` is called at most once. */
  hold({ id, attempt }: HeldLease, onLost: (why: string) => void): void {
    this.#lost.set(keyOf({ id, attempt }), onLost);
    this.#send({ hold: { id, attempt } });
  }

  release(lease: HeldLease): void {
    if (this.#lost.delete(keyOf(lease))) this.#send({ release: keyOf(lease) });
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#end();
  }

  async #renewToken(): Promise<void> {
    const authorization = await this.#credentials.authorization().catch(() => this.#authorization);
    if (authorization === this.#authorization) return;
    this.#authorization = authorization;
    this.#send({ authorization });
  }
}

function keyOf({ id, attempt }: HeldLease): string {
  return `${id}/${attempt}`;
}

/** Not there in browsers. The name is hidden from bundlers, which would look for it. */
async function loadThreads(): Promise<ThreadsModule | undefined> {
  const name = 'node:worker_threads';
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as ThreadsModule;
  } catch {
    return undefined;
  }
}

function inThread(threads: ThreadsModule, given: object, onLost: (key: string) => void) {
  // Some compilers name functions with a helper of this name.
  const code = `const __name = (f) => f;
    const { parentPort, workerData } = require('node:worker_threads');
    (${keepLeases.toString()})({
      listen: (listener) => parentPort.on('message', listener),
      lost: (key) => parentPort.postMessage(key),
    }, workerData);`;
  const thread = new threads.Worker(code, { eval: true, workerData: given, execArgv: [] });
  thread.on('message', onLost);
  return { send: (message: LeaseMessage) => thread.postMessage(message), end: () => thread.terminate() };
}

function inThisThread(given: Parameters<typeof keepLeases>[1], onLost: (key: string) => void) {
  let send: (message: LeaseMessage) => void = () => {};
  const port: HeartbeatPort = { listen: (listener) => (send = listener), lost: onLost };
  const end = keepLeases(port, given);
  return { send: (message: LeaseMessage) => send(message), end };
}
