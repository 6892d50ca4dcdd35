// Matching many filters: what the hub delivers is what testing every filter gives, and few are tested for it.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkFilter, type EventFilter } from '../../src/domain/conditions/event-filter.ts';
import {
  type CheckedFilter,
  type Filterable,
  filterMatches,
} from '../../src/domain/conditions/checked-filter.ts';
import { eventStatuses } from '../../src/domain/events/event.ts';
import { topicMatches } from '../../src/domain/events/topic.ts';
import { Hub } from '../../src/live/hub.ts';
import { anyFilter } from '../domain/cel/random-filters.ts';
import { anyConditions, anyEvent, plain, uuid } from '../domain/conditions/condition-cases.ts';

const some = (...values: string[]) =>
  fc.option(fc.array(fc.constantFrom(...values), { maxLength: 3 }), { freq: 1 });
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 1 });
const often = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });

/** Equalities of the kinds that people write, so that much is filed and much of it matches. */
const equality = fc
  .tuple(
    fc.constantFrom('data.v', 'data.w', 'data.v.w', 'summary.v', 'topic', 'event_type', 'project', 'user'),
    fc.constantFrom("'a'", "'x'", "''", '0', '1.0', '1', 'true', 'null'),
    fc.constantFrom('==', 'in', 'turned'),
  )
  .map(([place, value, form]) =>
    form === 'in'
      ? `${place} in [${value}, 'ab', ${value}]`
      : form === 'turned'
        ? `${value} == ${place}`
        : `${place} == ${value}`,
  );
const equalities = fc
  .tuple(fc.constantFrom(' && ', ' || '), fc.array(equality, { minLength: 1, maxLength: 3 }))
  .map(([operator, parts]) => parts.join(operator));

const filter: fc.Arbitrary<EventFilter> = fc
  .record({
    ids: maybe(fc.array(fc.constantFrom(uuid(1), uuid(2)), { maxLength: 2 })),
    topics: some('a', 'a.b', 'a.*', 'a.b.*', '*', 'a*', '*.b', 'x'),
    projects: some('a', 'x'),
    users: some('a', 'x'),
    senders: some('a', 'x'),
    statuses: maybe(fc.uniqueArray(fc.constantFrom(...eventStatuses), { maxLength: 3 })),
    requestIds: some('a', 'x'),
    conditions: maybe(anyConditions),
    where: often(fc.oneof(equalities, equalities, anyFilter)),
    mask: fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => a & b),
  })
  // Of all that, each has a few parts: with all of them hardly anything would match.
  .map(({ mask, ...parts }) =>
    Object.fromEntries(
      Object.entries(parts).filter(([name], n) => name === 'where' || ((mask >> n) & 1) === mask >> 7),
    ),
  );
const topic = fc.constantFrom('a', 'a.b', 'a.b.c', 'a.bc', 'x', 'b');
const scalar = fc.constantFrom('a', 'x', '', 0, 1, true, false, null);
const payload = fc.oneof(
  fc.record({ v: scalar, w: scalar }, { requiredKeys: [] }),
  scalar.map((w) => ({ v: { w } })),
);
const event = fc
  .tuple(anyEvent, topic, fc.option(payload))
  .map(([made, name, given]): Filterable => ({ ...made, topic: name, payload: given ?? made.payload }));

type Step =
  | { readonly kind: 'watch'; readonly filter: EventFilter }
  | { readonly kind: 'stop'; readonly which: number }
  | { readonly kind: 'publish'; readonly event: Filterable };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('watch' as const), filter }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stop' as const), which: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('publish' as const), event }) },
);

/** A hub whose watchers keep what they got, and which counts how often one was asked. */
class Watched {
  readonly hub = new Hub<Filterable>((item) => item);
  readonly watchers: {
    filter: CheckedFilter;
    got: Filterable[];
    expected: Filterable[];
    stop: () => void;
  }[] = [];
  tests = 0;

  watch(given: EventFilter): void {
    const checked = checkFilter(given);
    const got: Filterable[] = [];
    const stop = this.hub.watch({
      selector: checked,
      accepts: (item) => {
        this.tests += 1;
        return filterMatches(checked, item);
      },
      push: (item) => got.push(item),
    });
    this.watchers.push({ filter: checked, got, expected: [], stop });
  }

  /** How many were tested for it. */
  publish(item: Filterable): number {
    const before = this.tests;
    this.hub.publish(item);
    return this.tests - before;
  }
}

describe('A hub with random filters', () => {
  test('delivers what testing every one of them gives, once and in order, and keeps nothing for those who left', () => {
    const seen = { delivered: 0, spared: 0 };
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80 }), (steps) => {
        const watched = new Watched();
        const over = new Set<number>();
        for (const taken of steps) {
          if (taken.kind === 'watch') watched.watch(taken.filter);
          else if (taken.kind === 'stop') {
            if (watched.watchers.length === 0) continue;
            const which = taken.which % watched.watchers.length;
            watched.watchers[which]?.stop();
            over.add(which);
          } else {
            for (const [n, { filter: checked, expected }] of watched.watchers.entries())
              if (!over.has(n) && filterMatches(checked, taken.event)) expected.push(taken.event);
            const tested = watched.publish(taken.event);
            seen.spared += watched.watchers.length - over.size - tested;
          }
        }
        for (const { got, expected, stop } of watched.watchers) {
          expect(got).toEqual(expected);
          seen.delivered += got.length;
          stop();
        }
        expect(watched.hub.isEmpty).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(seen.delivered).toBeGreaterThan(1_000);
    expect(seen.spared).toBeGreaterThan(1_000);
  });
});

describe('Of ten thousand filters', () => {
  const count = 10_000;
  const withMany = (filterOf: (n: number) => EventFilter): Watched => {
    const watched = new Watched();
    for (let n = 0; n < count; n += 1) watched.watch(filterOf(n));
    return watched;
  };

  test.each<[string, (n: number) => EventFilter, Partial<Filterable>, number]>([
    ['a type', (n) => ({ where: `event_type == 't${n % 100}' && data.n > 1` }), { eventType: 't7' }, 100],
    ['a topic', (n) => ({ where: `topic in ['t${n}', 'u${n}']` }), { topic: 'u7' }, 1],
    ['a project', (n) => ({ where: `'p${n % 1_000}' == project` }), { project: 'p7' }, 10],
    ['a value', (n) => ({ where: `data.a.b == ${n}.0` }), { payload: { a: { b: 7 } } }, 1],
    [
      'one value or another',
      (n) => ({ where: `data.a == 'v${n}' || data.b == 'v${n}'` }),
      { payload: { a: 'v7', b: 'v7' } },
      1,
    ],
    [
      'a topic that all share and a value of their own',
      (n) => ({ topics: ['t'], where: `data.id == 'v${n}'` }),
      { topic: 't', payload: { id: 'v7' } },
      4,
    ],
    [
      'conditions',
      (n) => ({ conditions: { conditions: [{ key: 'payload/n', value: n }] } }),
      { payload: { n: 7 } },
      1,
    ],
    ['a pattern', (n) => ({ topics: [`t${n}.*`, `u.${n}.*`] }), { topic: 'u.7.x' }, 1],
  ])('only those are tested that %s lets through', (_what, filterOf, fitting, most) => {
    const watched = withMany(filterOf);
    const tested = watched.publish({ ...plain, ...fitting });
    expect(tested).toBeGreaterThan(0);
    expect(tested).toBeLessThanOrEqual(most);
    expect(watched.publish({ ...plain, topic: 'other', payload: { id: 'other' } })).toBe(0);
  });

  test('on as many paths, an event passes those alone that it has', () => {
    const watched = withMany((n) => ({ where: `data.k${n}.x == 1` }));
    watched.watch({ conditions: { conditions: [{ key: 'payload/none', comparison: 'ISNULL' }] } });
    let reads = 0;
    const payload = new Proxy({ k7: { x: 1 }, k8: { x: 2 } } as Record<string, { x: number }>, {
      get: (target, name) => {
        reads += 1;
        return target[String(name)];
      },
      getOwnPropertyDescriptor: (target, name) => {
        reads += 1;
        return Object.getOwnPropertyDescriptor(target, name);
      },
    });
    watched.hub.publish({ ...plain, payload });
    expect(watched.tests).toBe(2);
    expect(reads).toBeLessThan(20);
  });

  test('none is left when all have gone', () => {
    const watched = withMany((n) => ({
      where: `data.a${n % 100} in ['${n}', 'x'] || !data.b && topic == '${n}'`,
    }));
    for (const { stop } of watched.watchers) stop();
    expect(watched.hub.isEmpty).toBe(true);
    expect(watched.publish(plain)).toBe(0);
  });
});

test('A watcher that is filed in one place twice is asked once, and gone when it has left', () => {
  const watched = new Watched();
  const missing = { key: 'payload/v/w', comparison: 'ISNULL' } as const;
  const off = { key: 'payload/v/w', value: false };
  watched.watch({ conditions: { operator: 'OR', conditions: [missing, off, missing] } });
  watched.watch({ conditions: { conditions: [off] } });
  expect(watched.publish(plain)).toBe(2);
  watched.watchers[0]?.stop();
  expect(watched.publish({ ...plain, payload: { v: 1 } })).toBe(1);
  watched.watchers[1]?.stop();
  expect(watched.publish(plain)).toBe(0);
  expect(watched.hub.isEmpty).toBe(true);
});

describe('A value that a filter asks for', () => {
  const long = 'x'.repeat(20_000);
  const got = (given: EventFilter, payload: Filterable['payload']): boolean => {
    const watched = new Watched();
    watched.watch(given);
    watched.hub.publish({ ...plain, payload });
    const [{ filter: checked, got: delivered }] = watched.watchers as [(typeof watched.watchers)[number]];
    expect(delivered.length > 0).toBe(filterMatches(checked, { ...plain, payload }));
    return delivered.length > 0;
  };
  const is = (value: unknown): EventFilter => ({ conditions: { conditions: [{ key: 'payload/v', value }] } });

  test.each<[string, EventFilter, Filterable['payload'], boolean]>([
    ['a whole number is found in a double', { where: 'data.v == 1.0' }, { v: 1 }, true],
    ['zero is found, below zero as well', { where: 'data.v == -0.0' }, { v: 0 }, true],
    ['a number is not found in a text', { where: 'data.v == 1' }, { v: '1' }, false],
    ['a number beyond 2^53 is found', { where: 'data.v == 1e21' }, { v: 1e21 }, true],
    ['null is not what is missing', { where: 'data.v == null' }, {}, false],
    ['null is found', { where: 'data.v == null' }, { v: null }, true],
    ['false is found where it is missing, as conditions have it', is(false), {}, true],
    ['false is not found in CEL where it is missing', { where: 'data.v == false' }, {}, false],
    ['nothing is found below a text', { where: 'data.v.length == 1' }, { v: 'a' }, false],
    ['nothing is inherited', { where: "data.constructor.name == 'Object'" }, {}, false],
    ['a key may be called constructor', { where: "data.constructor == 'x'" }, { constructor: 'x' }, true],
    ['a list is no value', { where: "data.v == 'a'" }, { v: ['a'] }, false],
    ['a long text is found', is(long), { v: long }, true],
    ['a long text is distinguished from another', is(long), { v: `${long.slice(1)}y` }, false],
  ])('%s', (_what, given, payload, expected) => {
    expect(got(given, payload)).toBe(expected);
  });

  test('a key may be called __proto__', () => {
    const payload = JSON.parse('{"__proto__": {"v": "a"}}') as Filterable['payload'];
    expect(got({ where: "data['__proto__'].v == 'a'" }, payload)).toBe(true);
    expect(got({ where: "data['__proto__'].v == 'a'" }, {})).toBe(false);
  });
});

test('Topics that patterns select are the ones that they are looked up by', () => {
  const part = fc.constantFrom('a', 'b', '-');
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
  const pattern = fc
    .array(fc.oneof(part, fc.constantFrom('*', '.', 'a.')), { minLength: 1, maxLength: 5 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 3 }), name, (patterns, published) => {
      const watched = new Watched();
      watched.watch({ topics: patterns });
      watched.hub.publish({ ...plain, topic: published });
      expect(watched.watchers[0]?.got.length).toBe(
        patterns.some((one) => topicMatches(one, published)) ? 1 : 0,
      );
    }),
    { numRuns: 2_000 },
  );
});
