// The published test data of CEL as cases for an evaluator: those that need no protocol buffer messages.
import {
  celList,
  celMap,
  celUint,
  type CelValue,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
} from '@bufbuild/cel';
import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';

/** A value of the test data, in the JSON form of cel.expr.Value. */
interface DataValue {
  readonly nullValue?: null;
  readonly boolValue?: boolean;
  readonly int64Value?: string;
  readonly uint64Value?: string;
  readonly doubleValue?: number | string;
  readonly stringValue?: string;
  readonly bytesValue?: string;
  readonly typeValue?: string;
  readonly listValue?: { readonly values?: readonly DataValue[] };
  readonly mapValue?: {
    readonly entries?: readonly { readonly key: DataValue; readonly value: DataValue }[];
  };
  readonly objectValue?: { readonly '@type': string; readonly value?: string };
  readonly enumValue?: unknown;
}

interface Original {
  readonly name?: string;
  readonly expr: string;
  readonly value?: DataValue;
  readonly typedResult?: { readonly result?: DataValue };
  readonly bindings?: Readonly<Record<string, { readonly value: DataValue }>>;
  readonly evalError?: unknown;
  readonly container?: string;
  readonly checkOnly?: boolean;
}

export interface ConformanceCase {
  readonly section: string;
  readonly name: string;
  readonly expr: string;
  readonly container: string;
  readonly bindings: ReadonlyMap<string, CelValue>;
  /** Undefined where an error is expected. */
  readonly expected: DataValue | undefined;
}

interface Suite {
  readonly name: string;
  readonly suites?: readonly Suite[];
  readonly tests?: readonly { readonly original: object }[];
}

/** Sections of which no case says anything of filters, with why. */
const otherSections: ReadonlyMap<string, string> = new Map([
  ['bindings_ext', 'cel.bind is not among the functions of filters'],
  ['block_ext', 'cel.block is what an optimizer writes, and nobody else'],
  ['dynamic', 'its values are fields of protocol buffer messages'],
  ['enums', 'there are no enums in JSON'],
  ['macros2', 'macros with two variables are not among those of filters'],
  ['optionals', 'optional values are not among those of filters'],
  ['proto2', 'there are no protocol buffer messages in JSON'],
  ['proto2_ext', 'there are no protocol buffer messages in JSON'],
  ['proto3', 'there are no protocol buffer messages in JSON'],
  ['wrappers', 'there are no protocol buffer messages in JSON'],
]);

const messages = /TestAllTypes|GlobalEnum|\b[A-Z]\w*\s*\{/;

/** Why a case says nothing of filters, or null. */
function reasonAgainst(section: string, original: Original, values: readonly DataValue[]): string | null {
  const other = otherSections.get(section);
  if (other !== undefined) return other;
  if (original.checkOnly) return 'it is about the types that a checker finds, and has no value';
  return messages.test(original.expr) || values.some(hasMessage)
    ? 'it needs a protocol buffer message or an enum'
    : null;
}

export interface Conformance {
  readonly cases: readonly ConformanceCase[];
  /** The others, with why they are no cases for filters. */
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/** `time` makes a timestamp or duration of its text. */
export function conformance(time: (type: string, text: string) => CelValue): Conformance {
  const cases: ConformanceCase[] = [];
  const leftOut: { name: string; reason: string }[] = [];
  for (const section of (tests as Suite).suites ?? []) {
    for (const [name, original] of originalsIn(section, section.name)) {
      const expected = original.value ?? original.typedResult?.result ?? { boolValue: true };
      const bound = Object.entries(original.bindings ?? {});
      const values = [expected, ...bound.map(([, { value }]) => value)];
      const reason = reasonAgainst(section.name, original, values);
      if (reason !== null) {
        leftOut.push({ name, reason });
        continue;
      }
      cases.push({
        section: section.name,
        name,
        expr: original.expr,
        container: original.container ?? '',
        bindings: new Map(bound.map(([key, { value }]) => [key, valueOf(value, time)])),
        expected: original.evalError === undefined ? expected : undefined,
      });
    }
  }
  return { cases, leftOut };
}

function originalsIn(suite: Suite, path: string): [string, Original][] {
  return [
    ...(suite.tests ?? []).map(({ original }): [string, Original] => [
      `${path}/${(original as Original).name ?? ''}`,
      original as Original,
    ]),
    ...(suite.suites ?? []).flatMap((inner) => originalsIn(inner, `${path}/${inner.name}`)),
  ];
}

function hasMessage(value: DataValue): boolean {
  if (value.enumValue !== undefined) return true;
  if (value.objectValue) return !/protobuf\.(Timestamp|Duration)$/.test(value.objectValue['@type']);
  return (
    (value.listValue?.values ?? []).some(hasMessage) ||
    (value.mapValue?.entries ?? []).some((entry) => hasMessage(entry.key) || hasMessage(entry.value))
  );
}

function valueOf(value: DataValue, time: (type: string, text: string) => CelValue): CelValue {
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.int64Value !== undefined) return BigInt(value.int64Value);
  if (value.uint64Value !== undefined) return celUint(BigInt(value.uint64Value));
  if (value.doubleValue !== undefined) return Number(value.doubleValue);
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.bytesValue !== undefined) return new Uint8Array(Buffer.from(value.bytesValue, 'base64'));
  if (value.listValue) return celList((value.listValue.values ?? []).map((item) => valueOf(item, time)));
  if (value.mapValue) {
    const entries = value.mapValue.entries ?? [];
    return celMap(
      new Map(entries.map((entry) => [valueOf(entry.key, time) as string, valueOf(entry.value, time)])),
    );
  }
  if (value.objectValue) return time(value.objectValue['@type'], value.objectValue.value ?? '');
  return null;
}

/** Whether a result is just what was expected, its type included. */
export function isExpected(result: unknown, expected: DataValue): boolean {
  if (expected.boolValue !== undefined) return result === expected.boolValue;
  if (expected.int64Value !== undefined) return result === BigInt(expected.int64Value);
  if (expected.uint64Value !== undefined)
    return isCelUint(result) && result.value === BigInt(expected.uint64Value);
  if (expected.doubleValue !== undefined) return Object.is(result, Number(expected.doubleValue));
  if (expected.stringValue !== undefined) return result === expected.stringValue;
  if (expected.bytesValue !== undefined)
    return result instanceof Uint8Array && Buffer.from(result).toString('base64') === expected.bytesValue;
  if (expected.typeValue !== undefined) return isCelType(result) && result.name === expected.typeValue;
  if (expected.listValue) {
    const values = expected.listValue.values ?? [];
    return (
      isCelList(result) &&
      result.size === values.length &&
      [...result].every((item, n) => isExpected(item, values[n]!))
    );
  }
  if (expected.mapValue) {
    const entries = expected.mapValue.entries ?? [];
    return (
      isCelMap(result) &&
      result.size === entries.length &&
      entries.every(({ key, value }) => isExpected(result.get(valueOf(key, () => null) as string), value))
    );
  }
  if (expected.objectValue) return false;
  return result === null;
}
