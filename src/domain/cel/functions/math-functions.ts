// `math.*` functions, as in cel-go's extension.
import { celUint } from '@bufbuild/cel';
import { type Extension, namespaced, type TypeName, variadic } from './extension.ts';
import type { Implementation } from '../language/run.ts';
import { isInt64 } from '../language/tree.ts';
import { Fault, isCelList, isCelUint, type Value } from './value.ts';

type NumberOf = (value: number) => number | boolean;

/** A function of doubles only, such as ceil and isNaN. */
function ofDouble(name: string, result: TypeName, apply: NumberOf): Extension {
  return namespaced(name, ['double'], result, ([value]) =>
    typeof value === 'number' ? apply(value) : undefined,
  );
}

/** Rounds half away from zero. */
function round(value: number): number {
  const whole = Math.trunc(value);
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole;
}

const absolute: Implementation = ([value], _meter, at) => {
  if (isCelUint(value)) return value;
  if (typeof value === 'number') return Math.abs(value);
  if (typeof value !== 'bigint') return undefined;
  const result = value < 0n ? -value : value;
  return isInt64(result) ? result : new Fault(at, 'the result is too large for an int');
};

const sign: Implementation = ([value]) => {
  if (isCelUint(value)) return celUint(value.value === 0n ? 0n : 1n);
  if (typeof value === 'number') return Math.sign(value);
  if (typeof value !== 'bigint') return undefined;
  return value === 0n ? 0n : value < 0n ? -1n : 1n;
};

const squareRoot: Implementation = ([value]) => {
  const number = numberOf(value!);
  return number === undefined ? undefined : Math.sqrt(Number(number));
};

/** Undefined if the value is not a number. */
function numberOf(value: Value): number | bigint | undefined {
  const number = isCelUint(value) ? value.value : value;
  return typeof number === 'number' || typeof number === 'bigint' ? number : undefined;
}

/** The first of the values in the order of `goesBefore`. A single list stands for its items. */
function extreme(goesBefore: (a: number | bigint, b: number | bigint) => boolean): Implementation {
  return (given, meter, at) => {
    const [list] = given;
    const values = given.length === 1 && isCelList(list) ? list : given;
    meter.charge(isCelList(values) ? values.size : values.length);
    let best: Value | undefined;
    for (const value of values) {
      const number = numberOf(value);
      if (number === undefined) return undefined;
      if (best === undefined || goesBefore(number, numberOf(best)!)) best = value;
    }
    return best === undefined ? new Fault(at, 'the list is empty') : best;
  };
}

type OfBits = (left: bigint, right: bigint) => bigint;

/** A function of two ints or two uints. */
function bits(apply: OfBits): Implementation {
  return ([left, right]) => {
    if (typeof left === 'bigint' && typeof right === 'bigint') return apply(left, right);
    return isCelUint(left) && isCelUint(right) ? celUint(apply(left.value, right.value)) : undefined;
  };
}

const not: Implementation = ([value]) => {
  if (typeof value === 'bigint') return ~value;
  return isCelUint(value) ? celUint(BigInt.asUintN(64, ~value.value)) : undefined;
};

/** Bits shifted out are lost. Right shifts of negative ints are logical. */
function shift(apply: OfBits): Implementation {
  return ([value, by], _meter, at) => {
    if ((typeof value !== 'bigint' && !isCelUint(value)) || typeof by !== 'bigint') return undefined;
    if (by < 0n) return new Fault(at, 'the number of bits to shift by is negative');
    const from = BigInt.asUintN(64, isCelUint(value) ? value.value : value);
    const moved = by > 63n ? 0n : apply(from, by);
    return isCelUint(value) ? celUint(BigInt.asUintN(64, moved)) : BigInt.asIntN(64, moved);
  };
}

const greatest = extreme((a, b) => a > b);
const least = extreme((a, b) => a < b);

export const mathFunctions: readonly Extension[] = [
  namespaced('math.greatest', ['list'], 'dyn', greatest),
  variadic('math.greatest', ['number'], 'dyn', greatest),
  namespaced('math.least', ['list'], 'dyn', least),
  variadic('math.least', ['number'], 'dyn', least),
  ofDouble('math.ceil', 'double', Math.ceil),
  ofDouble('math.floor', 'double', Math.floor),
  ofDouble('math.round', 'double', round),
  ofDouble('math.trunc', 'double', Math.trunc),
  ofDouble('math.isNaN', 'bool', Number.isNaN),
  ofDouble('math.isInf', 'bool', (value) => Math.abs(value) === Infinity),
  ofDouble('math.isFinite', 'bool', Number.isFinite),
  namespaced('math.abs', ['number'], 'dyn', absolute),
  namespaced('math.sign', ['number'], 'dyn', sign),
  namespaced('math.sqrt', ['number'], 'double', squareRoot),
  namespaced(
    'math.bitAnd',
    ['number', 'number'],
    'dyn',
    bits((a, b) => a & b),
  ),
  namespaced(
    'math.bitOr',
    ['number', 'number'],
    'dyn',
    bits((a, b) => a | b),
  ),
  namespaced(
    'math.bitXor',
    ['number', 'number'],
    'dyn',
    bits((a, b) => a ^ b),
  ),
  namespaced('math.bitNot', ['number'], 'dyn', not),
  namespaced(
    'math.bitShiftLeft',
    ['number', 'int'],
    'dyn',
    shift((value, by) => value << by),
  ),
  namespaced(
    'math.bitShiftRight',
    ['number', 'int'],
    'dyn',
    shift((value, by) => value >> by),
  ),
];
