// One evaluation of a filter, and the compiled parts of filters that take part in it.
import type { Meter } from './meter.ts';
import { Fault, typeName, type Value } from './value.ts';

/** The names that an evaluation finds, beside those of types. */
export interface Names {
  get(name: string): Value | undefined;
}

export interface Run {
  readonly names: Names;
  readonly meter: Meter;
  /** The items of the macros around, the outermost first. */
  readonly items: Value[];
}

export type Compiled = (run: Run) => Value | Fault;

/** What is known while compiling. */
export interface Scope {
  /** Of the macros around, the outermost first. */
  readonly variables: readonly string[];
  /** Whether a name can have dots in it, as none of ours has. */
  readonly dottedNames: boolean;
}

/** What stands where a boolean has to. */
export function asFault(value: Value | Fault, at: number): Fault {
  return value instanceof Fault ? value : new Fault(at, `a boolean is needed, not ${typeName(value)}`);
}

/** What a function does; the value that it is called on, where it is, comes first. Undefined where it takes no such values. */
export type Implementation = (values: Value[], meter: Meter, at: number) => Value | Fault | undefined;
