// Detects clients that have disconnected before the answer: what was claimed for them is released.
import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';

/** One operation's. Its signal is made only for those who want it. */
export class Presence {
  #controller: AbortController | undefined;
  #isGone = false;

  get signal(): AbortSignal {
    this.#controller ??= newController();
    if (this.#isGone) this.#controller.abort();
    return this.#controller.signal;
  }

  leave(): void {
    this.#isGone = true;
    this.#controller?.abort();
  }
}

/** One document may hold many calls of enroll, each of which listens. */
function newController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/**
 * A caller has left once its connection closes before the whole answer was written. A client that only ends its own side of
 * the connection can't be told from a process that was killed: it is answered, but gets no job or event that it could lose.
 */
export function presenceOf(response: ServerResponse): Presence {
  const presence = new Presence();
  const stopListening = onHalfClose(response, () => presence.leave());
  response.once('close', () => {
    stopListening();
    if (!response.writableFinished) presence.leave();
  });
  return presence;
}

/** Calls `ended` when the client ends its side of the connection; the function returned removes the listener. */
export function onHalfClose(response: ServerResponse, ended: () => void): () => void {
  const { socket } = response.req;
  if (socket.readableEnded) ended();
  socket.once('end', ended);
  return () => socket.off('end', ended);
}
