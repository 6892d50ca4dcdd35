// The connections of the HTTP server: which of them answer a request, so that stopping ends the others at once.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** How long what is left of a body may go on after the request was answered without it. */
const unreadBodyMs = 2_000;

export class Connections {
  readonly #open = new Set<Socket>();
  readonly #answering = new Set<Socket>();
  readonly #upgraded = new WeakSet<Duplex>();
  #draining = false;

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Call for each request, before it is answered. */
  track(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#answering.add(socket);
    if (this.#draining) response.setHeader('Connection', 'close');
    response.once('finish', () => endUnreadBody(request));
    response.once('close', () => {
      this.#answering.delete(socket);
      if (this.#draining) socket.destroySoon();
    });
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
