// Flow control of a WebSocket: events taken for its client alone are taken no faster than it reads.
import type { WebSocket } from 'ws';

/** How many results may be on their way before the client has to say that it has read them. */
const ahead = 32;

export class Pace {
  readonly #socket: WebSocket;
  #answering: Promise<void> | undefined;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /**
   * The same results, at the pace of the client. A completed write proves little, since buffers on the way hold megabytes
   * of small results; but a client answers a ping only after it has read what came before it.
   */
  keep<Result>(results: AsyncIterableIterator<Result>): AsyncIterableIterator<Result> {
    let taken = 0;
    const paced: AsyncIterableIterator<Result> = {
      next: async () => {
        if (taken === ahead) {
          await this.#answered();
          taken = 0;
        }
        taken += 1;
        return results.next();
      },
      return: async () => (await results.return?.()) ?? { value: undefined, done: true },
      [Symbol.asyncIterator]: () => paced,
    };
    return paced;
  }

  /** One ping at a time is enough for all operations of the socket. */
  #answered(): Promise<void> {
    this.#answering ??= this.#ping().finally(() => {
      this.#answering = undefined;
    });
    return this.#answering;
  }

  async #ping(): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('pong', done).off('close', done);
        resolve();
      };
      socket.on('pong', done).on('close', done).ping();
    });
  }
}
