// What each function and operator does to values: ours where speed, cost or JSON's numbers ask for it, else the library's.
import { arithmetic, ordering } from './arithmetic.ts';
import { areEqual, holds } from './equality.ts';
import { callLibrary, libraryFunction, noOverload } from './library.ts';
import type { Meter } from './meter.ts';
import { dynamicPattern } from './pattern.ts';
import { asError } from '../../base/errors.ts';
import { chargeAll, Fault, isCelList, isCelMap, isCelUint, type Value } from './value.ts';

/** The receiver of a method is the first of the values. */
export type Implementation = (values: Value[], meter: Meter, at: number) => Value | Fault | undefined;

/** How to call it, or null where there is no such function. */
export function implementation(
  name: string,
  hasReceiver: boolean,
): ((values: Value[], meter: Meter, at: number) => Value | Fault) | null {
  const library = libraryFunction(name);
  const own = hasReceiver ? methods[name] : operators[name];
  if (!library) return null;
  const price = prices[name] ?? ordinaryPrice;
  return (values, meter, at) => {
    const result = own?.(values, meter, at);
    if (result !== undefined) return result;
    meter.charge(5);
    price(values, meter);
    const answer = hasReceiver
      ? callLibrary(library, at, values[0], values.slice(1))
      : callLibrary(library, at, undefined, values);
    return answer ?? noOverload(at, name, values);
  };
}

const operators: Readonly<Record<string, Implementation>> = {
  '_==_': ([left, right], meter) => areEqual(left!, right!, meter),
  '_!=_': ([left, right], meter) => !areEqual(left!, right!, meter),
  '!_': ([value]) => (typeof value === 'boolean' ? !value : undefined),
  '@in': isIn,
  size: sizeOf,
  ...Object.fromEntries(
    ['_<_', '_<=_', '_>_', '_>=_', '_+_', '_-_', '_*_', '_/_', '_%_'].map((name) => {
      const operation = ordering(name) ?? arithmetic(name);
      return [name, ([left, right], meter, at) => operation?.(left!, right!, meter, at)] as [
        string,
        Implementation,
      ];
    }),
  ),
};

const methods: Readonly<Record<string, Implementation>> = {
  size: sizeOf,
  startsWith: onText((text, start) => text.startsWith(start)),
  endsWith: onText((text, end) => text.endsWith(end)),
  contains: onText((text, part, meter) => {
    chargeSearch(text, part, meter);
    return text.includes(part);
  }),
  matches: onText((text, source, meter, at) => {
    try {
      return dynamicPattern(source, meter).test(text, meter);
    } catch (error) {
      if (error instanceof Error && error.constructor === Error)
        return new Fault(at, 'the pattern of matches() cannot be used');
      throw asError(error);
    }
  }),
  lowerAscii: onAscii(/[A-Z]+/g, (letters) => letters.toLowerCase()),
  upperAscii: onAscii(/[a-z]+/g, (letters) => letters.toUpperCase()),
  replace: replaced,
};

function onText(
  apply: (text: string, other: string, meter: Meter, at: number) => boolean | Fault,
): Implementation {
  return (values, meter, at) => {
    const [text, other] = values;
    if (typeof text !== 'string' || typeof other !== 'string' || values.length !== 2) return undefined;
    meter.charge(other.length >> 8);
    return apply(text, other, meter, at);
  };
}

function onAscii(letters: RegExp, change: (letters: string) => string): Implementation {
  return (values, meter) => {
    const [text] = values;
    if (typeof text !== 'string' || values.length !== 1) return undefined;
    meter.charge(text.length >> 1);
    return text.replace(letters, change);
  };
}

/** Searching for a long text can take as long as the product of the two lengths. */
function chargeSearch(text: string, part: string, meter: Meter): void {
  meter.charge((text.length >> 4) + (part.length > 250 ? (text.length * part.length) / 512 : 0));
}

function isIn([value, holder]: Value[], meter: Meter): boolean | undefined {
  if (isCelList(holder)) return holds(holder, value!, meter);
  if (!isCelMap(holder)) return undefined;
  if (typeof value === 'object' && !isCelUint(value)) return undefined;
  return holder.get(value as string) !== undefined;
}

function sizeOf(values: Value[], meter: Meter): bigint | undefined {
  const [value] = values;
  if (values.length !== 1) return undefined;
  if (isCelList(value) || isCelMap(value)) return BigInt(value.size);
  if (typeof value !== 'string') return undefined;
  meter.charge(value.length >> 4);
  let size = value.length;
  for (const _pair of value.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g)) {
    meter.charge(1);
    size -= 1;
  }
  return BigInt(size);
}

/** As Go does it: an empty text is found before every character and at the end. */
function replaced(values: Value[], meter: Meter): string | undefined {
  const [text, from, to, times] = values;
  if (typeof text !== 'string' || typeof from !== 'string' || typeof to !== 'string') return undefined;
  if (values.length > 4 || (values.length === 4 && typeof times !== 'bigint')) return undefined;
  chargeSearch(text, from, meter);
  const parts: string[] = [];
  let rest = times === undefined || (times as bigint) < 0n ? Infinity : Number(times);
  let after = 0;
  while (rest > 0) {
    const found =
      from === '' ? nextCharacter(text, parts.length === 0 ? -1 : after) : text.indexOf(from, after);
    if (found < 0) break;
    meter.charge(1 + (to.length >> 4));
    parts.push(text.slice(after, found), to);
    after = found + from.length;
    rest -= 1;
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(after);
}

/** Where the character after the one at `at` begins; 0 for -1, and -1 at the end. */
function nextCharacter(text: string, at: number): number {
  if (at < 0) return 0;
  if (at >= text.length) return -1;
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
}

type Price = (values: Value[], meter: Meter) => void;

/** A step for every character, since the library goes through text one by one. */
const ordinaryPrice: Price = (values, meter) => {
  for (const value of values)
    if (typeof value === 'string' || value instanceof Uint8Array) meter.charge(value.length);
};

const searchPrice: Price = ([text, part], meter) => {
  if (typeof text === 'string' && typeof part === 'string')
    meter.charge((text.length >> 4) + (text.length * part.length) / 128);
};

const wholePrice: Price = (values, meter) => {
  for (const value of values) chargeAll(value, (steps) => meter.charge(steps));
};

/** Formatting numbers and finding the time of a zone are slow. */
const formatPrice: Price = (values, meter) => {
  const [, items] = values;
  if (isCelList(items)) meter.charge(items.size * 1_000);
  for (const value of values) chargeAll(value, (steps) => meter.charge(steps * 2));
};
const zonePrice: Price = (values, meter) => {
  ordinaryPrice(values, meter);
  meter.charge(values.length > 1 ? 5_000 : 20);
};

const prices: Readonly<Record<string, Price>> = {
  indexOf: searchPrice,
  lastIndexOf: searchPrice,
  join: wholePrice,
  format: formatPrice,
  ...Object.fromEntries(
    [
      'getFullYear',
      'getMonth',
      'getDate',
      'getDayOfMonth',
      'getDayOfWeek',
      'getDayOfYear',
      'getSeconds',
      'getMinutes',
      'getHours',
      'getMilliseconds',
    ].map((name) => [name, zonePrice]),
  ),
};
