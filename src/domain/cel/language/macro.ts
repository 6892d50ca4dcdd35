// CEL macros over lists and map keys: all, exists, exists_one, map, filter and sortBy.
import { celList } from '@bufbuild/cel';
import { asFault, type Compiled, type Run, type Scope } from './run.ts';
import { sorted } from '../functions/sorting.ts';
import { type MacroNode, type Node, nodeCount } from './tree.ts';
import { Fault, isCelList, isCelMap, typeName, type Value } from '../functions/value.ts';

type CompilePart = (node: Node, scope: Scope) => Compiled;

/** An accumulator; `item` returns the result, or undefined to continue. */
interface Walk {
  item(run: Run, item: Value): Value | Fault | undefined;
  end(run: Run): Value | Fault;
}

export function compileMacro(node: MacroNode, scope: Scope, compile: CompilePart): Compiled {
  const inner = { ...scope, variables: [...scope.variables, node.variable] };
  const slot = scope.variables.length;
  const range = compile(node.range, scope);
  const test = node.test && compile(node.test, inner);
  const step = node.step && compile(node.step, inner);
  const testAt = node.test?.at ?? node.at;
  const cost = 1 + (node.test ? nodeCount(node.test) : 0) + (node.step ? nodeCount(node.step) : 0);
  return (run) => {
    const values = range(run);
    if (values instanceof Fault) return values;
    if (!isCelList(values) && !(isCelMap(values) && node.macro !== 'sortBy'))
      return new Fault(
        node.at,
        `${node.macro}() goes through a list${node.macro === 'sortBy' ? '' : ' or a map'}, not ${typeName(values)}`,
      );
    const walk = walks[node.macro](test, step, testAt, node.at);
    // Items that are skipped cost something too.
    run.meter.charge(values.size >> 3);
    for (const item of isCelMap(values) ? values.keys() : values) {
      run.meter.charge(cost);
      run.items[slot] = item;
      const result = walk.item(run, item);
      if (result !== undefined) return result;
    }
    return walk.end(run);
  };
}

type MakeWalk = (test: Compiled | null, step: Compiled | null, testAt: number, at: number) => Walk;

const walks: Readonly<Record<MacroNode['macro'], MakeWalk>> = {
  all: (test, _step, at) => deciding(test!, false, at),
  exists: (test, _step, at) => deciding(test!, true, at),
  exists_one: (test, _step, at) => {
    let found = 0;
    return {
      item(run) {
        const value = test!(run);
        if (typeof value !== 'boolean') return asFault(value, at);
        if (value) found += 1;
        return undefined;
      },
      end: () => found === 1,
    };
  },
  map: (test, step, at) => {
    const made: Value[] = [];
    return {
      item(run) {
        const passes = test === null || test(run);
        if (typeof passes !== 'boolean') return asFault(passes, at);
        const value = passes ? step!(run) : undefined;
        if (value instanceof Fault) return value;
        if (value !== undefined) made.push(value);
        return undefined;
      },
      end: () => celList(made),
    };
  },
  sortBy: (_test, step, _testAt, at) => {
    const [items, keys]: [Value[], Value[]] = [[], []];
    return {
      item(run, item) {
        const key = step!(run);
        if (key instanceof Fault) return key;
        items.push(item);
        keys.push(key);
        return undefined;
      },
      end: ({ meter }) => sorted(items, keys, meter, at),
    };
  },
};

/** An error counts only if no item decides the result. */
function deciding(test: Compiled, decisive: boolean, at: number): Walk {
  let fault: Fault | null = null;
  return {
    item(run) {
      const value = test(run);
      if (value === decisive) return decisive;
      if (value !== !decisive) fault ??= asFault(value, at);
      return undefined;
    },
    end: () => fault ?? !decisive,
  };
}
