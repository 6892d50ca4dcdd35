// Schedules: cron expressions in a time zone, and the ticks that they make.
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { Cron } from 'croner';
import { asError, badInput } from '../base/errors.ts';
import { limits } from '../base/limits.ts';

/** A valid schedule. */
export interface Schedule {
  /** Five fields, six with seconds before them, or seven with years after those. */
  readonly cron: string;
  /** An IANA name, such as Europe/Berlin. */
  readonly timezone: string;
}

/** The ticks that are due at a time. */
export interface DueTicks {
  readonly last: Date;
  /** How many were due before the last one; counting stops at `limits.missedTicks`. */
  readonly missed: number;
  /** The first tick that is not due; null where there is none. */
  readonly next: Date | null;
}

const fields = 'minute hour day month weekday, with seconds before them where wanted';

/** The schedule, with UTC unless another zone is given, or BAD_USER_INPUT that says what would be right. */
export function checkSchedule(cron: string, timezone: string | null | undefined): Schedule {
  const zone = checkTimezone(timezone ?? 'UTC');
  const text = cron.trim();
  if (text.length > limits.nameLength || !/^(@\w+|\S+( +\S+){4,6})$/.test(text)) throw badCron(cron);
  try {
    new Cron(text, { timezone: zone, paused: true });
  } catch (error) {
    throw badCron(cron, asError(error).message.replace(/^Cron\w+: /, ''));
  }
  return { cron: text, timezone: zone };
}

function badCron(cron: string, reason?: string) {
  const said = reason === undefined ? '' : ` (${reason.slice(0, 200)})`;
  return badInput(
    `cron ${JSON.stringify(cron.slice(0, 60))} is not a schedule${said}: it has five fields (${fields}), such as "0 9 * * 1-5" for nine o’clock on working days.`,
  );
}

/** As it was given: one zone has several names, and which of them is canonical changes with the time zone database. */
function checkTimezone(zone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return zone;
  } catch {
    throw badInput(
      `timezone ${JSON.stringify(zone.slice(0, 60))} is not known; give an IANA name such as Europe/Berlin or UTC.`,
    );
  }
}

/** The first tick after a time; null where there is none. */
export function tickAfter({ cron, timezone }: Schedule, after: Date): Date | null {
  return new Cron(cron, { timezone, paused: true }).nextRun(after);
}

/** What is due at `now` of a schedule whose first tick that nobody has dealt with is `from`, itself not after `now`. */
export async function dueTicks({ cron, timezone }: Schedule, from: Date, now: Date): Promise<DueTicks> {
  const job = new Cron(cron, { timezone, paused: true });
  let last = from;
  for (let missed = 0; ; missed++) {
    const next = job.nextRun(last);
    if (next === null || next > now) return { last, missed, next };
    if (missed === limits.missedTicks) return manyMissed(job, now);
    // Each takes up to a twentieth of a millisecond.
    if (missed % 100 === 99) await yieldToOthers();
    last = next;
  }
}

function manyMissed(job: Cron, now: Date): DueTicks {
  const [last = now] = job.previousRuns(1, now);
  return { last, missed: limits.missedTicks, next: job.nextRun(last) };
}
