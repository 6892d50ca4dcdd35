// Ordering and arithmetic of CEL values. Types of numbers may be mixed, because JSON does not distinguish them.
import { celList, celUint } from '@bufbuild/cel';
import { compareText } from '../../values/text-order.ts';
import type { Meter } from '../meter.ts';
import { isInt64 } from '../language/tree.ts';
import { Fault, isCelList, isCelUint, type Value } from './value.ts';

/** Undefined means that the library decides. */
export type Operation = (left: Value, right: Value, meter: Meter, at: number) => Value | Fault | undefined;

const orders: ReadonlyMap<string, (left: Ordered, right: Ordered) => boolean> = new Map([
  ['_<_', (left, right) => left < right],
  ['_<=_', (left, right) => left <= right],
  ['_>_', (left, right) => left > right],
  ['_>=_', (left, right) => left >= right],
]);
type Ordered = number | bigint;

/** Undefined if the values have no order, or one that the library implements. */
export function ordering(name: string): Operation | undefined {
  const order = orders.get(name);
  return (
    order &&
    ((left, right, meter) => {
      if (typeof left === 'string' && typeof right === 'string')
        return order(compared(left, right, meter), 0);
      const [a, b] = [isCelUint(left) ? left.value : left, isCelUint(right) ? right.value : right];
      // JavaScript compares a bigint and a number without rounding.
      return isIntOrDouble(a) && isIntOrDouble(b) ? order(a, b) : undefined;
    })
  );
}

/** Compares texts by code points. */
export function compared(left: string, right: string, meter: Meter): number {
  meter.charge(Math.min(left.length, right.length) >> 6);
  return compareText(left, right);
}

function isIntOrDouble(value: Value): value is bigint | number {
  return typeof value === 'bigint' || typeof value === 'number';
}

interface Arithmetic {
  readonly ints: (left: bigint, right: bigint) => bigint;
  /** Absent if doubles do not have the operation. */
  readonly doubles?: (left: number, right: number) => number;
}

const operations: ReadonlyMap<string, Arithmetic> = new Map<string, Arithmetic>([
  ['_+_', { ints: (a, b) => a + b, doubles: (a, b) => a + b }],
  ['_-_', { ints: (a, b) => a - b, doubles: (a, b) => a - b }],
  ['_*_', { ints: (a, b) => a * b, doubles: (a, b) => a * b }],
  ['_/_', { ints: (a, b) => a / b, doubles: (a, b) => a / b }],
  ['_%_', { ints: (a, b) => a % b }],
]);

export function arithmetic(name: string): Operation | undefined {
  const operation = operations.get(name);
  if (!operation) return undefined;
  const divides = name === '_/_' || name === '_%_';
  return (left, right, meter, at) => {
    if (typeof left === 'bigint' && typeof right === 'bigint') {
      if (divides && right === 0n) return new Fault(at, 'a number is divided by zero');
      const result = operation.ints(left, right);
      return isInt64(result) ? result : new Fault(at, 'the result is too large for an int');
    }
    if (isCelUint(left) || isCelUint(right)) return withUints(operation, left, right, at, divides);
    if (isIntOrDouble(left) && isIntOrDouble(right)) return operation.doubles?.(Number(left), Number(right));
    return name === '_+_' ? joined(left, right, meter) : undefined;
  };
}

/** Two uints give a uint; with an int the result is an int, with a double a double. */
function withUints(
  operation: Arithmetic,
  left: Value,
  right: Value,
  at: number,
  divides: boolean,
): Value | Fault | undefined {
  const [a, b] = [isCelUint(left) ? left.value : left, isCelUint(right) ? right.value : right];
  if (!isIntOrDouble(a) || !isIntOrDouble(b)) return undefined;
  if (typeof a === 'number' || typeof b === 'number') return operation.doubles?.(Number(a), Number(b));
  if (divides && b === 0n) return new Fault(at, 'a number is divided by zero');
  const result = operation.ints(a, b);
  if (!isCelUint(left) || !isCelUint(right))
    return isInt64(result) ? result : new Fault(at, 'the result is too large for an int');
  return BigInt.asUintN(64, result) === result
    ? celUint(result)
    : new Fault(at, 'the result is too large for a uint, or negative');
}

function joined(left: Value, right: Value, meter: Meter): Value | undefined {
  if (typeof left === 'string' && typeof right === 'string') {
    meter.charge((left.length + right.length) >> 4);
    return left + right;
  }
  if (isCelList(left) && isCelList(right)) {
    meter.charge(left.size + right.size);
    return celList([...left, ...right]);
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array)
    meter.charge((left.length + right.length) >> 4);
  return undefined;
}
