// Equality of CEL values, as the library defines it, at a cost that counts everything compared.
import { callLibrary, libraryFunction } from './library.ts';
import type { Meter } from '../meter.ts';
import { type CelList, isCelList, isCelMap, isCelUint, type Value } from './value.ts';

const libraryEquals = libraryFunction('_==_')!;

/** Numbers may be equal across types; other values of different types are not. */
export function areEqual(a: Value, b: Value, meter: Meter): boolean {
  if (typeof a === 'string' || typeof b === 'string') {
    if (typeof a !== typeof b || (a as string).length !== (b as string).length) return false;
    meter.charge((a as string).length >> 8);
    return a === b;
  }
  const [left, right] = [isCelUint(a) ? a.value : a, isCelUint(b) ? b.value : b];
  // eslint-disable-next-line eqeqeq -- of a bigint and a number, == compares the values without rounding
  if (isNumber(left) && isNumber(right)) return left == right;
  if (typeof left !== 'object' || left === null || typeof right !== 'object' || right === null)
    return left === right;
  meter.charge(1);
  if (isCelList(left)) return isCelList(right) && areEqualLists(left, right, meter);
  if (isCelMap(left)) {
    if (!isCelMap(right) || left.size !== right.size) return false;
    for (const [key, value] of left) {
      const other = right.get(key);
      if (other === undefined) return false;
      meter.charge(4);
      if (!areEqual(value, other, meter)) return false;
    }
    return true;
  }
  if (left instanceof Uint8Array) meter.charge(left.length);
  return callLibrary(libraryEquals, 0, undefined, [left, right]) === true;
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

function areEqualLists(a: CelList, b: CelList, meter: Meter): boolean {
  if (a.size !== b.size) return false;
  for (let n = 0; n < a.size; n += 1) {
    meter.charge(1);
    if (!areEqual(a.get(n)!, b.get(n)!, meter)) return false;
  }
  return true;
}

/** Whether the list contains the value. */
export function holds(list: CelList, value: Value, meter: Meter): boolean {
  for (const item of list) {
    meter.charge(1);
    if (areEqual(item, value, meter)) return true;
  }
  return false;
}
