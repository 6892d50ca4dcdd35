// A meter of steps, which bounds the cost of one evaluation for any filter and any event.
import { limits } from '../../base/limits.ts';

/** Not caught by && or ||, unlike an error of one side. */
export class CostExceeded extends Error {}

const exceeded = new CostExceeded('the cost limit');

/** Counts steps of about a tenth of a microsecond. Expensive operations are charged before they run. */
export class Meter {
  readonly #steps: number;
  #left: number;

  constructor(steps: number = limits.celCost) {
    this.#steps = steps;
    this.#left = steps;
  }

  get left(): number {
    return this.#left;
  }

  /** The number of steps taken. */
  get used(): number {
    return this.#steps - this.#left;
  }

  charge(steps: number): void {
    if (steps > this.#left) throw exceeded;
    this.#left -= steps;
  }
}
