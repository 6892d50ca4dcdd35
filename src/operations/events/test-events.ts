// Tests events with the parts of a filter that read large values: in the database or in process, in bounded parts.
import { limits } from '../../base/limits.ts';
import { Pace } from '../../base/pace.ts';
import type { Database } from '../../database/database.ts';
import { readLanes } from '../../database/expensive-reads.ts';
import { celFields, filterRows } from '../../domain/cel/filter-rows.ts';
import type { CostlyFilter } from '../../domain/conditions/costly-filter.ts';
import type { EventField, PartialEvent } from '../../domain/events/event.ts';
import { type Filterable, testFilter } from '../../domain/conditions/checked-filter.ts';
import { filterFields } from '../../store/events/event-columns.ts';
import { readMatching } from '../../store/events/match-events.ts';
import type { MeasuredEvent } from '../../store/events/measured-bytes.ts';

/** Bytes that one statement tests in the database, and how many events at most. */
const inDatabase = { least: 4_000_000, most: 64_000_000, events: 1_000 };
/** Bytes that one statement reads for tests in process: they are in memory together. What is answered is bounded besides. */
const inProcess = { least: 1_000_000, most: 4_000_000, events: 200 };

export interface EventTests {
  readonly fields: readonly EventField[];
  /** Whose share of the time and of the database it uses. */
  readonly caller: string;
}

export interface TestedPart {
  /** Those that are selected, in order, with the fields asked for. */
  readonly kept: readonly PartialEvent[];
  /** How many were tested; one at least. */
  readonly tested: number;
  /** How long that took, without waiting for others, in milliseconds. */
  readonly ms: number;
}

/** Tests the events of one filter, part by part. */
export class EventTester {
  readonly #database: Database;
  readonly #tests: EventTests;
  readonly #filter: CostlyFilter;
  /** Whether it reads the events and tests them in this process. */
  readonly isInProcess: boolean;
  readonly #fields: readonly EventField[];
  readonly #pace: Pace;

  constructor(database: Database, tests: EventTests, filter: CostlyFilter) {
    this.#database = database;
    this.#tests = tests;
    this.#filter = filter;
    const { conditions, where } = filter.inProcess;
    this.isInProcess = conditions !== null || where !== null;
    const tested = conditions !== null ? filterFields : where !== null ? celFields : [];
    this.#fields = [...tests.fields, ...tested];
    const { least, most } = this.isInProcess ? inProcess : inDatabase;
    this.#pace = new Pace(least, most);
  }

  /** Tests as many of them, from the first on, as are tested together: what is read is held in a lane until it is tested. */
  part(events: readonly MeasuredEvent[]): Promise<TestedPart> {
    const ids = this.#first(events).map(({ id }) => id);
    return readLanes(this.#database).run(this.#tests.caller, () => this.#test(ids));
  }

  async #test(ids: readonly string[]): Promise<TestedPart> {
    const { fields, caller } = this.#tests;
    const began = performance.now();
    const { rows, isCut } = await readMatching(this.#database, ids, {
      filter: this.#filter.inDatabase,
      fields: this.#fields,
      answered: fields,
      maxBytes: limits.pageBytes,
    });
    const readMs = performance.now() - began;
    this.#pace.took(readMs);
    const tested = isCut ? ids.indexOf(rows.at(-1)!.id) + 1 : ids.length;
    if (!this.isInProcess) return { kept: rows, tested, ms: readMs };
    const filter = { test: (event: Filterable) => testFilter(this.#filter.inProcess, event) };
    const { kept, spentMs } = await filterRows({ filter, rows, subjectOf, caller });
    return { kept, tested, ms: readMs + spentMs };
  }

  #first(events: readonly MeasuredEvent[]): readonly MeasuredEvent[] {
    const most = this.isInProcess ? inProcess.events : inDatabase.events;
    const weight = this.isInProcess ? 1 : Math.max(1, this.#filter.tests / 4);
    let bytes = 0;
    const end = events.findIndex((event, n) => {
      bytes += event.bytes * weight;
      return n > 0 && (n >= most || bytes > this.#pace.amount);
    });
    return end < 0 ? events : events.slice(0, end);
  }
}

function subjectOf(event: PartialEvent): Filterable {
  return event as Filterable;
}

/** The ids of those that are selected. */
export async function testAll(
  database: Database,
  filter: CostlyFilter,
  caller: string,
  events: readonly MeasuredEvent[],
): Promise<readonly string[]> {
  const tester = new EventTester(database, { fields: [], caller }, filter);
  const ids: string[] = [];
  for (let left = events; left.length > 0;) {
    const { kept, tested } = await tester.part(left);
    ids.push(...kept.map(({ id }) => id));
    left = left.slice(tested);
  }
  return ids;
}
