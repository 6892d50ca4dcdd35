// Pages and counts of events: one statement for what indexes and small columns decide, then tests of the rest in parts.
import { limits } from '../../base/limits.ts';
import type { Database } from '../../database/database.ts';
import { readLanes } from '../../database/expensive-reads.ts';
import { type CostlyFilter, costlyFilter } from '../../domain/conditions/costly-filter.ts';
import type { EventField } from '../../domain/events/event.ts';
import type { CheckedFilter } from '../../domain/conditions/checked-filter.ts';
import type { PageCursor } from '../../domain/events/page.ts';
import {
  countEvents,
  findEvents,
  type ListedRow,
  type ListedRows,
  type ListQuery,
} from '../../store/events/find-events.ts';
import type { Count } from '../operations.ts';
import { readLarge } from './large-reads.ts';
import { EventTester } from './test-events.ts';

/** Rows that one statement scans for events: at first, and at most. */
const scanned = { least: 500, most: 5_000 };
/** Up to so many bytes an event is tested in that statement; less where there are many tests. */
const smallBytes = { most: 20_000, least: 500 };
/** Events that are found at once at least, where large ones have to be tested. */
const leastFound = 20;

/** Like findEvents, but a page that reaches the scan limit ends early with a cursor. `caller`: whose share of the time it uses. */
export async function findMatching(
  database: Database,
  query: ListQuery,
  caller: string,
): Promise<ListedRows> {
  const costly = costlyFilter(query.filter);
  if (costly === null) {
    const isWhole = query.bound?.isWhole ?? false;
    const read = (maxBytes: number) => findEvents(database, { ...query, bound: { maxBytes, isWhole } });
    return readLarge(database, caller, read);
  }
  const page = new Page(query, costly, new EventTester(database, { fields: query.fields, caller }, costly));
  for (;;) {
    const step = page.next();
    await page.take(step, await readLanes(database).run(caller, () => findEvents(database, step)));
    if (page.isOver) return page.result();
  }
}

/** The state of a page being read. */
class Page {
  readonly #query: ListQuery;
  readonly #costly: CostlyFilter;
  readonly #tester: EventTester;
  /** Up to how many bytes the statement that finds events decides about them; none where it cannot. */
  readonly #smallBytes: number;
  readonly #rows: ListedRow[] = [];
  #after: PageCursor | null;
  #scanRows = scanned.least;
  /** The remaining rows to scan, events to test, and milliseconds for tests. */
  #left: { rows: number; tests: number; ms: number };
  /** Where the scan limit was reached: everything before it was tested. Null if it was not reached. */
  #gaveUpAt: PageCursor | null = null;
  /** JSON of the rows, in bytes, and whether the page ends early because of it. */
  #bytes = 0;
  #isCut = false;
  #isWhole = false;

  constructor(query: ListQuery, costly: CostlyFilter, tester: EventTester) {
    this.#query = query;
    this.#costly = costly;
    this.#tester = tester;
    this.#after = query.after;
    const isDecided = !tester.isInProcess && !query.fields.some((field) => largeFields.includes(field));
    this.#smallBytes = isDecided ? smallBytesOf(costly) : -1;
    const tests = tester.isInProcess ? limits.celRows : limits.scanRows;
    this.#left = { rows: limits.scanRows, tests, ms: limits.testMs };
  }

  get isOver(): boolean {
    return this.#isWhole || this.#gaveUpAt !== null || this.#missing <= 0;
  }

  get #missing(): number {
    return this.#query.limit - this.#rows.length;
  }

  /** The statement that finds what comes next. */
  next(): ListQuery & { readonly scanRows: number } {
    const { cheap, inDatabase, tests } = this.#costly;
    const wanted = this.#tester.isInProcess ? this.#scanRows : Math.max(this.#missing, leastFound);
    return {
      ...this.#query,
      filter: cheap,
      after: this.#after,
      limit: Math.min(wanted, this.#left.tests),
      scanRows: Math.min(this.#scanRows, this.#left.rows),
      fields: this.#smallBytes < 0 ? [] : this.#query.fields,
      isMeasured: true,
      ...(tests > 0 && { ifSmall: { filter: inDatabase, bytes: smallBytesOf(this.#costly) } }),
    };
  }

  /** Takes what the statement found, in order, until the page is full or may cost no more. */
  async take(
    { limit, scanRows }: ListQuery & { readonly scanRows: number },
    { rows, gaveUpAt }: ListedRows,
  ): Promise<void> {
    this.#scanRows = Math.min(4 * this.#scanRows, scanned.most);
    this.#left.rows -= gaveUpAt === null ? rows.length : scanRows;
    for (let from = 0; from < rows.length && !this.isOver;) from += await this.#takeSome(rows.slice(from));
    if (this.isOver) return;
    const end = gaveUpAt ?? (rows.length === limit ? rows.at(-1)!.place : null);
    if (end === null) this.#isWhole = true;
    else if (this.#left.rows <= 0 || this.#left.tests <= 0) this.#gaveUpAt = end;
    else this.#after = end;
  }

  /** Those from the first on that are decided, or else some that are tested together; how many that were. */
  async #takeSome(rows: readonly ListedRow[]): Promise<number> {
    const open = rows.findIndex(({ bytes = 0 }) => bytes > this.#smallBytes);
    const decided = open < 0 ? rows : rows.slice(0, open);
    if (decided.length > 0) {
      this.#rows.push(...decided);
      return decided.length;
    }
    const decidedNext = rows.findIndex(({ bytes = 0 }) => bytes <= this.#smallBytes);
    const some = decidedNext < 0 ? rows : rows.slice(0, decidedNext);
    const { kept, tested, ms } = await this.#tester.part(
      some.map(({ event, bytes = 0 }) => ({ id: event.id, bytes })),
    );
    const locations = new Map(some.map(({ event, place }) => [event.id, place]));
    for (const event of kept) if (!this.isOver) this.#add({ event, place: locations.get(event.id)! });
    if (this.#isCut) return tested;
    this.#left.tests -= tested;
    this.#left.ms -= ms;
    if (this.#left.ms <= 0 || this.#left.tests <= 0) this.#gaveUpAt = some[tested - 1]!.place;
    return tested;
  }

  /** Ends the page early once its JSON passes the limit. */
  #add(row: ListedRow): void {
    this.#rows.push(row);
    this.#bytes += row.event.jsonBytes ?? 0;
    if (this.#missing <= 0 || this.#bytes < limits.pageBytes) return;
    this.#isCut = true;
    this.#gaveUpAt = row.place;
  }

  result(): ListedRows {
    if (this.#missing <= 0)
      return { rows: this.#rows.slice(0, this.#query.limit), gaveUpAt: null, isCut: false };
    return { rows: this.#rows, gaveUpAt: this.#gaveUpAt, isCut: this.#isCut };
  }
}

const largeFields: readonly EventField[] = ['summary', 'payload', 'result', 'error'];

function smallBytesOf({ tests }: CostlyFilter): number {
  return Math.max(smallBytes.least, Math.floor(smallBytes.most / Math.max(1, tests)));
}

/** How many match, up to `ceiling`; `exact` is false if it stopped at the scan limit. */
export async function countMatching(
  database: Database,
  filter: CheckedFilter,
  cap: number,
  caller: string,
): Promise<Count> {
  if (costlyFilter(filter) === null) return countEvents(database, filter, cap);
  const order = { by: 'CREATED', direction: 'DESC', after: null, before: null } as const;
  const query = { filter, ...order, limit: cap + 1, fields: [] };
  const { rows, gaveUpAt } = await findMatching(database, query, caller);
  return { count: Math.min(rows.length, cap), exact: gaveUpAt === null && rows.length <= cap };
}
