// Calls of single functions of the CEL library, so that our evaluator controls their order and cost.
import { celEnv, type CelFunc, celFunc, CelScalar, isCelError, parse, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { Fault, typeName, type Value } from './value.ts';

const { funcs } = celEnv({ funcs: strings });
export type LibraryFunction = NonNullable<ReturnType<typeof funcs.find>>;

/** Each call runs within an evaluation by the library, because some functions need its context. */
let task: () => void = () => undefined;
const within = plan(
  celEnv({ funcs: [celFunc('run', [], CelScalar.BOOL, () => (task(), true))] }),
  parse('run()'),
);

export function libraryFunction(name: string): LibraryFunction | undefined {
  return funcs.find(name);
}

/** Undefined if the function does not accept the values. */
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
  return isCelError(result) ? new Fault(at, publicMessage(called.name, result.message)) : result;
}

/** Passes on only those messages of the library that cannot contain event data. */
function publicMessage(name: string, message: string): string {
  const known = /overflow|divide by zero|modulus by zero|out of range|too (?:few|many) arguments/.exec(
    message,
  );
  return known ? `${shownName(name)} fails: ${known[0]}` : `${shownName(name)} cannot take the value given`;
}

/** An operator as it is written in a filter. */
export function shownName(name: string): string {
  return name === '_[_]' ? '[]' : name.replace(/^@|^_|_$/g, '');
}

export function noOverload(at: number, name: string, values: readonly Value[]): Fault {
  return new Fault(at, `${shownName(name)} cannot be applied to ${values.map(typeName).join(' and ')}`);
}

/** The message for a text that timestamp() or duration() cannot parse. */
export function notA(name: string): string {
  return name === 'timestamp'
    ? 'not a timestamp in RFC 3339, such as "2025-03-01T09:30:00Z"'
    : 'not a duration with a unit, such as "90s" or "1h30m"';
}

/** All functions of the library, including operators. */
export function libraryFunctions(): CelFunc[] {
  return [...funcs];
}
