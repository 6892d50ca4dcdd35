// Extension functions: their form of call, types and implementation.
import type { Implementation } from '../language/run.ts';

/** The type of a parameter or result; `number` is an int, a uint or a double. */
export type TypeName = 'bool' | 'bytes' | 'double' | 'dyn' | 'int' | 'list' | 'number' | 'string' | 'uint';

export interface Extension {
  /** With its namespace, such as math.abs; a method has only its name. */
  readonly name: string;
  /** The type of the receiver, if any, then of the arguments. */
  readonly takes: readonly TypeName[];
  readonly isMethod: boolean;
  /** Whether the last argument may be repeated. */
  readonly isVariadic: boolean;
  readonly result: TypeName;
  readonly run: Implementation;
}

/** A function called as `math.abs(x)`. */
export function namespaced(
  name: string,
  takes: readonly TypeName[],
  result: TypeName,
  run: Implementation,
): Extension {
  return { name, takes, result, run, isMethod: false, isVariadic: false };
}

/** Like `namespaced`, with one or more arguments. */
export function variadic(
  name: string,
  takes: readonly [TypeName],
  result: TypeName,
  run: Implementation,
): Extension {
  return { ...namespaced(name, takes, result, run), isVariadic: true };
}

/** A method called as `text.trim()`; the first type is the receiver's. */
export function method(
  name: string,
  takes: readonly TypeName[],
  result: TypeName,
  run: Implementation,
): Extension {
  return { name, takes, result, run, isMethod: true, isVariadic: false };
}
