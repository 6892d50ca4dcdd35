// The values of CEL expressions: those of the library, and faults, which take the place of a value.
import {
  type CelList,
  type CelMap,
  type CelUint,
  type CelValue,
  celList,
  celMap,
  celType,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
} from '@bufbuild/cel';
import type { JsonObject, JsonValue } from '../../values/json.ts';

export type Value = CelValue;

/** A CEL error. Most are created when a filter is compiled, so that they cost nothing when they occur. */
export class Fault {
  readonly message: string;
  readonly at: number;

  constructor(at: number, message: string) {
    this.at = at;
    this.message = message;
  }
}

/** A type for messages, which never contain values. */
export function typeName(value: Value): string {
  if (value === null) return 'null';
  return celType(value)
    .name.replace(/^google\.protobuf\./, '')
    .toLowerCase();
}

/**
 * JSON as a CEL value: whole numbers become ints, others doubles. Objects are converted lazily, key by key, so that an
 * event costs only what its filters read. Inherited keys are not visible.
 */
export function celValue(json: JsonValue): Value {
  if (typeof json === 'number') return Number.isSafeInteger(json) ? BigInt(json) : json;
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return celList(json.map(celValue));
  return celMap(new LazyObject(json as JsonObject));
}

type Key = bigint | string | boolean | CelUint;

/** A map of an object's own keys, whose values are converted once. */
class LazyObject implements ReadonlyMap<Key, Value> {
  readonly #object: JsonObject;
  readonly #converted = new Map<string, Value>();
  #names: readonly string[] | undefined;

  constructor(object: JsonObject) {
    this.#object = object;
  }

  /** Listed once, since this takes time proportional to the number of keys. */
  get #keys(): readonly string[] {
    return (this.#names ??= Object.keys(this.#object));
  }

  get size(): number {
    return this.#keys.length;
  }

  has(key: Key): boolean {
    return typeof key === 'string' && Object.hasOwn(this.#object, key);
  }

  get(key: Key): Value | undefined {
    if (typeof key !== 'string') return undefined;
    const known = this.#converted.get(key);
    if (known !== undefined || !Object.hasOwn(this.#object, key)) return known;
    const value = celValue(this.#object[key]!);
    this.#converted.set(key, value);
    return value;
  }

  keys(): MapIterator<string> {
    return this.#keys.values() as MapIterator<string>;
  }

  *values(): MapIterator<Value> {
    for (const key of this.#keys) yield this.get(key)!;
  }

  *entries(): MapIterator<[Key, Value]> {
    for (const key of this.#keys) yield [key, this.get(key)!];
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }

  forEach(call: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) call(value, key, this);
  }
}

/** Charges the approximate cost of walking the whole value. `charge` is called along the way, and may throw. */
export function chargeAll(value: Value, charge: (steps: number) => void): void {
  if (typeof value === 'string' || value instanceof Uint8Array) return charge(1 + value.length);
  charge(1);
  if (isCelList(value)) for (const item of value) chargeAll(item, charge);
  else if (isCelMap(value)) {
    charge(value.size * 10);
    for (const [key, item] of value) {
      chargeAll(key, charge);
      chargeAll(item, charge);
    }
  }
}

export { type CelList, type CelMap, isCelList, isCelMap, isCelType, isCelUint };
