// The published test data of CEL, through our evaluator: all cases that apply to filters; the others are listed with why.
import { type CelResult, celEnv, type CelValue, isCelError, parse, plan, run } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { expect, test } from 'vitest';
import { compile } from '../../../src/domain/cel/language/compile.ts';
import { Meter } from '../../../src/domain/cel/meter.ts';
import { parseTree } from '../../../src/domain/cel/language/tree.ts';
import { tokensOf } from '../../../src/domain/cel/language/tokens.ts';
import { Fault } from '../../../src/domain/cel/functions/value.ts';
import { conformance, type ConformanceCase, isExpected } from './conformance-cases.ts';

const { cases, leftOut } = conformance((type, text) => {
  const name = type.endsWith('Timestamp') ? 'timestamp' : 'duration';
  return run(`${name}('${text}')`) as CelValue;
});

function byLibrary({ expr, container, bindings }: ConformanceCase): CelResult | Error {
  try {
    const env = celEnv({ funcs: strings, namespace: container });
    return plan(env, parse(expr))(Object.fromEntries(bindings));
  } catch (error) {
    return error as Error;
  }
}

/** Ours, with the names of the case instead of those of an event. */
function byUs({ expr, container, bindings }: ConformanceCase): CelValue | Fault | Error {
  const names = {
    get(name: string): CelValue | undefined {
      const parts = container === '' ? [] : container.split('.');
      for (let n = parts.length; n >= 0; n -= 1) {
        const value = bindings.get([...parts.slice(0, n), name].join('.'));
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
  try {
    return compile(parseTree(expr), { variables: [], dottedNames: true })({
      names,
      meter: new Meter(),
      items: [],
    });
  } catch (error) {
    return error as Error;
  }
}

function passes({ expected }: ConformanceCase, result: unknown): boolean {
  const failed = result instanceof Fault || result instanceof Error || isCelError(result);
  return expected === undefined ? failed : !failed && isExpected(result, expected);
}

test('What parses is not refused for its words, but for escapes that the specification does not know', () => {
  const refused = cases.flatMap(({ expr }) => {
    try {
      parseTree(expr);
    } catch {
      return [];
    }
    try {
      tokensOf(expr);
      return [];
    } catch (error) {
      return [`${expr}: ${(error as Error).message}`];
    }
  });
  expect(refused).toEqual([]);
});

/**
 * Cases that fail on purpose: they want the int to be rounded to a double, by which 2^63 - 1 is neither less than 2^63
 * nor, as `==` has it, equal to it. Filters compare the values.
 */
const rounded = [
  'comparisons/lt_literal/not_lt_dyn_int_big_lossy_double',
  'comparisons/gt_literal/not_gt_dyn_big_double_int',
  'comparisons/lte_literal/lte_dyn_big_double_int',
  'comparisons/gte_literal/gte_dyn_int_big_lossy_double',
];

test('All cases pass but those that round', () => {
  const failed = cases.filter((one) => !passes(one, byUs(one)));
  expect(failed.map(({ name, expr }) => `${name}: ${expr}`)).toEqual(
    cases.filter(({ name }) => rounded.includes(name)).map(({ name, expr }) => `${name}: ${expr}`),
  );
  expect(cases.length).toBe(1_502);
});

test('Nothing is lost that the library passes', () => {
  const lost = cases.filter((one) => passes(one, byLibrary(one)) && !passes(one, byUs(one)));
  expect(lost.map(({ name }) => name)).toEqual(rounded);
});

test('What is left out is listed, with why', async () => {
  const lines = leftOut.map(({ name, reason }) => `${name}: ${reason}\n`);
  await expect(lines.join('')).toMatchFileSnapshot('conformance-left-out.txt');
});
