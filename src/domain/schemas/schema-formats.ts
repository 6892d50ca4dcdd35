// Formats of JSON Schema: dates, times, durations and others, as their RFCs define them.
import type { Format } from 'ajv';
import { fastFormats, fullFormats } from 'ajv-formats/dist/formats.js';
import { dayExists } from '../values/date-time.ts';

const fullDate = /^(\d{4})-(\d{2})-(\d{2})$/;
const fullTime = /^(\d{2}):(\d{2}):(\d{2})(?:\.\d+)?(?:z|([+-])(\d{2}):(\d{2}))$/i;

/** RFC 3339 `full-date`: a day of the calendar. */
function isDate(text: string): boolean {
  const [, year, month, day] = fullDate.exec(text) ?? [];
  return day !== undefined && dayExists(Number(year), Number(month), Number(day));
}

const dayMinutes = 1_440;

/** RFC 3339 `full-time`: a leap second only at the end of a day in UTC. */
function isTime(text: string): boolean {
  const time = fullTime.exec(text);
  if (time === null) return false;
  const [hour = 0, minute = 0, second = 0] = time.slice(1, 4).map(Number);
  const [offsetHour = 0, offsetMinute = 0] = time.slice(5).map((digits) => Number(digits ?? 0));
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (time[4] === '-' ? -1 : 1) * (offsetHour * 60 + offsetMinute);
  return (hour * 60 + minute - offset + dayMinutes) % dayMinutes === dayMinutes - 1;
}

/** RFC 3339 `date-time`: a leap second only at the end of a month in UTC. */
function isDateTime(text: string): boolean {
  if (!/^.{10}t/i.test(text) || !isDate(text.slice(0, 10)) || !isTime(text.slice(11))) return false;
  if (text.slice(17, 19) !== '60') return true;
  const secondBefore = new Date(
    `${text.slice(0, 17)}59${text.slice(text.search(/(?:z|[+-]\d\d:\d\d)$/i))}`.toUpperCase(),
  );
  return new Date(secondBefore.getTime() + 1_000).getUTCDate() === 1;
}

/** RFC 3339, appendix A: no unit may be skipped between two others, and weeks stand alone. */
const duration =
  /^P(?:\d+W|(?=\d|T)(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)?(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)$/;

/** Ajv's own format takes time quadratic in the text's length. */
const url = (text: string) => /^(?:https?|ftp):/i.test(text) && URL.canParse(text);

/** Ajv's lenient formats where they exist: URIs in GitHub's deliveries contain a ^, which RFC 3986 does not allow. */
export const schemaFormats: Readonly<Record<string, Format>> = {
  ...fastFormats,
  // Ajv's names for the ISO 8601 formats, whose offset is optional.
  'iso-time': fullFormats['iso-time'],
  'iso-date-time': fullFormats['iso-date-time'],
  date: isDate,
  time: isTime,
  'date-time': isDateTime,
  duration,
  url,
};
