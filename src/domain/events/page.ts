// Pages and cursors: validation of Relay's arguments. A cursor is the position of a row in the list's order.
import { badInput, type ThroughlineError } from '../../base/errors.ts';
import { limits } from '../../base/limits.ts';
import { checkWithin } from '../values/whole-number.ts';
import type { Position } from './event.ts';

export const orderKeys = ['CREATED', 'UPDATED'] as const;
export type OrderKey = (typeof orderKeys)[number];
export const directions = ['ASC', 'DESC'] as const;
export type Direction = (typeof directions)[number];

export interface PageArguments {
  readonly first?: number | null | undefined;
  readonly after?: string | null | undefined;
  readonly last?: number | null | undefined;
  readonly before?: string | null | undefined;
  /** Whether a page that would end early is of no use: hardly anything of it is read then. */
  readonly isWhole?: boolean;
}

/** A row's position in an order: the time of its creation or latest change, and the log position of that change. */
export interface PageCursor {
  readonly at: Date;
  readonly position: Position;
}

/** A page to read: `size` rows from one end of the range between two bounds. */
export interface PageRequest {
  readonly size: number;
  /** Whether to read from the end of the range. */
  readonly backwards: boolean;
  readonly after: PageCursor | null;
  readonly before: PageCursor | null;
}

export interface Page<Row> {
  readonly rows: readonly { readonly cursor: string; readonly row: Row }[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
  /** Whether the page ended early because its JSON reached `limits.pageBytes`. */
  readonly isCut: boolean;
}

export function checkPage(args: PageArguments, order: OrderKey): PageRequest {
  if (args.first != null && args.last != null) throw badInput('Give first or last, not both.');
  const backwards = args.last != null;
  const argument = backwards ? 'last' : 'first';
  const size = checkWithin(argument, args[argument] ?? limits.defaultPageSize, 0, limits.pageSize);
  return {
    size,
    backwards,
    after: args.after == null ? null : parseCursor('after', args.after, order),
    before: args.before == null ? null : parseCursor('before', args.before, order),
  };
}

/** Opaque to clients. Includes the order, so that a cursor of another order is refused. */
export function cursorOf(order: OrderKey, place: PageCursor): string {
  return Buffer.from(`${order}:${place.at.getTime()}:${place.position}`).toString('base64url');
}

function parseCursor(argument: string, cursor: string, order: OrderKey): PageCursor {
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, by, time, position] = /^([A-Z]+):(\d{1,15}):(\d{1,19})$/.exec(text) ?? [];
  if (time === undefined || position === undefined || Number(time) > maxTime) {
    throw badInput(`${argument} is not a cursor of this list; use one that this list returned.`);
  }
  if (by !== order)
    throw badInput(`${argument} was issued for the order ${by}, but this list is ordered by ${order}.`);
  return { at: new Date(Number(time)), position: checkPosition(position, argument) };
}

/** The end of the year 9999. */
const maxTime = 253_402_300_799_999;
const maxPosition = 2n ** 63n - 1n;

/** The error for a position past the log's end, for example after a restore or from another database. */
export function pastLogEnd(argument: string, position: Position, end: Position): ThroughlineError {
  return badInput(
    `${argument} is ${position}, but the log ends at ${end}: give a position up to that, or omit it to begin with new changes.`,
    { logEnd: String(end) },
  );
}

/** Parses a log position: decimal text, 0 to 2^63 - 1. */
export function checkPosition(text: string, argument = 'after'): Position {
  const position = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (position < 0n || position > maxPosition) {
    throw badInput(
      `${argument} ${JSON.stringify(text.slice(0, 30))} is not a log position: a decimal number from 0 to ${maxPosition}.`,
    );
  }
  return position;
}
