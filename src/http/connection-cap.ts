// The cap on open connections. Connections beyond it are accepted for health checks only.
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { limits } from '../base/limits.ts';

export interface ConnectionLimits {
  /** Open connections. */
  readonly maxConnections: number;
  /** Open connections from one address. */
  readonly maxConnectionsPerAddress: number;
}

export class ConnectionCap {
  readonly #limits: ConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  /** Oldest first. */
  readonly #beyond = new Set<Duplex>();
  #admitted = 0;

  constructor(server: Server, most: ConnectionLimits) {
    this.#limits = most;
    server.on('connection', (socket) => this.#take(socket));
  }

  /** Whether it was opened when the cap was reached: nothing but health checks is answered on it. */
  isBeyond(socket: Duplex): boolean {
    return this.#beyond.has(socket);
  }

  #take(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const fromThere = this.#byAddress.get(address) ?? 0;
    const { maxConnections, maxConnectionsPerAddress } = this.#limits;
    if (this.#admitted < maxConnections && fromThere < maxConnectionsPerAddress) this.#admit(socket, address);
    else this.#takeBeyond(socket);
  }

  #admit(socket: Socket, address: string): void {
    this.#admitted += 1;
    this.#byAddress.set(address, (this.#byAddress.get(address) ?? 0) + 1);
    socket.once('close', () => {
      this.#admitted -= 1;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
  }

  /** The oldest one is closed: idle connections cannot keep a health check out. */
  #takeBeyond(socket: Socket): void {
    this.#beyond.add(socket);
    socket.once('close', () => this.#beyond.delete(socket));
    if (this.#beyond.size <= limits.connectionsBeyondCap) return;
    const [oldest] = this.#beyond;
    oldest?.destroy();
    if (oldest) this.#beyond.delete(oldest);
  }
}
