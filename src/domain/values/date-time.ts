// Parser for RFC 3339 times: requires an offset, and valid calendar days and clock times.

const form = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Throws an Error whose message is for the caller. Digits beyond milliseconds are dropped. */
export function parseDateTime(text: string): Date {
  const match = form.exec(text);
  if (!match) {
    throw new Error(
      `${quoted(text)} is not a DateTime: RFC 3339 with an offset is needed, such as "2025-03-01T09:30:00Z" or "2025-03-01T10:30:00+01:00".`,
    );
  }
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as SixNumbers;
  if (!dayExists(year, month, day))
    throw new Error(`${quoted(text)} is not a DateTime: the calendar has no such day.`);
  if (hour > 23 || minute > 59 || second > 59)
    throw new Error(`${quoted(text)} is not a DateTime: the clock has no such time.`);
  const milliseconds = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const local = new Date(0);
  local.setUTCFullYear(year, month - 1, day);
  local.setUTCHours(hour, minute, second, milliseconds);
  return inRange(text, new Date(local.getTime() - offsetMinutes(text, match) * 60_000));
}

type SixNumbers = [number, number, number, number, number, number];

/** Whether the day exists in the calendar. */
export function dayExists(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

function offsetMinutes(text: string, match: RegExpExecArray): number {
  const [hours, minutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  if (hours > 23 || minutes > 59)
    throw new Error(`${quoted(text)} is not a DateTime: its offset is more than a day.`);
  return (match[8] === '-' ? -1 : 1) * (hours * 60 + minutes);
}

/** Refuses years that cannot be printed and stored. */
function inRange(text: string, date: Date): Date {
  const year = date.getUTCFullYear();
  if (year < 1 || year > 9999)
    throw new Error(`${quoted(text)} is out of range: years 1 to 9999 in UTC are allowed.`);
  return date;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
