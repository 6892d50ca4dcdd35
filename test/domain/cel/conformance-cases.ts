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

/** Messages, enums, and functions of extensions that the library does not have. */
const messages = /TestAllTypes|GlobalEnum|\b[A-Z]\w*\s*\{/;

/** `time` makes a timestamp or duration of its text. */
export function conformanceCases(time: (type: string, text: string) => CelValue): ConformanceCase[] {
  return ((tests as Suite).suites ?? []).flatMap((section) =>
    originalsIn(section, section.name).flatMap(([name, original]) => {
      const expected = original.value ?? original.typedResult?.result ?? { boolValue: true };
      const bound = Object.entries(original.bindings ?? {});
      if (original.checkOnly || messages.test(original.expr)) return [];
      if ([expected, ...bound.map(([, { value }]) => value)].some(hasMessage)) return [];
      return [
        {
          section: section.name,
          name,
          expr: original.expr,
          container: original.container ?? '',
          bindings: new Map(bound.map(([key, { value }]) => [key, valueOf(value, time)])),
          expected: original.evalError === undefined ? expected : undefined,
        },
      ];
    }),
  );
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
