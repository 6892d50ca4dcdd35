// Signatures of the functions in filters, and the extension functions; operators are not included.
import type { Extension, TypeName } from '../functions/extension.ts';
import { libraryFunctions } from '../functions/library.ts';
import { listFunctions } from '../functions/list-functions.ts';
import { mathFunctions } from '../functions/math-functions.ts';
import { textFunctions } from '../functions/text-functions.ts';

export interface Signature {
  readonly receiver: boolean;
  readonly args: number;
  readonly isVariadic: boolean;
  readonly result: string;
  /** The types of the receiver, if any, and of the arguments; null if they are not checked statically. */
  readonly takes: readonly TypeName[] | null;
}

/** Extension functions by name, with all overloads. */
export const extensions: ReadonlyMap<string, readonly Extension[]> = byName(
  [...mathFunctions, ...listFunctions, ...textFunctions].map((one) => [one.name, one]),
);

export const signatures: ReadonlyMap<string, readonly Signature[]> = byName([
  ...libraryFunctions()
    .filter(({ name }) => /^\w[\w.]*\w$/.test(name) && !name.startsWith('_') && !extensions.has(name))
    .map(({ name, target, arguments: args, result }): [string, Signature] => [
      name,
      {
        receiver: target !== undefined,
        args: args.length,
        result: result.name,
        isVariadic: false,
        takes: null,
      },
    ]),
  ...[...extensions.values()].flat().map((one): [string, Signature] => [
    one.name,
    {
      receiver: one.isMethod,
      args: one.takes.length - Number(one.isMethod),
      isVariadic: one.isVariadic,
      result: one.result,
      takes: one.takes,
    },
  ]),
]);

function byName<T>(pairs: readonly (readonly [string, T])[]): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const [name, one] of pairs) {
    const known = found.get(name);
    if (known) known.push(one);
    else found.set(name, [one]);
  }
  return found;
}
