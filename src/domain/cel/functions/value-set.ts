// A set of CEL values: scalars are looked up, other values are compared one by one.
import { areEqual } from './equality.ts';
import type { Meter } from '../meter.ts';
import { isCelUint, type Value } from './value.ts';

type Scalar = string | number | bigint | boolean | null;

export class ValueSet {
  readonly #meter: Meter;
  readonly #scalars = new Set<Scalar>();
  readonly #others: Value[] = [];

  constructor(values: Iterable<Value>, meter: Meter) {
    this.#meter = meter;
    for (const value of values) this.add(value);
  }

  /** Returns false if the value was in the set already. */
  add(value: Value): boolean {
    if (this.has(value)) return false;
    const scalar = scalarOf(value);
    if (scalar === undefined) this.#others.push(value);
    else this.#scalars.add(scalar);
    return true;
  }

  has(value: Value): boolean {
    this.#meter.charge(typeof value === 'string' ? 3 + (value.length >> 4) : 3);
    const scalar = scalarOf(value);
    if (scalar !== undefined) return this.#scalars.has(scalar);
    return this.#others.some((other) => {
      this.#meter.charge(2);
      return areEqual(other, value, this.#meter);
    });
  }
}

/**
 * A key that is the same for equal numbers of any type; undefined if the value is no scalar, or NaN, which equals
 * nothing.
 */
function scalarOf(value: Value): Scalar | undefined {
  if (isCelUint(value)) return scalarOf(value.value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return undefined;
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
  }
  return typeof value === 'object' && value !== null ? undefined : value;
}
