// Lanes for expensive reads: how many there are at once, who is next, and what a failure leaves.
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ReadLanes } from '../../src/database/expensive-reads.ts';

/** Reads that a test ends, in the order in which they began. */
function reads(lanes: ReadLanes) {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const read = (caller: string, name = caller) =>
    lanes.run(caller, () => {
      begun.push(name);
      return new Promise<void>((end) => ends.push(end));
    });
  const endNext = async () => {
    ends.shift()!();
    await turn();
  };
  return { begun, read, endNext };
}

describe('Expensive reads', () => {
  test('are made so many at once, and no more', async () => {
    const { begun, read, endNext } = reads(new ReadLanes(3));
    const all = Array.from({ length: 5 }, (_, n) => read('a', String(n)));
    expect(begun).toEqual(['0', '1', '2']);
    await endNext();
    expect(begun).toEqual(['0', '1', '2', '3']);
    for (let n = 0; n < 4; n += 1) await endNext();
    await Promise.all(all);
  });

  test('of one caller leave every second turn to another, however many there are', async () => {
    const { begun, read, endNext } = reads(new ReadLanes(1));
    const all = [...[1, 2, 3, 4].map((n) => read('a', `a${n}`)), read('b', 'b1'), read('b', 'b2')];
    for (let n = 0; n < all.length; n += 1) await endNext();
    await Promise.all(all);
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'b2', 'a4']);
  });

  test('that fail free their lane', async () => {
    const lanes = new ReadLanes(1);
    await expect(lanes.run('a', () => Promise.reject(new Error('it failed')))).rejects.toThrow('it failed');
    expect(await lanes.run('a', async () => 'next')).toBe('next');
  });
});
