// Limits shared by live filters: the test steps per change, and the memory of changes that wait for tests.
import { limits } from '../base/limits.ts';
import { isOverBudget } from '../domain/cel/filter.ts';
import { Meter } from '../domain/cel/meter.ts';
import { type CheckedFilter, testFilter } from '../domain/conditions/checked-filter.ts';
import { heldBytes } from '../domain/values/json.ts';
import type { LiveChange } from './change.ts';

/** Steps that all filters together may take as a change is handed out, in the same turn of the event loop. */
const stepsAtOnce = 30_000;
/** Steps of these that one filter may take. */
const filterStepsAtOnce = 3_000;

/** Steps that are left for one change. */
interface Budget {
  atOnce: number;
  readonly byCaller: Map<string, number>;
}

/** What waits in the backlog for its filter to be tested. */
interface Lane {
  /** Ends it: too much waits. */
  fail(failure: 'backlog'): void;
}

interface Waiting {
  readonly bytes: number;
  readonly lanes: Set<Lane>;
}

export class FilterBacklog {
  readonly #budgets = new WeakMap<LiveChange, Budget>();
  /** Changes that wait for a filter, oldest first, each with its lanes. */
  readonly #waiting = new Map<LiveChange, Waiting>();
  #bytes = 0;

  /** What waits, in bytes of memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** As `test`, in this turn of the event loop: 'over budget' where it would take long, or others have taken long. */
  testAtOnce(item: LiveChange, filter: CheckedFilter): boolean | 'over budget' {
    const budget = this.#budgetOf(item);
    if (budget.atOnce <= 0) return 'over budget';
    const meter = new Meter(Math.min(budget.atOnce, filterStepsAtOnce));
    const verdict = testFilter(filter, item.filterable, meter);
    budget.atOnce -= meter.used;
    return isOverBudget(verdict) ? 'over budget' : verdict.matches;
  }

  /** Whether the change matches. A filter that is over its own limit fails, and so does not select the change. */
  test(item: LiveChange, caller: string, filter: CheckedFilter): boolean | 'over budget' {
    const { byCaller } = this.#budgetOf(item);
    const left = byCaller.get(caller) ?? limits.filterSteps;
    const meter = new Meter(Math.min(left, limits.celCost));
    const verdict = testFilter(filter, item.filterable, meter);
    byCaller.set(caller, Math.max(0, left - meter.used));
    return isOverBudget(verdict) && left < limits.celCost ? 'over budget' : verdict.matches;
  }

  /** The change waits for that lane. Where too much waits, those who are furthest behind end. */
  add(item: LiveChange, lane: Lane): void {
    const waiting = this.#waiting.get(item) ?? { bytes: bytesOf(item), lanes: new Set() };
    if (waiting.lanes.size === 0) {
      this.#waiting.set(item, waiting);
      this.#bytes += waiting.bytes;
    }
    waiting.lanes.add(lane);
    while (this.#bytes > limits.filterBacklogBytes) {
      const [oldest] = this.#waiting.values();
      for (const behind of [...oldest!.lanes]) behind.fail('backlog');
    }
  }

  remove(item: LiveChange, lane: Lane): void {
    const waiting = this.#waiting.get(item);
    if (!waiting?.lanes.delete(lane) || waiting.lanes.size > 0) return;
    this.#waiting.delete(item);
    this.#bytes -= waiting.bytes;
  }

  #budgetOf(item: LiveChange): Budget {
    const known = this.#budgets.get(item) ?? { atOnce: stepsAtOnce, byCaller: new Map() };
    this.#budgets.set(item, known);
    return known;
  }
}

/** What a change takes besides its summary and payload, about. */
const changeBytes = 1_000;

function bytesOf({ filterable: { summary, payload } }: LiveChange): number {
  return changeBytes + heldBytes(summary) + heldBytes(payload);
}
