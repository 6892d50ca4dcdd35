// Time slices: long work pauses, others have their turn in between, and nobody is served twice before another once.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { mapInSlices, pauseIfDue } from '../../src/base/time-slices.ts';
import { countTurns, workForASlice } from '../support/turns.ts';

describe('Work in time slices', () => {
  test('goes on at once while the slice lasts', async () => {
    await turn();
    expect(pauseIfDue()).toBeUndefined();
    expect(await mapInSlices([1, 2, 3], (n) => n * 2)).toEqual([2, 4, 6]);
  });

  test('pauses when the slice is over, and goes on in the next turn of the event loop', async () => {
    await turn();
    pauseIfDue();
    workForASlice();
    const pause = pauseIfDue();
    expect(pause).toBeInstanceOf(Promise);
    await pause;
    expect(pauseIfDue()).toBeUndefined();
  });

  test('keeps the order of the items, and lets the event loop turn between them', async () => {
    const { result, turns } = await countTurns(() =>
      mapInSlices([1, 2, 3, 4, 5], (n) => {
        workForASlice();
        return n;
      }),
    );
    expect(result).toEqual([1, 2, 3, 4, 5]);
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  test('is one slice for all: callers take turns, in order, with one slice in each turn of the event loop', async () => {
    const order: string[] = [];
    const slicesInTurn = [0];
    let isDone = false;
    const next = (): void => {
      slicesInTurn.push(0);
      if (!isDone) setImmediate(next);
    };
    setImmediate(next);
    const run = (name: string) =>
      mapInSlices([1, 2, 3], (n) => {
        order.push(`${name}${n}`);
        slicesInTurn[slicesInTurn.length - 1]! += 1;
        workForASlice();
      });
    await Promise.all(['a', 'b', 'c'].map(run));
    isDone = true;
    expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2', 'a3', 'b3', 'c3']);
    expect(Math.max(...slicesInTurn)).toBe(1);
  });

  test('fails as the work fails', async () => {
    const failing = mapInSlices([1, 2], (n) => {
      if (n === 2) throw new Error('two');
    });
    await expect(failing).rejects.toThrow('two');
  });
});
