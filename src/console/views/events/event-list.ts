// The live list of events under a search: pages of the past, and what changes while it is shown.
import { useCallback, useEffect, useRef, useState } from 'react';
import {
  EventPageDocument,
  type EventFilter,
  type EventOrder,
  type EventPageQuery,
} from '../../../../generated/console/graphql.ts';
import type { EventChange } from '../../../client/client.ts';
import { type KeysetList, type LoadPage, useKeysetList } from '../../base/list/keyset-list.ts';
import { type ChangeBatch, useWatch, type Watched } from '../../live/live-state.tsx';
import { type ProgressBatch, useProgressBatches } from '../../live/progress.ts';
import { useSession } from '../../shell/session.ts';
import type { EventRow } from './columns.tsx';
import { feedFilter } from './search-query.ts';

const pageSize = 200;
/** The list is read anew at most this often, in milliseconds. */
const refreshMs = 1_000;
/** New events are counted up to here. */
export const freshLimit = 10_000;

export const orders = {
  newest: { by: 'CREATED', direction: 'DESC' },
  oldest: { by: 'CREATED', direction: 'ASC' },
  changed: { by: 'UPDATED', direction: 'DESC' },
} as const satisfies Record<string, EventOrder>;

export type OrderName = keyof typeof orders;

export const eventKey = ({ id }: EventRow) => id;

interface EventListOptions {
  readonly filter: EventFilter;
  readonly where: string | null;
  readonly order: OrderName;
  /** Nothing that is shown changes, and nothing comes in. */
  readonly isPaused: boolean;
}

export interface EventList {
  readonly list: KeysetList<EventRow>;
  /** How many events arrived that are not shown. */
  readonly fresh: number;
  readonly watched: Watched;
  /** Shows what is new. */
  showFresh(): void;
  setAtTop(isAtTop: boolean): void;
}

export function useEventList({ filter, where, order, isPaused }: EventListOptions): EventList {
  const { client } = useSession();
  const load: LoadPage<EventRow> = async (after, signal) => {
    const variables = { filter, where, orderBy: orders[order], first: pageSize, after };
    const { events }: EventPageQuery = await client.query(EventPageDocument, variables, { signal });
    const { startCursor = null, endCursor = null, hasNextPage } = events.pageInfo;
    return { rows: events.nodes, startCursor, endCursor, hasNextPage };
  };
  const key = JSON.stringify({ filter, where, order });
  const list = useKeysetList(key, load, { keyOf: eventKey, owner: client });
  const [fresh, setFresh] = useState(0);
  const live = useRef<LiveList>(null);
  live.current ??= new LiveList(setFresh);
  const current = live.current;
  useEffect(() => current.show(list, order, filter), [current, list, order, filter]);
  useEffect(() => current.pause(isPaused), [current, isPaused]);
  useEffect(() => () => current.end(), [current]);
  const watched = useWatch(
    { filter: feedFilter(filter), ...(where !== null && { where }) },
    useCallback((batch: ChangeBatch) => current.take(batch), [current]),
  );
  useProgressBatches(
    filter.topics ?? undefined,
    useCallback((batch: ProgressBatch) => current.takeProgress(batch), [current]),
  );
  return {
    list,
    fresh,
    watched,
    showFresh: useCallback(() => current.refresh(), [current]),
    setAtTop: useCallback((isAtTop: boolean) => current.setAtTop(isAtTop), [current]),
  };
}

/** Decides what of a change is shown at once: all while the reader is at the top, rows that are shown in any case. */
class LiveList {
  readonly #onFresh: (count: number) => void;
  /** The positions of the changes by the ids of the events. */
  readonly #fresh = new Map<string, bigint>();
  #unsubscribe = () => {};
  #list: KeysetList<EventRow> | null = null;
  #order: OrderName = 'newest';
  #filter: EventFilter = {};
  #isAtTop = true;
  #isPaused = false;
  #isStale = false;
  #refreshedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onFresh: (count: number) => void) {
    this.#onFresh = onFresh;
  }

  show(list: KeysetList<EventRow>, order: OrderName, filter: EventFilter): void {
    const isOther = list !== this.#list;
    this.#list = list;
    this.#order = order;
    this.#filter = filter;
    if (!isOther) return;
    this.#unsubscribe();
    this.#unsubscribe = list.subscribe(() => this.#forgetShown());
    this.#fresh.clear();
    this.#onFresh(0);
    if (list.isLoaded) void this.#catchUp(list);
  }

  setAtTop(isAtTop: boolean): void {
    this.#isAtTop = isAtTop;
    this.#follow();
  }

  pause(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused || !this.#isStale) return;
    this.#isStale = false;
    this.refresh();
  }

  take({ changes, isOverflow }: ChangeBatch): void {
    const stored = changes.filter(({ kind }) => kind !== 'TRANSIENT');
    const last = new Map(stored.map((change) => [change.event.id, change]));
    const known = new Set<string>();
    if (this.#isPaused) this.#isStale = true;
    else
      this.#list?.update((row) => {
        const change = last.get(row.id);
        if (!change) return row;
        known.add(row.id);
        return changedRow(row, change);
      });
    for (const change of last.values())
      if (this.#isFresh(change, known)) this.#fresh.set(change.event.id, BigInt(change.position ?? 0));
    if (isOverflow) this.#fresh.set('', 0n);
    this.#onFresh(Math.min(this.#fresh.size, freshLimit));
    this.#follow();
  }

  takeProgress(batch: ProgressBatch): void {
    if (this.#isPaused) return;
    this.#list?.update((row) => {
      const progress = row.status === 'IN_PROGRESS' ? batch.get(row.id)?.progress : undefined;
      return progress === undefined ? row : { ...row, progress };
    });
  }

  /** Reads the list anew, from its beginning. */
  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#refreshedAt = Date.now();
    this.#fresh.clear();
    this.#onFresh(0);
    this.#list?.refresh();
  }

  end(): void {
    this.#unsubscribe();
    this.#list = null;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** What was sent since a list was left that is shown again. */
  async #catchUp(list: KeysetList<EventRow>): Promise<void> {
    const rows = await list.newRows().catch(() => []);
    if (list !== this.#list || this.#order === 'oldest') return;
    for (const { id, position } of rows) this.#fresh.set(id, BigInt(position ?? 0));
    this.#onFresh(this.#fresh.size);
    this.#follow();
  }

  /** What the list was read with is not new any more. */
  #forgetShown(): void {
    if (this.#fresh.size === 0 || !this.#list) return;
    const before = this.#fresh.size;
    for (const { id, position } of this.#list.keptRowsNow()) {
      const changed = this.#fresh.get(id);
      if (changed !== undefined && position && BigInt(position) >= changed) this.#fresh.delete(id);
    }
    if (this.#fresh.size !== before) this.#onFresh(this.#fresh.size);
  }

  #isFresh({ kind, status, event }: EventChange, known: ReadonlySet<string>): boolean {
    if (this.#fresh.size >= freshLimit || kind === 'DELETED' || this.#order === 'oldest') return false;
    if (this.#order === 'changed') return true;
    if (known.has(event.id)) return false;
    const { statuses } = this.#filter;
    if (kind === 'CREATED') return !statuses || statuses.includes(status);
    // One that was not in the list can belong into it now.
    return kind === 'STATUS' && (statuses?.includes(status) ?? false);
  }

  #follow(): void {
    if (this.#fresh.size === 0 || !this.#isAtTop || this.#isPaused || this.#timer) return;
    const waitMs = this.#refreshedAt + refreshMs - Date.now();
    if (waitMs <= 0) return this.refresh();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#isAtTop && !this.#isPaused) this.refresh();
    }, waitMs);
  }
}

/** A list that was read after the change has it already. */
function changedRow(row: EventRow, { kind, status, event, position }: EventChange): EventRow {
  if (kind === 'DELETED') return { ...row, isDeleted: true };
  if (!position || !row.position || BigInt(position) <= BigInt(row.position)) return row;
  return { ...row, ...event, status, progress: status === 'IN_PROGRESS' ? row.progress : null };
}
