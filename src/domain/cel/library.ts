// The functions of the CEL library, called one at a time: our own evaluation decides when, and what may cost how much.
import { celEnv, type CelFunc, celFunc, CelScalar, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { Fault, typeName, type Value } from './value.ts';

const { funcs } = celEnv({ funcs: strings });
export type LibraryFunction = NonNullable<ReturnType<typeof funcs.find>>;

/** Some functions need what the library holds only during an evaluation of its own, so each is called within one. */
let task: () => void = () => undefined;
const within = plan(
  celEnv({ funcs: [celFunc('run', [], CelScalar.BOOL, () => (task(), true))] }),
  parse('run()'),
);

export function libraryFunction(name: string): LibraryFunction | undefined {
  return funcs.find(name);
}

/** Undefined where the function takes no such values. */
export function callLibrary(
  called: LibraryFunction,
  at: number,
  target: Value | undefined,
  args: Value[],
): Value | Fault | undefined {
  let result: ReturnType<LibraryFunction['call']>;
  task = () => {
    result = called.call(0, target, args);
  };
  within();
  return isCelError(result) ? new Fault(at, told(called.name, result.message)) : result;
}

/** The library's messages can hold what is in the event; only those are passed on that cannot. */
function told(name: string, message: string): string {
  const known = /overflow|divide by zero|modulus by zero|out of range|too (?:few|many) arguments/.exec(
    message,
  );
  return known ? `${shownName(name)} fails: ${known[0]}` : `${shownName(name)} cannot take the value given`;
}

/** An operator as it is written. */
export function shownName(name: string): string {
  return name === '_[_]' ? '[]' : name.replace(/^@|^_|_$/g, '');
}

export function noOverload(at: number, name: string, values: readonly Value[]): Fault {
  return new Fault(at, `${shownName(name)} cannot be applied to ${values.map(typeName).join(' and ')}`);
}

/** What is said of a text that timestamp() or duration() cannot take. */
export function notA(name: string): string {
  return name === 'timestamp'
    ? 'this is no timestamp: RFC 3339 is needed, such as "2025-03-01T09:30:00Z"'
    : 'this is no duration: a number with a unit is needed, such as "90s" or "1h30m"';
}

/** All that the library has, operators too. */
export function libraryFunctions(): CelFunc[] {
  return [...funcs];
}
