// Readers of option values, and options that several commands have.
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { parseDuration } from '../output/durations.ts';

/** Separated by commas, or by repeating the option. */
export function list(text: string, earlier: readonly string[] = []): string[] {
  const items = text.split(',').map((item) => item.trim());
  return [...earlier, ...items.filter((item) => item !== '')];
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** In milliseconds. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It must be a duration such as 500ms, 30s, 5m, 2h or 7d.');
}

/** A date and time, or a duration that is counted from now: forwards with 1, backwards with -1. */
export function time(direction: 1 | -1): (text: string) => string {
  return (text) => {
    const ms = parseDuration(text);
    if (ms !== undefined) return new Date(Date.now() + direction * ms).toISOString();
    const date = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
    if (!Number.isNaN(date)) return new Date(date).toISOString();
    throw new InvalidArgumentError(
      'It must be a duration such as 2h, or a time such as 2026-03-01T10:30:00Z.',
    );
  };
}

export const statuses = ['PENDING', 'IN_PROGRESS', 'FINISHED', 'FAILED', 'ABORTED', 'RESTARTED'] as const;
export type Status = (typeof statuses)[number];

function statusList(text: string, earlier: readonly Status[] = []): Status[] {
  const named = list(text).map((name) => name.toUpperCase().replace('-', '_'));
  const wrong = named.find((name) => !statuses.includes(name as Status));
  if (wrong === undefined) return [...earlier, ...(named as Status[])];
  throw new InvalidArgumentError(`${wrong} is no status. Statuses: ${statuses.join(', ').toLowerCase()}.`);
}

export const statusOption = () =>
  new Option('-s, --status <statuses>', 'only events with these statuses').argParser(statusList);
export const projectOption = () =>
  new Option('-p, --project <names>', 'only events of these projects').argParser(list);
export const senderOption = () =>
  new Option('--sender <names>', 'only events of these senders').argParser(list);
export const userOption = () => new Option('--user <names>', 'only events of these users').argParser(list);
export const requestOption = () =>
  new Option('-r, --request <ids>', 'only events of these requests').argParser(list);
export const whereOption = () =>
  new Option(
    '-w, --where <expression>',
    "only events that match a CEL expression, such as 'data.total > 100'",
  );
