// Pages of lists in order of creation, whose cursors are the time of creation and the id.
import { badInput } from '../../base/errors.ts';
import type { Page } from '../events/page.ts';
import { checkId } from '../events/send.ts';

/** The position of a row in such a list. */
export interface CreationPoint {
  readonly at: Date;
  readonly id: string;
}

interface Created {
  readonly id: string;
  readonly createdAt: Date;
}

/** A page of up to `size` rows. `found` has one row more if there is another page. */
export function createdPage<Row extends Created>(
  list: string,
  found: readonly Row[],
  size: number,
  after: CreationPoint | null,
): Page<Row> {
  const rows = found.slice(0, size).map((row) => ({ cursor: cursorOf(list, row), row }));
  return {
    rows,
    hasNextPage: found.length > size,
    hasPreviousPage: after !== null,
    startCursor: rows[0]?.cursor ?? null,
    endCursor: rows.at(-1)?.cursor ?? null,
    isCut: false,
  };
}

/** Opaque to clients. `list` is in each cursor, so that those of another list are refused. */
function cursorOf(list: string, { createdAt, id }: Created): string {
  return Buffer.from(`${list}:${createdAt.getTime()}:${id}`).toString('base64url');
}

/** Null if there is no cursor. */
export function parseCreationPoint(list: string, cursor: string | null): CreationPoint | null {
  if (cursor === null) return null;
  const text = Buffer.from(cursor, 'base64url').toString();
  const [, of, time, id] = /^([A-Z]):(\d{1,14}):([0-9a-f-]{36})$/.exec(text) ?? [];
  if (of !== list || time === undefined || id === undefined)
    throw badInput('after is not a cursor of this list; use one that this list returned.');
  return { at: new Date(Number(time)), id: checkId(id, 'after') };
}
