// What one evaluation may cost: a count of steps, so that no filter runs long, whatever it is and whatever an event holds.
import { limits } from '../../base/limits.ts';

/** Thrown through everything, so that no && or || takes it for an error of one side. */
export class CostExceeded extends Error {}

const exceeded = new CostExceeded('the cost limit');

/** A step is about a tenth of a microsecond. What is to cost much is charged before it is done. */
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

  /** Steps that were taken. */
  get used(): number {
    return this.#steps - this.#left;
  }

  charge(steps: number): void {
    if (steps > this.#left) throw exceeded;
    this.#left -= steps;
  }
}
