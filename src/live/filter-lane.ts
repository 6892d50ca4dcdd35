// The filter of one feed, tested on each change in order: synchronously while that is cheap, else in time slices.
import type { Steps, FairSlices } from '../base/fair-slices.ts';
import { type CheckedFilter, listsMatch } from '../domain/conditions/checked-filter.ts';
import type { LiveChange } from './change.ts';
import type { FilterBacklog } from './filter-backlog.ts';

/** Why a lane ended. */
export type LaneFailure = 'backlog' | 'budget';

export interface LaneParts {
  readonly filter: CheckedFilter;
  /** Whose budget the tests use. */
  readonly caller: string;
  readonly backlog: FilterBacklog;
  readonly slices: FairSlices;
  readonly onMatch: (item: LiveChange) => void;
  /** The lane has ended: nothing more matches. */
  readonly onFailure: (failure: LaneFailure) => void;
}

export class FilterLane {
  readonly #parts: LaneParts;
  readonly #isCheap: boolean;
  /** Changes that are not tested yet, in order. */
  #pending: LiveChange[] = [];
  #isTesting = false;
  #isOver = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#isCheap = parts.filter.conditions === null && parts.filter.where === null;
  }

  /** Tests the change now, or after those that wait. */
  offer(item: LiveChange): void {
    if (this.#isOver || !listsMatch(this.#parts.filter, item.filterable)) return;
    if (this.#isCheap) return this.#parts.onMatch(item);
    if (this.#pending.length === 0) {
      const outcome = this.#parts.backlog.testAtOnce(item, this.#parts.filter);
      if (outcome !== 'over budget') return outcome ? this.#parts.onMatch(item) : undefined;
    }
    this.#pending.push(item);
    this.#parts.backlog.add(item, this);
    if (this.#isTesting || this.#isOver) return;
    this.#isTesting = true;
    void this.#parts.slices.run(this.#parts.caller, this.#steps());
  }

  end(): void {
    this.#isOver = true;
    for (const item of this.#pending) this.#parts.backlog.remove(item, this);
    this.#pending = [];
  }

  fail(failure: LaneFailure): void {
    if (this.#isOver) return;
    this.end();
    this.#parts.onFailure(failure);
  }

  *#steps(): Steps<void> {
    const { backlog, caller, filter, onMatch } = this.#parts;
    for (let [item] = this.#pending; item !== undefined; [item] = this.#pending) {
      const outcome = backlog.test(item, caller, filter);
      if (outcome === 'over budget') return this.fail('budget');
      this.#pending.shift();
      backlog.remove(item, this);
      if (outcome) onMatch(item);
      yield;
    }
    this.#isTesting = false;
  }
}
