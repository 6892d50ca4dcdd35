// What of events only their filter in CEL can tell, after SQL has decided what it can, for many subscriptions at once.
import type { Database } from '../database/database.ts';
import { celFields, filterRows } from '../domain/cel/filter-rows.ts';
import type { CelSubject } from '../domain/cel/subject.ts';
import type { PartialEvent, Position } from '../domain/events/event.ts';
import type { SubscriptionDefinition } from '../domain/subscriptions/subscription.ts';
import type { Candidate, Found } from '../store/events/find-pending.ts';
import { readInParts } from '../store/events/match-events.ts';

/** Events that are read at once: each may have a payload of a megabyte. */
const batch = 32;
/** How long the tests for one subscription may take in one pass, and those for all of them, in milliseconds. */
const most = { one: 50, all: 200 };

/** How long a test took on average, in milliseconds, in the last pass that tested for the subscription. */
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

interface Asked {
  readonly definition: SubscriptionDefinition;
  readonly found: Found;
}

/**
 * In the order of `asked`. An event that is deleted at this moment is passed over. Those with the cheapest filters are
 * tested first, and what there is no time for is left for the next pass: a costly filter delays itself.
 */
export async function filterCandidates(database: Database, asked: readonly Asked[]): Promise<Tested[]> {
  const tests = asked.map((one) => new Test(one));
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

/** The event as it stands, but for what the log kept of it. */
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

class Test {
  readonly #definition: SubscriptionDefinition;
  readonly #found: Found;
  readonly #kept: Candidate[] = [];
  readonly #faults: FilterFault[] = [];
  /** The last that was tested, where the time was up before the rest was. */
  #cutAt: Position | undefined;

  constructor({ definition, found }: Asked) {
    this.#definition = definition;
    this.#found = found;
  }

  get isCut(): boolean {
    return this.#cutAt !== undefined;
  }

  /** What has to be tested. */
  get open(): readonly Candidate[] {
    return this.#definition.filter === null ? [] : this.#found.candidates;
  }

  /** Of a filter that was never tested nothing is known: it may be cheap. */
  get cost(): number {
    return costs.get(this.#definition) ?? 0;
  }

  /** How long it took, in milliseconds; it makes no test where nothing is left. */
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
