// A list of any length, read page by page with a cursor, of which only the pages near the reader are kept.
import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react';

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** The cursor of the first row. */
  readonly startCursor: string | null;
  /** Where the next page continues; a page can be empty and still not be the last. */
  readonly endCursor: string | null;
  readonly hasNextPage: boolean;
}

export type LoadPage<Row> = (after: string | null, signal: AbortSignal) => Promise<Page<Row>>;

export interface ListMemory {
  scrollTop: number;
  /** The key of the row the keyboard is at. */
  active: string | null;
}

interface Slot<Row> {
  readonly after: string | null;
  /** How many rows it has, also while they are not kept. */
  size: number;
  rows: readonly Row[] | null;
  isLoading: boolean;
  /** The keys of its first and last row, where it is cut when it is read again. */
  readonly first: string | undefined;
  readonly last: string | undefined;
}

/** Pages kept at most. */
const keptPages = 12;
/** So many pages in a row may be empty before the reader is asked whether to search on. */
const emptyPages = 10;

export class KeysetList<Row> {
  readonly #load: LoadPage<Row>;
  readonly #keyOf: (row: Row) => string;
  readonly #ending = new AbortController();
  readonly #listeners = new Set<() => void>();
  #slots: Slot<Row>[] = [];
  #next: { after: string | null } | null = { after: null };
  #isAppending = false;
  #isRefreshing = false;
  #refreshAgain = false;
  #empty = 0;
  #range = { from: 0, to: 0 };
  #generation = 0;
  version = 0;
  error: unknown = null;
  /** Whether the first page has arrived. */
  isLoaded = false;
  /** What the table keeps here for a reader who comes back. */
  readonly memory: ListMemory = { scrollTop: 0, active: null };

  constructor(load: LoadPage<Row>, keyOf: (row: Row) => string) {
    this.#load = load;
    this.#keyOf = keyOf;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Rows known so far. */
  get count(): number {
    return this.#slots.reduce((sum, { size }) => sum + size, 0);
  }

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** True where many pages held nothing: `searchOn` continues. */
  get isStalled(): boolean {
    return this.#empty >= emptyPages && this.hasMore;
  }

  get isLoading(): boolean {
    return this.#isAppending;
  }

  /** Rows that are kept in memory. */
  get keptRows(): number {
    return this.#slots.reduce((sum, { rows }) => sum + (rows?.length ?? 0), 0);
  }

  /** Undefined while its page is not kept. */
  rowAt(index: number): Row | undefined {
    let start = 0;
    for (const { size, rows } of this.#slots) {
      if (index < start + size) return rows?.[index - start];
      start += size;
    }
    return undefined;
  }

  /** -1 where no kept row is so. */
  findIndex(isWanted: (row: Row) => boolean): number {
    let start = 0;
    for (const { size, rows } of this.#slots) {
      const index = rows?.findIndex(isWanted) ?? -1;
      if (index !== -1) return start + index;
      start += size;
    }
    return -1;
  }

  /** Says which rows are to be seen: what is missing of them is read, what is far from them is forgotten. */
  show(from: number, to: number): void {
    this.#range = { from, to };
    this.#fill();
  }

  searchOn(): void {
    this.#empty = 0;
    this.#fill();
  }

  retry(): void {
    this.error = null;
    this.#changed();
    this.#fill();
  }

  /** Replaces kept rows. Rows for which `change` returns the same stay. */
  update(change: (row: Row) => Row): void {
    let isChanged = false;
    for (const slot of this.#slots) {
      if (!slot.rows) continue;
      const rows = slot.rows.map(change);
      if (rows.every((row, index) => row === slot.rows![index])) continue;
      slot.rows = rows;
      isChanged = true;
    }
    if (isChanged) this.#changed();
  }

  /** Reads the list anew from its beginning. What is shown stays until the first page has arrived. */
  refresh(): void {
    if (this.#isRefreshing) {
      this.#refreshAgain = true;
      return;
    }
    this.#isRefreshing = true;
    void this.#attempt(null, (page) => {
      this.#generation += 1;
      this.#isAppending = false;
      this.#slots = [];
      this.#append(null, page);
    }).finally(() => {
      this.#isRefreshing = false;
      if (!this.#refreshAgain) return;
      this.#refreshAgain = false;
      this.refresh();
    });
  }

  /** For a reader who comes back: what is to be seen is read anew, what is not is forgotten. */
  renew(): void {
    let start = 0;
    for (const slot of this.#slots) {
      const isSeen = start < this.#range.to && start + slot.size > this.#range.from;
      if (slot.after !== null && isSeen && !slot.isLoading) this.#reload(slot);
      else if (slot.after !== null) slot.rows = null;
      start += slot.size;
    }
  }

  /** The rows that now stand before the first one; at most a page. The first one is renewed with them. */
  async newRows(): Promise<readonly Row[]> {
    const anchor = this.#slots[0];
    if (!anchor || anchor.first === undefined) return [];
    const { rows } = await this.#load(null, this.#ending.signal);
    const end = rows.findIndex((row) => this.#keyOf(row) === anchor.first);
    if (end === -1) return rows;
    anchor.rows = [rows[end]!];
    this.#changed();
    return rows.slice(0, end);
  }

  /** The rows that are kept. */
  *keptRowsNow(): Iterable<Row> {
    for (const { rows } of this.#slots) if (rows) yield* rows;
  }

  end(): void {
    this.#ending.abort();
  }

  #fill(): void {
    if (this.#ending.signal.aborted || this.error) return;
    let start = 0;
    for (const [index, slot] of this.#slots.entries()) {
      const isSeen = start < this.#range.to && start + slot.size > this.#range.from;
      if (isSeen && !slot.rows && !slot.isLoading) this.#reload(slot);
      start += slot.size;
      void index;
    }
    this.#forget();
    const isShort = this.#range.to >= start;
    if (isShort && this.#next && !this.#isAppending && !this.isStalled) this.#loadNext(this.#next.after);
  }

  #loadNext(after: string | null): void {
    this.#isAppending = true;
    const generation = this.#generation;
    void this.#attempt(after, (page) => {
      if (generation !== this.#generation) return;
      this.#isAppending = false;
      this.#append(after, page);
    }).then(() => {
      if (generation === this.#generation) this.#isAppending = false;
      this.#fill();
    });
  }

  /**
   * The first row is a slot of its own, which is always kept: what follows it is read again after its cursor, so that new
   * rows before it move nothing.
   */
  #append(after: string | null, page: Page<Row>): void {
    const { rows, startCursor, endCursor, hasNextPage } = page;
    this.#empty = rows.length === 0 ? this.#empty + 1 : 0;
    if (this.#slots.length === 0 && rows.length > 0 && startCursor !== null) {
      this.#push(null, rows.slice(0, 1));
      if (rows.length > 1) this.#push(startCursor, rows.slice(1));
    } else if (rows.length > 0) this.#push(after, rows);
    this.#next = hasNextPage && endCursor !== null ? { after: endCursor } : null;
    this.isLoaded = true;
  }

  #push(after: string | null, rows: readonly Row[]): void {
    const [first, last] = [rows[0]!, rows.at(-1)!].map(this.#keyOf);
    this.#slots.push({ after, size: rows.length, rows, isLoading: false, first, last });
  }

  #reload(slot: Slot<Row>): void {
    slot.isLoading = true;
    void this.#attempt(slot.after, ({ rows }) => {
      slot.rows = rows.slice(0, this.#endOf(slot, rows));
      slot.size = slot.rows.length;
    }).finally(() => (slot.isLoading = false));
  }

  /** Rows can have been deleted meanwhile: the page read then reaches into the next slot. */
  #endOf(slot: Slot<Row>, rows: readonly Row[]): number {
    const keys = rows.map(this.#keyOf);
    const last = keys.indexOf(slot.last ?? '');
    if (last !== -1) return last + 1;
    const next = keys.indexOf(this.#slots[this.#slots.indexOf(slot) + 1]?.first ?? '');
    return next === -1 ? slot.size : next;
  }

  async #attempt(after: string | null, apply: (page: Page<Row>) => void): Promise<void> {
    const { signal } = this.#ending;
    try {
      const page = await this.#load(after, signal);
      if (signal.aborted) return;
      apply(page);
      this.error = null;
    } catch (error) {
      if (signal.aborted) return;
      this.error = error;
    }
    this.#changed();
  }

  /** Keeps the pages nearest to what is seen. */
  #forget(): void {
    const kept = this.#slots.filter(({ rows, after }) => rows && after !== null);
    if (kept.length <= keptPages) return;
    const starts = new Map<Slot<Row>, number>();
    let start = 0;
    for (const slot of this.#slots) {
      starts.set(slot, start);
      start += slot.size;
    }
    const middle = (this.#range.from + this.#range.to) / 2;
    const distance = (slot: Slot<Row>) => Math.abs(starts.get(slot)! + slot.size / 2 - middle);
    for (const slot of kept.sort((a, b) => distance(a) - distance(b)).slice(keptPages)) slot.rows = null;
  }

  #changed(): void {
    this.version += 1;
    for (const listener of this.#listeners) listener();
  }
}

/** The list that each owner has left: whoever comes back to it finds it as it was. */
const left = new WeakMap<object, { readonly key: string; readonly list: unknown }>();

/**
 * The list under a key: another key begins another list, and until its first page has arrived the one before is shown.
 * `load` of the first render with the key is used. `owner` lives as long as its last list is to be kept.
 */
export function useKeysetList<Row>(
  key: string,
  load: LoadPage<Row>,
  { keyOf, owner }: { keyOf: (row: Row) => string; owner: object },
): KeysetList<Row> {
  const latest = useRef(load);
  latest.current = load;
  const list = useMemo(() => {
    const before = left.get(owner);
    if (before?.key === key) return before.list as KeysetList<Row>;
    return new KeysetList<Row>(latest.current, keyOf);
  }, [key, owner, keyOf]);
  const shown = useRef(list);
  useSyncExternalStore(list.subscribe, () => list.version);
  useEffect(() => {
    if (list.isLoaded) list.renew();
    else list.show(0, 1);
    left.set(owner, { key, list });
  }, [list, key, owner]);
  const before = shown.current;
  if (list.isLoaded || list.error || !before.isLoaded) shown.current = list;
  useEffect(() => {
    if (before !== shown.current) before.end();
  });
  return shown.current;
}
