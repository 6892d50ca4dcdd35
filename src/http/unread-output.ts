// Bounds unread output: closes connections that read nothing, and limits the total of all connections.
import type { Socket } from 'node:net';
import { limits } from '../base/limits.ts';
import type { Logger } from '../base/logger.ts';

/** How often unread output is checked, in milliseconds. */
const everyMs = 250;

/** How far a connection with unread output had come when it was last seen to move. */
interface Progress {
  readonly taken: number;
  readonly inFlight: number;
  readonly at: number;
}

export interface UnreadLimits {
  readonly unreadMs: number;
  readonly unreadBytes: number;
}

export class UnreadOutput {
  readonly #open: ReadonlySet<Socket>;
  readonly #logger: Logger;
  readonly #limits: UnreadLimits;
  readonly #progress = new Map<Socket, Progress>();
  readonly #timer: NodeJS.Timeout;

  constructor(open: ReadonlySet<Socket>, logger: Logger, most: UnreadLimits = limits) {
    this.#open = open;
    this.#logger = logger;
    this.#limits = most;
    this.#timer = setInterval(() => this.#look(performance.now()), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(now: number): void {
    let total = 0;
    for (const socket of this.#open) {
      if (socket.writableLength === 0 || socket.destroyed) {
        this.#progress.delete(socket);
        continue;
      }
      const { at } = this.#follow(socket, now);
      if (now - at >= this.#limits.unreadMs)
        this.#cutOff(socket, `nothing was read for ${this.#limits.unreadMs} ms`);
      else total += socket.writableLength;
    }
    for (const socket of this.#progress.keys()) if (!this.#open.has(socket)) this.#progress.delete(socket);
    if (total > this.#limits.unreadBytes) this.#cutOffSlowest(total);
  }

  #follow(socket: Socket, now: number): Progress {
    const taken = socket.bytesWritten - socket.writableLength;
    const inFlight = inFlightOf(socket);
    const known = this.#progress.get(socket);
    if (known && taken <= known.taken && inFlight >= known.inFlight) return known;
    const progress = { taken, inFlight, at: now };
    this.#progress.set(socket, progress);
    return progress;
  }

  /** Those that have read nothing for longest go first, and of those that read the ones with the most unread. */
  #cutOffSlowest(total: number): void {
    const { unreadBytes } = this.#limits;
    const slowest = [...this.#progress].sort(
      ([a, { at: aSince }], [b, { at: bSince }]) => aSince - bSince || b.writableLength - a.writableLength,
    );
    let left = total;
    for (const [socket] of slowest) {
      if (left <= unreadBytes) return;
      left -= socket.writableLength;
      this.#cutOff(socket, `more than ${unreadBytes} bytes were unread by all clients together`);
    }
  }

  #cutOff(socket: Socket, why: string): void {
    this.#progress.delete(socket);
    this.#logger.info(
      { address: socket.remoteAddress, unread: socket.writableLength },
      `a connection was cut off: ${why}`,
    );
    socket.destroy();
  }
}

/** Of the write under way, what the operating system has not taken yet: Node's own timeouts go by the same figure. */
function inFlightOf(socket: Socket): number {
  const { _handle: handle } = socket as { _handle?: { readonly writeQueueSize?: number } | null };
  return handle?.writeQueueSize ?? 0;
}
