// Bulk mutations: restart, abort or delete all events that a filter selects, in batches, with other writes in between.
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { type BulkStatus, checkBulkFilter, onlyThoseThatMayBecome } from '../../domain/events/bulk.ts';
import { withoutReserved } from '../../domain/access/row-scope.ts';
import type { EventField, PartialEvent, Position } from '../../domain/events/event.ts';
import { costlyFilter } from '../../domain/conditions/costly-filter.ts';
import { checkFilter, type EventFilter, filterWithin } from '../../domain/conditions/event-filter.ts';
import { type CheckedFilter, matchesNothing } from '../../domain/conditions/checked-filter.ts';
import type { Direction, PageCursor } from '../../domain/events/page.ts';
import type { LogWriter } from '../../log/writer.ts';
import { findDeletable, readAwaitingRun, readBelow } from '../../store/events/bulk.ts';
import { findEvents } from '../../store/events/find-events.ts';
import { changeOf } from '../../store/events/update-events.ts';
import { resolveTopics } from './event-queries.ts';
import { findMatching } from './find-matching.ts';
import type { BulkOutcome } from '../operations.ts';
import type { Caller } from '../callers.ts';
import { testAll } from './test-events.ts';

function positionOf({ position }: PartialEvent): Position {
  return position ?? 0n;
}

export interface BulkParts {
  readonly database: Database;
  readonly writer: Pick<LogWriter, 'update' | 'deleteWithin'>;
  /** Events of one batch; `limits.bulkBatch` unless given. */
  readonly batch?: number;
}

/** For more topics the whole list is read instead of a page of each. */
const resolvedTopics = 50;

/** Restarts or aborts, oldest first, what can be; others are passed over. */
export async function changeAll(
  parts: BulkParts,
  caller: Caller,
  status: BulkStatus,
  given: EventFilter | null,
  dryRun: boolean,
): Promise<BulkOutcome> {
  const filter = onlyThoseThatMayBecome(status, await checked(parts.database, given, caller));
  return tally(
    batches(parts, { filter, direction: 'ASC', fields: ['status'], caller: caller.name }),
    async (events) => {
      const ids = await changeable(parts.database, events, status);
      return dryRun ? ids : change(parts.writer, ids, status, caller);
    },
  );
}

/**
 * Deletes, newest first, so that children go before their parents. Where only events without dependents are wanted it
 * is oldest first: a parent is then passed over before its children are gone.
 */
export async function deleteAll(
  parts: BulkParts,
  caller: Caller,
  given: EventFilter | null,
  dryRun: boolean,
): Promise<BulkOutcome> {
  const filter = await checked(parts.database, given, caller);
  // Below an event that others depend on there is one on which none depends: it is not selected, and keeps the others.
  if (filter.hasDependents === true) return { count: 0, ids: [] };
  const direction = filter.hasDependents === false ? 'ASC' : 'DESC';
  return tally(batches(parts, { filter, direction, fields: ['position'], caller: caller.name }), (events) => {
    const ids = events.map(({ id }) => id);
    return dryRun
      ? deletable(parts.database, ids, filter, caller.name)
      : parts.writer.deleteWithin({ ids, positions: events.map(positionOf), filter, by: caller.name });
  });
}

/** Those below which there is nothing that is not selected. */
async function deletable(
  database: Database,
  ids: readonly string[],
  filter: CheckedFilter,
  caller: string,
): Promise<readonly string[]> {
  const costly = costlyFilter(filter);
  if (costly === null) return findDeletable(database, ids, filter);
  const below = await readBelow(database, ids, costly.cheap);
  const selected = below.filter(({ isSelected }) => isSelected);
  const keptIds = new Set(await testAll(database, costly, caller, selected));
  const parentOf = new Map(below.map(({ id, parent }) => [id, parent]));
  const stuck = new Set<string>();
  for (const { id } of below) {
    if (keptIds.has(id)) continue;
    for (let above = parentOf.get(id); above !== undefined && !stuck.has(above); above = parentOf.get(above))
      stuck.add(above);
  }
  return ids.filter((id) => !stuck.has(id));
}

/** Events of reserved topics are passed over. */
async function checked(
  database: Database,
  given: EventFilter | null,
  { rows }: Caller,
): Promise<CheckedFilter> {
  const filter = filterWithin(checkBulkFilter(given), withoutReserved(rows));
  return resolveTopics(database, filter, resolvedTopics);
}

/** Handles one batch after the other; `handle` answers the ids that count. */
async function tally(
  all: AsyncIterable<readonly PartialEvent[]>,
  handle: (events: readonly PartialEvent[]) => Promise<readonly string[]>,
): Promise<BulkOutcome> {
  let count = 0;
  const ids: string[] = [];
  for await (const events of all) {
    const handled = await handle(events);
    count += handled.length;
    ids.push(...handled.slice(0, limits.bulkIds - ids.length));
  }
  return { count, ids };
}

interface Selection {
  readonly filter: CheckedFilter;
  readonly direction: Direction;
  readonly fields: readonly EventField[];
  readonly caller: string;
}

/** What the filter selects, each batch read when it is asked for; nothing that was created after the first one was. */
async function* batches(
  { database, batch = limits.bulkBatch }: BulkParts,
  { filter, direction, fields, caller }: Selection,
): AsyncGenerator<readonly PartialEvent[], void> {
  if (matchesNothing(filter)) return;
  const end = await endOfEvents(database);
  const before = direction === 'ASC' ? end : null;
  let after = direction === 'ASC' ? null : end;
  for (;;) {
    const query = { filter, by: 'CREATED', direction, after, before, limit: batch, fields } as const;
    const { rows, gaveUpAt } = await findMatching(database, query, caller);
    if (rows.length > 0) yield rows.map(({ event }) => event);
    const isFull = rows.length === batch;
    after = gaveUpAt ?? (isFull ? (rows.at(-1)?.place ?? null) : null);
    if (after === null) return;
  }
}

/** The place just behind the newest event. */
async function endOfEvents(database: Database): Promise<PageCursor | null> {
  const { rows } = await findEvents(database, {
    filter: checkFilter(null),
    by: 'CREATED',
    direction: 'DESC',
    after: null,
    before: null,
    limit: 1,
    fields: [],
  });
  const newest = rows[0]?.place;
  return newest ? { at: newest.at, position: newest.position + 1n } : null;
}

/** A FAILED event can be aborted only if it is a job that waits for its next run. */
async function changeable(
  database: Database,
  events: readonly PartialEvent[],
  status: BulkStatus,
): Promise<string[]> {
  const failed = status === 'ABORTED' ? events.filter((event) => event.status === 'FAILED') : [];
  const ids = events.map(({ id }) => id);
  if (failed.length === 0) return ids;
  const failedIds = new Set(failed.map(({ id }) => id));
  const waiting = await readAwaitingRun(database, [...failedIds]);
  return ids.filter((id) => !failedIds.has(id) || waiting.has(id));
}

/** Those that were changed; what somebody else changed or deleted meanwhile may not be among them. */
async function change(
  writer: BulkParts['writer'],
  ids: readonly string[],
  status: BulkStatus,
  { name: by, rows }: Caller,
): Promise<string[]> {
  const settled = await Promise.allSettled(
    ids.map((id) => writer.update(changeOf({ id, status, by, rows }))),
  );
  const failed = settled.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return ids.filter((_, n) => {
    const outcome = settled[n];
    if (outcome?.status !== 'fulfilled') return false;
    const { found, allowed, fromStatus } = outcome.value;
    return found && allowed && fromStatus !== status;
  });
}
