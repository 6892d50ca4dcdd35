// Tracks which connections of the HTTP server are answering a request, so that a stop closes the idle ones at once.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** How long what is left of a body may go on after the request was answered without it. */
const unreadBodyMs = 2_000;

export class Connections {
  readonly #open = new Set<Socket>();
  readonly #answering = new Map<Socket, Promise<void>>();
  readonly #upgraded = new WeakSet<Duplex>();
  #draining = false;

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#open.add(socket);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#answering.delete(socket);
      });
    });
  }

  /** Those that are open, WebSockets included. */
  get open(): ReadonlySet<Socket> {
    return this.#open;
  }

  /**
   * Answers requests of one connection one after another: the answers to pipelined requests would else all be held in
   * memory until the client has read the first.
   */
  async answer(request: IncomingMessage, response: ServerResponse, answer: () => void): Promise<void> {
    const { socket } = request;
    const before = this.#answering.get(socket);
    const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
    const answered = before === undefined ? closed : before.then(() => closed);
    this.#answering.set(socket, answered);
    response.once('finish', () => endUnreadBody(request));
    void answered.then(() => this.#answered(socket, answered));
    if (before !== undefined) await before;
    if (socket.destroyed) return;
    if (this.#draining) response.setHeader('Connection', 'close');
    answer();
  }

  /** Resolves when all open requests are answered, or after `ms` milliseconds. */
  async settled(ms: number): Promise<void> {
    await Promise.race([Promise.all(this.#answering.values()), delay(ms, undefined, { ref: false })]);
  }

  #answered(socket: Socket, last: Promise<void>): void {
    if (this.#answering.get(socket) === last) this.#answering.delete(socket);
    if (this.#draining && !this.#answering.has(socket)) socket.destroySoon();
  }

  /** The connection became a WebSocket, and is no longer ours to end. */
  upgraded(stream: Duplex): void {
    this.#upgraded.add(stream);
  }

  /** Ends those without a request in flight, then the others once they are answered, and all that remain after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    const deadline = Date.now() + graceMs;
    for (const socket of this.#own()) if (!this.#answering.has(socket)) socket.destroy();
    while (this.#answering.size > 0 && Date.now() < deadline) await delay(10);
    for (const socket of this.#own()) socket.destroy();
  }

  #own(): Socket[] {
    return [...this.#open].filter((socket) => !this.#upgraded.has(socket));
  }
}

/**
 * The client may not have read the answer before it has sent its body, so that closing at once could lose it; and it
 * may send without end. Node reads and drops what comes; this bounds for how long.
 */
function endUnreadBody(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), unreadBodyMs);
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
}
