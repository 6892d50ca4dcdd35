// Whether the one who asked still waits for the answer: what was taken for a client that has gone is given back.
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

/** Gone is who closes the connection before the whole answer was handed to it. */
export function presenceOf(response: ServerResponse): Presence {
  const presence = new Presence();
  response.once('close', () => {
    if (!response.writableFinished) presence.leave();
  });
  return presence;
}
