// Schedules: cron expressions in a time zone, and their ticks.
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { Cron } from 'croner';
import { asError, badInput } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';

/** A valid schedule. */
export interface Schedule {
  /** Five fields, six with leading seconds, or seven with trailing years. */
  readonly cron: string;
  /** An IANA time zone, such as Europe/Berlin. */
  readonly timezone: string;
}

/** The ticks due at a time. */
export interface DueTicks {
  readonly last: Date;
  /** Number of due ticks before the last one, up to `limits.missedTicks`. */
  readonly missed: number;
  /** The first tick that is not due; null if there is none. */
  readonly next: Date | null;
}

const fields = 'minute hour day month weekday, with seconds before them where wanted';

/** Validates a schedule. The default time zone is UTC. Throws BAD_USER_INPUT with a correction. */
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

/** Returned as given: zones have several names, and the canonical one changes with the time zone database. */
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

/** The first tick after a time; null if there is none. */
export function tickAfter({ cron, timezone }: Schedule, after: Date): Date | null {
  return new Cron(cron, { timezone, paused: true }).nextRun(after);
}

/** The ticks due at `now`. `from` is the first unhandled tick, and not after `now`. */
export async function dueTicks({ cron, timezone }: Schedule, from: Date, now: Date): Promise<DueTicks> {
  const job = new Cron(cron, { timezone, paused: true });
  let last = from;
  for (let missed = 0; ; missed++) {
    const next = job.nextRun(last);
    if (next === null || next > now) return { last, missed, next };
    if (missed === limits.missedTicks) return manyMissed(job, now);
    // Each tick takes up to 50 µs.
    if (missed % 100 === 99) await yieldToOthers();
    last = next;
  }
}

function manyMissed(job: Cron, now: Date): DueTicks {
  const [last = now] = job.previousRuns(1, now);
  return { last, missed: limits.missedTicks, next: job.nextRun(last) };
}
