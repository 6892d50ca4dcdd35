// Sends what is held back when its time has come: sleeps until the next one is due, whichever gateway took it.
import { asError } from '../base/errors.ts';
import type { Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Rounds } from '../base/rounds.ts';
import type { Database } from '../database/database.ts';
import { nextDueInMs, sendDue } from '../store/held-events.ts';

export interface HeldSenderParts {
  readonly database: Database;
  /** Names this gateway in the hints that other gateways get; empty where there can be no others. */
  readonly hint: string;
  /** Called after each commit that sent something. */
  readonly onCommit: () => void;
  readonly logger: Logger;
}

/** So long at most it sleeps: another gateway may have taken an event, and be gone when it is due. */
const longestSleepMs = 5_000;
/** Where there is no other gateway; what a timer can hold is a little more. */
const longestAloneMs = 86_400_000;
/** After so long what failed is tried again. */
const retryMs = 1_000;
/** Sent in one transaction. */
const batch = 500;

export class HeldSender implements Stoppable {
  readonly #parts: HeldSenderParts;
  readonly #rounds = new Rounds(() => this.#round());

  constructor(parts: HeldSenderParts) {
    this.#parts = parts;
  }

  /** Something was taken that is to be sent later: looks at once when that will be. */
  wake(): void {
    this.#rounds.wake();
  }

  /** Resolves when it has looked, and done what there was to do. */
  idle(): Promise<void> {
    return this.#rounds.idle();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  #round(): Promise<number> {
    return this.#send().catch((error: unknown) => {
      this.#parts.logger.warn({ err: asError(error) }, 'held events could not be sent; it is tried again');
      return retryMs;
    });
  }

  /** Answers how long there is nothing to do. */
  async #send(): Promise<number> {
    const { database, hint, onCommit } = this.#parts;
    const longest = hint === '' ? longestAloneMs : longestSleepMs;
    for (;;) {
      const inMs = await nextDueInMs(database);
      if (inMs === null || inMs > 0) return Math.min(inMs ?? longest, longest);
      if (this.#rounds.isStopped) return retryMs;
      await sendDue(database, batch, hint);
      onCommit();
    }
  }
}
