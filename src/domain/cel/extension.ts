// What an extension function is: how it is called, and what it does; and which functions of the extensions there are.
import type { Implementation } from './run.ts';

/** Of a parameter, or of what a function answers; `number` is an int, a uint or a double. */
export type TypeName = 'bool' | 'bytes' | 'double' | 'dyn' | 'int' | 'list' | 'number' | 'string' | 'uint';

export interface Extension {
  /** With its namespace, such as math.abs; the name alone where it is called on a value. */
  readonly name: string;
  /** Of the value that it is called on, where it is; then of its arguments. */
  readonly takes: readonly TypeName[];
  readonly isMethod: boolean;
  /** Whether the last argument may be repeated. */
  readonly isVariadic: boolean;
  readonly result: TypeName;
  readonly run: Implementation;
}

/** Called as `math.abs(x)`. */
export function namespaced(
  name: string,
  takes: readonly TypeName[],
  result: TypeName,
  run: Implementation,
): Extension {
  return { name, takes, result, run, isMethod: false, isVariadic: false };
}

/** The same, with one argument or more. */
export function variadic(
  name: string,
  takes: readonly [TypeName],
  result: TypeName,
  run: Implementation,
): Extension {
  return { ...namespaced(name, takes, result, run), isVariadic: true };
}

/** Called as `text.trim()`; the first that it takes is the value that it is called on. */
export function method(
  name: string,
  takes: readonly TypeName[],
  result: TypeName,
  run: Implementation,
): Extension {
  return { name, takes, result, run, isMethod: true, isVariadic: false };
}
