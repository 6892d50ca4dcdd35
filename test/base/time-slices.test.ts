// Time slices: long work pauses, others have their turn in between, and nobody is served twice before another once.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { operationPauseIfDue, pauseIfDue, TimeSlices } from '../../src/base/time-slices.ts';
import { workForASlice } from '../support/turns.ts';

const options = { sliceMs: 10, fewestTurns: 3, mostTurns: 10 };

/** Steps of a slice each. */
async function work(slices: TimeSlices, steps: number, step: (n: number) => void, caller?: string) {
  for (let n = 1; n <= steps; n += 1) {
    const pause = slices.pauseIfDue(caller);
    if (pause !== undefined) await pause;
    step(n);
    workForASlice();
  }
}

/** Counts the turns of the event loop until it is stopped. */
class Turns {
  count = 0;
  #isCounting = true;

  constructor() {
    const next = (): void => {
      this.count += 1;
      if (this.#isCounting) setImmediate(next);
    };
    setImmediate(next);
  }

  stop(): void {
    this.#isCounting = false;
  }
}

describe('Work in time slices', () => {
  test('goes on at once while the slice lasts', () => {
    const slices = new TimeSlices(options);
    expect(slices.pauseIfDue()).toBeUndefined();
    expect(slices.pauseIfDue()).toBeUndefined();
  });

  test('pauses when the slice is over, and goes on in a later turn of the event loop', async () => {
    const slices = new TimeSlices(options);
    slices.pauseIfDue();
    workForASlice();
    const pause = slices.pauseIfDue();
    expect(pause).toBeInstanceOf(Promise);
    await pause;
    expect(slices.pauseIfDue()).toBeUndefined();
  });

  test('leaves several turns of the event loop to others, in each of which one new connection is accepted', async () => {
    const turns = new Turns();
    const between: number[] = [];
    await work(new TimeSlices(options), 4, () => {
      between.push(turns.count);
      turns.count = 0;
    });
    turns.stop();
    expect(Math.min(...between.slice(1))).toBeGreaterThanOrEqual(options.mostTurns);
  });

  test('pauses for as long as the slice was where others are busy, and for a few turns at least', async () => {
    const slices = new TimeSlices(options);
    await work(slices, 1, () => {});
    const turns = new Turns();
    let isOver = false;
    const busy = (): void => {
      workForASlice();
      if (!isOver) setImmediate(busy);
    };
    setImmediate(busy);
    await slices.pauseIfDue();
    isOver = true;
    turns.stop();
    expect(turns.count).toBeGreaterThanOrEqual(options.fewestTurns);
    expect(turns.count).toBeLessThan(options.mostTurns);
  });

  test('is one slice for all: callers take turns, in order, with one slice in each turn of the event loop', async () => {
    const slices = new TimeSlices(options);
    await work(slices, 1, () => {});
    const turns = new Turns();
    const done: { step: string; turn: number }[] = [];
    const run = (name: string) =>
      work(slices, 3, (n) => done.push({ step: `${name}${n}`, turn: turns.count }), name);
    await Promise.all(['a', 'b', 'c'].map(run));
    turns.stop();
    expect(done.map(({ step }) => step)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3']);
    expect(new Set(done.map(({ turn: at }) => at)).size).toBe(done.length);
  });

  test('of one caller leaves every second slice to another, however much of it there is', async () => {
    const slices = new TimeSlices(options);
    const done: string[] = [];
    const run = (name: string, caller: string) => work(slices, 1, () => done.push(name), caller);
    await Promise.all([run('a1', 'a'), run('a2', 'a'), run('a3', 'a'), run('a4', 'a'), run('b', 'b')]);
    expect(done).toEqual(['a1', 'a2', 'b', 'a3', 'a4']);
  });

  test('that has waited goes on before work that comes later', async () => {
    const slices = new TimeSlices(options);
    const done: string[] = [];
    let isWaiting = true;
    const later: Promise<void>[] = [];
    const newcomer = (): void => {
      if (!isWaiting) return;
      later.push(work(slices, 1, () => done.push('later')));
      setImmediate(newcomer);
    };
    const waiting = [1, 2].map((n) => work(slices, 1, () => done.push(String(n))));
    setImmediate(newcomer);
    await Promise.all(waiting);
    isWaiting = false;
    await Promise.all(later);
    expect(done.slice(0, 2)).toEqual(['1', '2']);
  });
});

describe('Operations', () => {
  test('begin between two slices of long work', async () => {
    await turn();
    pauseIfDue();
    workForASlice();
    expect(pauseIfDue()).toBeInstanceOf(Promise);
    expect(operationPauseIfDue('a')).toBeUndefined();
  });

  test('that come together begin in slices of their own', async () => {
    await turn();
    expect(operationPauseIfDue('a')).toBeUndefined();
    workForASlice();
    const pause = operationPauseIfDue('a');
    expect(pause).toBeInstanceOf(Promise);
    await pause;
    expect(operationPauseIfDue('a')).toBeUndefined();
  });
});
