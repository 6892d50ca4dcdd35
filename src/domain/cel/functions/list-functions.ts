// List functions, `lists.*` and `sets.*`, as in cel-go's extensions.
import { celList } from '@bufbuild/cel';
import { type Extension, method, namespaced } from './extension.ts';
import type { Meter } from '../meter.ts';
import type { Implementation } from '../language/run.ts';
import { sorted } from './sorting.ts';
import { type CelList, Fault, isCelList, type Value } from './value.ts';
import { ValueSet } from './value-set.ts';

/** Steps per item copied or created. */
const perItem = 2;
/** Ints are objects, and cost more. */
const perInt = 10;

type OfList = (list: CelList, meter: Meter, at: number, rest: readonly Value[]) => Value | Fault | undefined;

function onList(apply: OfList): Implementation {
  return ([list, ...rest], meter, at) => (isCelList(list) ? apply(list, meter, at, rest) : undefined);
}

const slice: OfList = (list, meter, at, [start, end]) => {
  if (typeof start !== 'bigint' || typeof end !== 'bigint') return undefined;
  if (start < 0n || start > end || end > BigInt(list.size))
    return new Fault(at, 'slice() requires a start and an end within the list, in this order');
  meter.charge(perItem * Number(end - start));
  const items: Value[] = [];
  for (let n = Number(start); n < Number(end); n += 1) items.push(list.get(n)!);
  return celList(items);
};

const flatten: OfList = (list, meter, at, [depth = 1n]) => {
  if (typeof depth !== 'bigint') return undefined;
  if (depth < 0n) return new Fault(at, 'the depth of flatten() is negative');
  const items: Value[] = [];
  addFlat(items, list, Number(depth), meter);
  return celList(items);
};

function addFlat(items: Value[], list: CelList, depth: number, meter: Meter): void {
  for (const item of list) {
    meter.charge(perItem);
    if (depth > 0 && isCelList(item)) addFlat(items, item, depth - 1, meter);
    else items.push(item);
  }
}

const distinct: OfList = (list, meter) => {
  const seen = new ValueSet([], meter);
  return celList([...list].filter((item) => seen.add(item)));
};

const reverse: OfList = (list, meter) => {
  meter.charge(perItem * list.size);
  return celList([...list].reverse());
};

const sort: OfList = (list, meter, at) => {
  const items = [...list];
  return sorted(items, items, meter, at);
};

/** cel-go returns an optional, which filters do not support. */
function end(place: (list: CelList) => number): OfList {
  return (list, _meter, at) => list.get(place(list)) ?? new Fault(at, 'the list is empty');
}

const range: Implementation = ([size], meter, at) => {
  if (typeof size !== 'bigint') return undefined;
  if (size < 0n) return new Fault(at, 'the size of lists.range() is negative');
  meter.charge(perInt * Number(size));
  return celList(Array.from({ length: Number(size) }, (_, n) => BigInt(n)));
};

type OfTwo = (left: CelList, right: CelList, meter: Meter) => boolean;

function onSets(apply: OfTwo): Implementation {
  return ([left, right], meter) =>
    isCelList(left) && isCelList(right) ? apply(left, right, meter) : undefined;
}

const containsAll: OfTwo = (list, items, meter) => {
  const set = new ValueSet(list, meter);
  return [...items].every((item) => set.has(item));
};

const intersects: OfTwo = (list, items, meter) => {
  const set = new ValueSet(list, meter);
  return [...items].some((item) => set.has(item));
};

export const listFunctions: readonly Extension[] = [
  method('slice', ['list', 'int', 'int'], 'list', onList(slice)),
  method('flatten', ['list'], 'list', onList(flatten)),
  method('flatten', ['list', 'int'], 'list', onList(flatten)),
  method('distinct', ['list'], 'list', onList(distinct)),
  method('reverse', ['list'], 'list', onList(reverse)),
  method('sort', ['list'], 'list', onList(sort)),
  method('first', ['list'], 'dyn', onList(end(() => 0))),
  method('last', ['list'], 'dyn', onList(end(({ size }) => size - 1))),
  namespaced('lists.range', ['int'], 'list', range),
  namespaced('sets.contains', ['list', 'list'], 'bool', onSets(containsAll)),
  namespaced('sets.intersects', ['list', 'list'], 'bool', onSets(intersects)),
  namespaced(
    'sets.equivalent',
    ['list', 'list'],
    'bool',
    onSets((a, b, meter) => containsAll(a, b, meter) && containsAll(b, a, meter)),
  ),
];
