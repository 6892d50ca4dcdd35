// The pace of a WebSocket's client: what is taken for it alone is taken no faster than it reads.
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
   * The same results. That they were written says little, since the buffers between here and the client hold megabytes
   * of small ones; a ping is answered by whoever has read what came before it.
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
