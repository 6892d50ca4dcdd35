// AYON's spelling of ids, times and statuses.
import { badInput } from '../base/errors.ts';
import { checkId } from '../domain/events/send.ts';
import { type EventStatus, eventStatuses } from '../domain/events/event.ts';
import { parseDateTime } from '../domain/values/date-time.ts';

const hexId = /^[0-9a-f]{32}$/;

export function isHexId(text: string): boolean {
  return hexId.test(text);
}

/** Throws BAD_USER_INPUT unless it is 32 lower-case hexadecimal digits. */
export function idOfHex(text: string, name: string): string {
  if (isHexId(text)) return checkId(text, name);
  throw badInput(
    `${name} ${JSON.stringify(text.slice(0, 60))} is not an event's id: 32 lower-case hexadecimal digits, without hyphens.`,
  );
}

export function hexOfId(id: string): string {
  return id.replaceAll('-', '');
}

/** In microseconds, although events have milliseconds; never `Z`, which Python reads only since 3.11. */
export function timeText(time: Date): string {
  return time.toISOString().replace('Z', '000+00:00');
}

/** An ISO 8601 time, also a day alone; without an offset it is in UTC. Throws BAD_USER_INPUT. */
export function timeOfText(text: string, name: string): { readonly time: Date; readonly isExact: boolean } {
  const whole = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text.replace(/^(.{10}) /, '$1T');
  const offset = /(?:Z|[+-]\d{2}:?\d{2})$/i.test(whole.slice(10)) ? '' : 'Z';
  const withSeconds = whole.replace(/^(.{10}T\d{2}:\d{2})(?=$|[Zz+-])/, '$1:00');
  const withColon = `${withSeconds}${offset}`.replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  try {
    return { time: parseDateTime(withColon), isExact: !/\.\d{3}0*[1-9]/.test(withColon) };
  } catch {
    throw badInput(`${name} ${JSON.stringify(text.slice(0, 60))} is not a time in ISO 8601.`);
  }
}

export const statusNames = eventStatuses.map((status) => status.toLowerCase());

export function statusName(status: EventStatus): string {
  return status.toLowerCase();
}

/** Undefined where no status has the name. */
export function statusOfName(name: string): EventStatus | undefined {
  return eventStatuses.find((status) => status.toLowerCase() === name);
}
