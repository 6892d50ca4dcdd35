// Implementations of functions and operators: ours where speed, cost or JSON numbers require it, else the library's.
import { arithmetic, ordering } from './arithmetic.ts';
import { charactersOf } from './characters.ts';
import { areEqual, holds } from './equality.ts';
import { callLibrary, libraryFunction, noOverload } from './library.ts';
import type { Meter } from '../meter.ts';
import { dynamicPattern } from './pattern.ts';
import type { Implementation } from '../language/run.ts';
import { extensions } from '../language/signatures.ts';
import { chargeSearch } from './text-functions.ts';
import { asError } from '../../../base/errors.ts';
import { chargeAll, Fault, isCelList, isCelMap, isCelUint, type Value } from './value.ts';

/** The implementation, or null if the function does not exist. The receiver of a method is the first value. */
export function implementation(
  name: string,
  hasReceiver: boolean,
): ((values: Value[], meter: Meter, at: number) => Value | Fault) | null {
  const library = libraryFunction(name);
  const own = ofExtension(name, hasReceiver) ?? (hasReceiver ? methods : operators).get(name);
  if (!library && !own) return null;
  const price = prices.get(name) ?? ordinaryPrice;
  return (values, meter, at) => {
    const result = own?.(values, meter, at);
    if (result !== undefined) return result;
    if (!library) return noOverload(at, name, values);
    meter.charge(5);
    price(values, meter);
    const answer = hasReceiver
      ? callLibrary(library, at, values[0], values.slice(1))
      : callLibrary(library, at, undefined, values);
    return answer ?? noOverload(at, name, values);
  };
}

/** The first overload that accepts the values. */
function ofExtension(name: string, hasReceiver: boolean): Implementation | undefined {
  const forms = extensions.get(name)?.filter(({ isMethod }) => isMethod === hasReceiver);
  if (!forms || forms.length === 0) return undefined;
  return (values, meter, at) => {
    meter.charge(1);
    for (const { takes, isVariadic, run } of forms) {
      const fits = isVariadic ? values.length >= takes.length : values.length === takes.length;
      const result = fits ? run(values, meter, at) : undefined;
      if (result !== undefined) return result;
    }
    return undefined;
  };
}

const operators: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ['_==_', ([left, right], meter) => areEqual(left!, right!, meter)],
  ['_!=_', ([left, right], meter) => !areEqual(left!, right!, meter)],
  ['!_', ([value]) => (typeof value === 'boolean' ? !value : undefined)],
  ['@in', isIn],
  ['size', sizeOf],
  ...['_<_', '_<=_', '_>_', '_>=_', '_+_', '_-_', '_*_', '_/_', '_%_'].map(
    (name): [string, Implementation] => {
      const operation = ordering(name) ?? arithmetic(name);
      return [name, ([left, right], meter, at) => operation?.(left!, right!, meter, at)];
    },
  ),
]);

const methods: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ['size', sizeOf],
  ['startsWith', onText((text, start) => text.startsWith(start))],
  ['endsWith', onText((text, end) => text.endsWith(end))],
  [
    'contains',
    onText((text, part, meter) => {
      chargeSearch(text, part, meter);
      return text.includes(part);
    }),
  ],
  ['matches', onText(matches)],
]);

function matches(text: string, source: string, meter: Meter, at: number): boolean | Fault {
  try {
    return dynamicPattern(source, meter).test(text, meter);
  } catch (error) {
    if (error instanceof Error && error.constructor === Error)
      return new Fault(at, 'the pattern of matches() cannot be used');
    throw asError(error);
  }
}

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
  return BigInt(charactersOf(value, meter));
}

type Price = (values: Value[], meter: Meter) => void;

/** One step per character, since the library processes text character by character. */
const ordinaryPrice: Price = (values, meter) => {
  for (const value of values)
    if (typeof value === 'string' || value instanceof Uint8Array) meter.charge(value.length);
};

/** Formatting numbers and resolving time zones are slow. */
const formatPrice: Price = (values, meter) => {
  const [, items] = values;
  if (isCelList(items)) meter.charge(items.size * 1_000);
  for (const value of values) chargeAll(value, (steps) => meter.charge(steps * 2));
};
const zonePrice: Price = (values, meter) => {
  ordinaryPrice(values, meter);
  meter.charge(values.length > 1 ? 5_000 : 20);
};

const prices: ReadonlyMap<string, Price> = new Map([
  ['format', formatPrice],
  ...[
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
  ].map((name): [string, Price] => [name, zonePrice]),
]);
