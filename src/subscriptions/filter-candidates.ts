// Filters candidates with the CEL expressions of many subscriptions, after SQL has applied their pre-filters.
import type { Database } from '../database/database.ts';
import { celFields, filterRows } from '../domain/cel/filter-rows.ts';
import type { CelSubject } from '../domain/cel/subject.ts';
import type { PartialEvent, Position } from '../domain/events/event.ts';
import type { SubscriptionDefinition } from '../domain/subscriptions/subscription.ts';
import type { Candidate, Found } from '../store/events/find-pending.ts';
import { readInParts } from '../store/events/match-events.ts';

/** Events read at once: each may have a payload of a megabyte. */
const batch = 32;
/** Time limits of one pass for one subscription, and for all together, in milliseconds. */
const most = { one: 50, all: 200 };

/** Average milliseconds per event of a filter, in the last pass that ran it. */
const costs = new WeakMap<SubscriptionDefinition, number>();

/** An event on which the filter failed. */
export interface FilterFault {
  readonly position: Position;
  readonly error: string;
}

export interface Tested {
  /** In log order. */
  readonly kept: readonly Candidate[];
  readonly faults: readonly FilterFault[];
  /** The log has been read up to here. */
  readonly readTo: Position;
}

interface FilterRequest {
  readonly definition: SubscriptionDefinition;
  readonly found: Found;
}

/**
 * Results in the order of `requests`. Events deleted concurrently are skipped. The cheapest filters run first, and what
 * exceeds the time limit is left for the next pass, so that a costly filter delays only itself.
 */
export async function filterCandidates(
  database: Database,
  requests: readonly FilterRequest[],
): Promise<Tested[]> {
  const tests = requests.map((request) => new FilterTest(request));
  const open = tests
    .toSorted((a, b) => a.cost - b.cost)
    .flatMap((test) => test.open.map((candidate) => ({ test, candidate })));
  let leftMs = most.all;
  for (let from = 0; from < open.length; from += batch) {
    const some = open.slice(from, from + batch).filter(({ test }) => !test.isCut);
    const candidates = leftMs > 0 ? some.map(({ candidate }) => candidate) : [];
    const subjects = await readSubjects(database, candidates);
    for (const test of new Set(some.map((one) => one.test))) {
      const own = some.filter((one) => one.test === test).map(({ candidate }) => candidate);
      leftMs -= await test.run(own, subjects, leftMs);
    }
  }
  return tests.map((test) => test.result);
}

type Subjects = ReadonlyMap<string, CelSubject>;

/** Current events, with the fields that the log entry recorded as they were then. */
async function readSubjects(database: Database, candidates: readonly Candidate[]): Promise<Subjects> {
  if (candidates.length === 0) return new Map();
  const ids = [...new Set(candidates.map(({ id }) => id))];
  const events = new Map<string, PartialEvent>();
  for await (const part of readInParts(database, ids, celFields))
    for (const event of part) events.set(event.id, event);
  return new Map(
    candidates.flatMap(({ id, topic, project, user, sender, requestId, status }) => {
      const event = events.get(id);
      const kept = { topic, project, user, sender, requestId, status };
      return event ? [[id, { ...event, ...kept } as typeof event & CelSubject] as const] : [];
    }),
  );
}

class FilterTest {
  readonly #definition: SubscriptionDefinition;
  readonly #found: Found;
  readonly #kept: Candidate[] = [];
  readonly #faults: FilterFault[] = [];
  /** The last tested position, if the time ran out before the rest. */
  #cutAt: Position | undefined;

  constructor({ definition, found }: FilterRequest) {
    this.#definition = definition;
    this.#found = found;
  }

  get isCut(): boolean {
    return this.#cutAt !== undefined;
  }

  /** The candidates to test. */
  get open(): readonly Candidate[] {
    return this.#definition.filter === null ? [] : this.#found.candidates;
  }

  /** The average cost per event; a filter that never ran counts as cheap. */
  get cost(): number {
    return costs.get(this.#definition) ?? 0;
  }

  /** Returns the time spent, in milliseconds. Tests nothing if no time is left. */
  async run(candidates: readonly Candidate[], subjects: Subjects, leftMs: number): Promise<number> {
    const rows = candidates.filter(({ id }) => subjects.has(id));
    const [first] = candidates;
    const { filter } = this.#definition;
    if (filter === null || first === undefined) return 0;
    if (leftMs <= 0) {
      this.#cutAt = first.position - 1n;
      return 0;
    }
    const { kept, failed, tested, spentMs } = await filterRows({
      ...{ filter, rows, caller: 'subscriptions', withinMs: Math.min(leftMs, most.one) },
      subjectOf: ({ id }) => subjects.get(id)!,
    });
    this.#kept.push(...kept);
    this.#faults.push(...failed.map(({ row, error }) => ({ position: row.position, error })));
    if (tested < rows.length) this.#cutAt = rows[tested - 1]?.position;
    if (tested > 0) costs.set(this.#definition, spentMs / tested);
    return spentMs;
  }

  get result(): Tested {
    const { candidates, readTo } = this.#found;
    if (this.#definition.filter === null) return { kept: candidates, faults: [], readTo };
    return { kept: this.#kept, faults: this.#faults, readTo: this.#cutAt ?? readTo };
  }
}
