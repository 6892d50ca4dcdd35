// The filters of live feeds: what is tested at once, what waits for its turn, what all filters of a caller may take, and who ends.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { FairSlices } from '../../src/base/fair-slices.ts';
import { checkFilter, type EventFilter } from '../../src/domain/conditions/event-filter.ts';
import type { JsonObject } from '../../src/domain/values/json.ts';
import { changeOfTransient, type LiveChange } from '../../src/live/change.ts';
import { FilterBacklog } from '../../src/live/filter-backlog.ts';
import { FilterLane, type LaneFailure } from '../../src/live/filter-lane.ts';
import { plain } from '../domain/conditions/condition-cases.ts';

/** Takes about a million steps of a payload with a hundred items, which none of them is equal to. */
const costly = 'data.items.all(x, data.items.all(y, x + y + x + y >= 0))';
const cheap = 'data.n >= 0';

function change(payload: JsonObject): LiveChange {
  return changeOfTransient({ ...plain, priority: 0, position: 0n, result: null, error: null, payload });
}

const items = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Lanes on an event loop that is turned by hand, with a clock by which each step takes three milliseconds. */
class Lanes {
  readonly backlog = new FilterBacklog();
  #resume: (() => void) | undefined;
  #now = 0;
  readonly #slices = new FairSlices({
    now: () => (this.#now += 3),
    later: (resume) => (this.#resume = resume),
  });
  turns = 0;

  add(filter: EventFilter, caller = 'tester') {
    const matched: LiveChange[] = [];
    const failures: LaneFailure[] = [];
    const lane = new FilterLane({
      filter: checkFilter(filter),
      caller,
      backlog: this.backlog,
      slices: this.#slices,
      onMatch: (item) => matched.push(item),
      onFailure: (failure) => failures.push(failure),
    });
    return { lane, matched, failures };
  }

  turnAll(): void {
    for (let resume = this.#resume; resume; resume = this.#resume) {
      this.#resume = undefined;
      this.turns += 1;
      resume();
    }
  }
}

describe('The filter of a feed', () => {
  test('is tested at once where that is cheap', () => {
    const { lane, matched } = new Lanes().add({ where: cheap });
    const item = change({ n: 1 });
    lane.offer(item);
    lane.offer(change({ n: -1 }));
    expect(matched).toEqual([item]);
  });

  test('waits for its turn where it is costly, and what comes after it waits too', () => {
    const lanes = new Lanes();
    const { lane, matched } = lanes.add({ where: `data.n == 1 || ${costly}` });
    const large = () => change({ n: 0, items: items(100) });
    const given = [large(), large(), change({ n: 1 })];
    for (const item of given) lane.offer(item);
    expect(matched.length).toBeLessThan(2);
    expect(lanes.backlog.bytes).toBeGreaterThan(0);
    lanes.turnAll();
    expect(matched).toEqual(given);
    expect(lanes.backlog.bytes).toBe(0);
  });

  test('is tested slice by slice, with turns of the event loop in between', () => {
    const lanes = new Lanes();
    const { lane } = lanes.add({ where: costly });
    for (let n = 0; n < 20; n += 1) lane.offer(change({ items: items(100) }));
    lanes.turnAll();
    expect(lanes.turns).toBeGreaterThanOrEqual(10);
  });

  test('that is over its own limit fails, and does not select the change', () => {
    const lanes = new Lanes();
    const { lane, matched, failures } = lanes.add({ where: costly });
    lane.offer(change({ items: items(3_000) }));
    lanes.turnAll();
    expect({ matched, failures }).toEqual({ matched: [], failures: [] });
  });

  test('gets every change in order, whatever each costs', () => {
    const given = fc.array(fc.nat(40), { maxLength: 15 });
    fc.assert(
      fc.property(given, fc.nat(15), (sizes, stopAt) => {
        const lanes = new Lanes();
        const { lane, matched } = lanes.add({ where: costly });
        const all = sizes.map((size) => change({ items: items(size) }));
        for (const [n, item] of all.entries()) {
          if (n === stopAt) lanes.turnAll();
          lane.offer(item);
        }
        lanes.turnAll();
        expect(matched).toEqual(all);
      }),
      { numRuns: 50 },
    );
  });

  test('is tested no more once the lane has ended, which leaves nothing behind', () => {
    const lanes = new Lanes();
    const { lane, matched } = lanes.add({ where: costly });
    for (let n = 0; n < 20; n += 1) lane.offer(change({ items: items(100) }));
    const before = matched.length;
    lane.end();
    lanes.turnAll();
    expect(matched.length).toBe(before);
    expect(lanes.backlog.bytes).toBe(0);
  });
});

describe('All filters of a caller together', () => {
  test('take so many steps of a change at most; the others of that caller end, and no other caller’s', () => {
    const lanes = new Lanes();
    const own = Array.from({ length: 60 }, () => lanes.add({ where: costly }, 'hostile'));
    const other = lanes.add({ where: costly }, 'other');
    const item = change({ items: items(100) });
    for (const { lane } of [...own, other]) lane.offer(item);
    lanes.turnAll();
    const ended = own.filter(({ failures }) => failures.length > 0);
    expect(ended.length).toBeGreaterThan(0);
    expect(ended.length).toBeLessThan(own.length);
    expect(new Set(ended.flatMap(({ failures }) => failures))).toEqual(new Set(['budget']));
    for (const { matched, failures } of own) expect(matched.length + failures.length).toBe(1);
    expect(other.matched).toEqual([item]);
  });

  test('have their steps again for the next change', () => {
    const lanes = new Lanes();
    const own = Array.from({ length: 60 }, () => lanes.add({ where: costly }));
    for (const { lane } of own) lane.offer(change({ items: items(100) }));
    lanes.turnAll();
    const left = own.filter(({ failures }) => failures.length === 0);
    for (const { lane } of left) lane.offer(change({ items: items(100) }));
    lanes.turnAll();
    expect(left.every(({ failures, matched }) => failures.length === 0 && matched.length === 2)).toBe(true);
  });
});

describe('Changes that wait for filters', () => {
  const large = () => change({ items: items(100), text: 'x'.repeat(1_000_000) });
  const most = Math.floor(limits.filterBacklogBytes / 1_000_000);

  test('take so much memory at most: who is furthest behind ends, who keeps up does not', () => {
    const lanes = new Lanes();
    const behind = lanes.add({ where: costly });
    const fast = lanes.add({ where: cheap });
    for (let n = 0; n < most + 10; n += 1) {
      const item = large();
      behind.lane.offer(item);
      fast.lane.offer(item);
      expect(lanes.backlog.bytes).toBeLessThanOrEqual(limits.filterBacklogBytes);
    }
    expect(behind.failures).toEqual(['backlog']);
    expect(fast.failures).toEqual([]);
  });

  test('count once, however many filters they wait for', () => {
    const lanes = new Lanes();
    const all = Array.from({ length: 100 }, () => lanes.add({ where: costly }));
    for (let n = 0; n < most / 2; n += 1) {
      const item = large();
      for (const { lane } of all) lane.offer(item);
    }
    expect(all.every(({ failures }) => failures.length === 0)).toBe(true);
  });
});
