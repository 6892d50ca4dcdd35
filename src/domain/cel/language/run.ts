// The state of one evaluation of a filter, and the types of its compiled parts.
import type { Meter } from '../meter.ts';
import { Fault, typeName, type Value } from '../functions/value.ts';

/** Names available to an evaluation, besides those of types. */
export interface Names {
  get(name: string): Value | undefined;
}

export interface Run {
  readonly names: Names;
  readonly meter: Meter;
  /** Items of the surrounding macros, outermost first. */
  readonly items: Value[];
}

export type Compiled = (run: Run) => Value | Fault;

/** What is known at compile time. */
export interface Scope {
  /** Variables of the surrounding macros, outermost first. */
  readonly variables: readonly string[];
  /** Whether names can contain dots. Ours do not. */
  readonly dottedNames: boolean;
}

/** The error for a value that is not a boolean. */
export function asFault(value: Value | Fault, at: number): Fault {
  return value instanceof Fault ? value : new Fault(at, `a boolean is needed, not ${typeName(value)}`);
}

/** A function's implementation. The receiver, if any, comes first. Undefined if it does not accept the values. */
export type Implementation = (values: Value[], meter: Meter, at: number) => Value | Fault | undefined;
