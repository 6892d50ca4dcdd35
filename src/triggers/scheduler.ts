// The scheduler: sleeps until a schedule is due, and sends one event per tick, however many gateways run.
//
// A tick is two writes around a send. The first decides, in the database and so once among all gateways, which tick to
// send and how many earlier ones were missed; the second marks it as processed. If a gateway dies in between, another one
// sends the decided tick; its hash prevents a second event.
import { ThroughlineError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { WorkLoop } from '../base/work-loop.ts';
import type { Database } from '../database/database.ts';
import { dueTicks } from '../domain/triggers/schedule.ts';
import type { SendInput } from '../domain/events/send.ts';
import { tickType } from '../domain/triggers/trigger.ts';
import {
  decideTick,
  type DueSchedule,
  nextDueAt,
  readDueSchedules,
  settleTick,
} from '../store/control/triggers.ts';
import { callerOf, optionsOf, passing, type Send } from './trigger-filter.ts';

export interface SchedulerParts {
  readonly database: Database;
  readonly send: Send;
  readonly logger: Logger;
  /** In milliseconds since 1970; the machine's clock unless given. */
  readonly now?: () => number;
}

/** After so long it looks again, since triggers may be made at other gateways. */
const longestSleepMs = 30_000;
/** After so long it tries again what failed, and takes up a decided tick that another gateway left. */
const timeoutMs = 5_000;
/** Schedules that are read in one statement. */
const batch = 100;

export class Scheduler {
  readonly #database: Database;
  readonly #send: Send;
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #workLoop = new WorkLoop(() => this.#pass());

  constructor({ database, send, logger, now = Date.now }: SchedulerParts) {
    this.#database = database;
    this.#send = send;
    this.#logger = logger;
    this.#now = now;
  }

  /** Looks at once what is due, and from then on at the right times. */
  wake(): void {
    this.#workLoop.wake();
  }

  /** Resolves when it has looked, and done what there was to do. */
  idle(): Promise<void> {
    return this.#workLoop.idle();
  }

  /** Resolves when nothing of it is left running. */
  stop(): Promise<void> {
    return this.#workLoop.stop();
  }

  /** Fires everything that is due. Throws if part of it must be retried. */
  async tick(): Promise<void> {
    for (;;) {
      const now = this.#now();
      const staleBefore = new Date(now - timeoutMs);
      const due = await readDueSchedules(this.#database, new Date(now), staleBefore, batch);
      const outcomes = await Promise.allSettled(due.map((schedule) => this.#serve(schedule, new Date(now))));
      const failed = outcomes.find((outcome) => outcome.status === 'rejected');
      if (failed) throw failed.reason;
      if (due.length < batch || this.#workLoop.isStopped) return;
    }
  }

  async #pass(): Promise<number> {
    let sleepMs = timeoutMs;
    try {
      await this.tick();
      const at = await nextDueAt(this.#database, timeoutMs);
      sleepMs = at === null ? longestSleepMs : Math.max(0, at.getTime() - this.#now());
    } catch (error) {
      this.#logger.warn({ err: error }, 'a schedule could not tick; it is tried again');
    }
    return Math.min(sleepMs, longestSleepMs);
  }

  async #serve(schedule: DueSchedule, now: Date): Promise<void> {
    const { dueTick, dueMissed, nextRun } = schedule;
    if (dueTick !== null) return this.#deliver(schedule, dueTick, dueMissed ?? 0);
    if (nextRun === null) return;
    const due = await dueTicks(schedule, nextRun, now);
    const isOurs = await decideTick(this.#database, schedule, due);
    if (isOurs) await this.#deliver(schedule, due.last, due.missed);
  }

  async #deliver(schedule: DueSchedule, tick: Date, missed: number): Promise<void> {
    const scheduledAt = tick.toISOString();
    const { input, filterError } = await passing(schedule, {
      eventType: tickType,
      payload: { scheduledAt, missed },
      hash: `tick/${schedule.id}/${scheduledAt}`,
    });
    if (input !== null) await this.#sendTick(schedule, input);
    await settleTick(this.#database, schedule.id, tick, filterError);
  }

  /** One that its topic is declared not to take is given up: the next time it would fit no better. */
  async #sendTick(schedule: DueSchedule, input: SendInput): Promise<void> {
    try {
      await this.#send(callerOf(schedule), input, optionsOf(schedule));
    } catch (error) {
      if (!(error instanceof ThroughlineError && error.code === 'TOPIC_SCHEMA_MISMATCH')) throw error;
      this.#logger.warn(
        { err: error, trigger: schedule.name },
        'a tick does not fit its topic and is left out',
      );
    }
  }
}
