// Sorting of lists by keys of one type, numbers of any type counting as one. Each comparison is charged.
import { celList } from '@bufbuild/cel';
import { compared } from './arithmetic.ts';
import { callLibrary, libraryFunction } from './library.ts';
import type { Meter } from '../meter.ts';
import { Fault, isCelUint, typeName, type Value } from './value.ts';

const sortable = new Set(['number', 'bool', 'string', 'bytes', 'timestamp', 'duration']);
const libraryLess = libraryFunction('_<_')!;

/** The items in the order of their keys. The sort is stable. */
export function sorted(
  items: readonly Value[],
  keys: readonly Value[],
  meter: Meter,
  at: number,
): Value | Fault {
  const kind = keys.length === 0 ? 'number' : kindOf(keys[0]!);
  if (!sortable.has(kind)) return new Fault(at, `${kind} has no order`);
  const other = keys.find((key) => kindOf(key) !== kind);
  if (other !== undefined) return new Fault(at, `${kind} and ${kindOf(other)} have no order`);
  const places = keys.map((_, n) => n);
  meter.charge(2 * places.length);
  places.sort((a, b) => comparison(keys[a]!, keys[b]!, meter));
  return celList(places.map((place) => items[place]!));
}

function kindOf(key: Value): string {
  const name = typeName(key);
  return name === 'int' || name === 'uint' || name === 'double' ? 'number' : name;
}

function comparison(left: Value, right: Value, meter: Meter): number {
  meter.charge(3);
  if (typeof left === 'string' && typeof right === 'string') return compared(left, right, meter);
  const [a, b] = [isCelUint(left) ? left.value : left, isCelUint(right) ? right.value : right];
  if (typeof a === 'object' || typeof b === 'object') {
    meter.charge(20 + (left instanceof Uint8Array ? left.length >> 4 : 0));
    return isLess(left, right) ? -1 : isLess(right, left) ? 1 : 0;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Order of bytes and times. */
function isLess(left: Value, right: Value): boolean {
  return callLibrary(libraryLess, 0, undefined, [left, right]) === true;
}
