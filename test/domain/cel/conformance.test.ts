// The published test data of CEL, through our evaluator: it passes whatever the library passes by itself.
import { type CelResult, celEnv, type CelValue, isCelError, parse, plan, run } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { expect, test } from 'vitest';
import { compile } from '../../../src/domain/cel/compile.ts';
import { Meter } from '../../../src/domain/cel/meter.ts';
import { parseTree } from '../../../src/domain/cel/tree.ts';
import { tokensOf } from '../../../src/domain/cel/tokens.ts';
import { Fault } from '../../../src/domain/cel/value.ts';
import { type ConformanceCase, conformanceCases, isExpected } from './conformance-cases.ts';

const cases = conformanceCases((type, text) => {
  const name = type.endsWith('Timestamp') ? 'timestamp' : 'duration';
  return run(`${name}('${text}')`) as CelValue;
});

/** What filters of events can be made of. */
const sections = [
  'basic',
  'comparisons',
  'conversions',
  'fields',
  'fp_math',
  'integer_math',
  'lists',
  'logic',
  'macros',
  'namespace',
  'parse',
  'plumbing',
  'string',
  'string_ext',
  'timestamps',
  'type_deductions',
];

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

test('Nothing is lost that the library passes', () => {
  const lost = cases.filter((one) => passes(one, byLibrary(one)) && !passes(one, byUs(one)));
  expect(lost.map(({ name, expr }) => `${name}: ${expr}`)).toEqual([]);
});

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

test('Of the cases for untyped data all pass but those with names in back quotes', () => {
  const ours = cases.filter(({ section }) => sections.includes(section));
  const failed = ours.filter((one) => !passes(one, byUs(one))).map(({ name }) => name);
  expect(failed).toEqual([
    'fields/quoted_map_fields/field_access_slash',
    'fields/quoted_map_fields/field_access_dash',
    'fields/quoted_map_fields/field_access_dot',
    'fields/quoted_map_fields/has_field_slash',
    'fields/quoted_map_fields/has_field_dash',
    'fields/quoted_map_fields/has_field_dot',
  ]);
  expect(ours.length).toBe(1_299);
});
