// The scheduler of events: publishes scheduled events when they are due, whichever gateway accepted them.
import { asError } from '../base/errors.ts';
import type { Stoppable } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { WorkLoop } from '../base/work-loop.ts';
import type { Database } from '../database/database.ts';
import { nextDueInMs, sendDue } from '../store/events/scheduled-events.ts';

export interface ScheduledSenderParts {
  readonly database: Database;
  /** Identifies this gateway in notifications to others; empty if there can be no others. */
  readonly hint: string;
  /** Called after each commit that published events. */
  readonly onCommit: () => void;
  readonly logger: Logger;
}

/** Longest sleep, in milliseconds: another gateway may accept an event and be gone when it is due. */
const longestSleepMs = 5_000;
/** Longest sleep if there is no other gateway, in milliseconds. Timers cannot hold much more. */
const longestAloneMs = 86_400_000;
/** Retry interval after a failure, in milliseconds. */
const retryMs = 1_000;
/** Events published in one transaction. */
const batch = 500;

export class ScheduledSender implements Stoppable {
  readonly #parts: ScheduledSenderParts;
  readonly #workLoop = new WorkLoop(() => this.#pass());

  constructor(parts: ScheduledSenderParts) {
    this.#parts = parts;
  }

  /** An event was scheduled: checks when the next one is due. */
  wake(): void {
    this.#workLoop.wake();
  }

  /** Resolves when all due events are published. */
  idle(): Promise<void> {
    return this.#workLoop.idle();
  }

  stop(): Promise<void> {
    return this.#workLoop.stop();
  }

  #pass(): Promise<number> {
    return this.#send().catch((error: unknown) => {
      this.#parts.logger.warn({ err: asError(error) }, 'could not publish scheduled events; will retry');
      return retryMs;
    });
  }

  /** Publishes due events. Returns the milliseconds until the next check. */
  async #send(): Promise<number> {
    const { database, hint, onCommit } = this.#parts;
    const longest = hint === '' ? longestAloneMs : longestSleepMs;
    for (;;) {
      const inMs = await nextDueInMs(database);
      if (inMs === null || inMs > 0) return Math.min(inMs ?? longest, longest);
      if (this.#workLoop.isStopped) return retryMs;
      await sendDue(database, batch, hint);
      onCommit();
    }
  }
}
