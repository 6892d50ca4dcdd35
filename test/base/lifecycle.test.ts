// Starting and stopping: work that is done once, and clean-ups that all run.
import { describe, expect, test, vi } from 'vitest';
import { once, Releasers } from '../../src/base/lifecycle.ts';

describe('work that runs once', () => {
  test('starts at the first call, and every call gets that one promise', async () => {
    const work = vi.fn(async () => 'done');
    const run = once(work);
    expect(work).not.toHaveBeenCalled();
    const first = run();
    expect(run()).toBe(first);
    expect(await first).toBe('done');
    expect(run()).toBe(first);
    expect(work).toHaveBeenCalledTimes(1);
  });

  test('that failed is not tried again', async () => {
    const failure = new Error('broken');
    const work = vi.fn(() => Promise.reject(failure));
    const run = once(work);
    await expect(run()).rejects.toBe(failure);
    await expect(run()).rejects.toBe(failure);
    expect(work).toHaveBeenCalledTimes(1);
  });
});

describe('clean-ups', () => {
  test('run last-in first-out, each after the one before it has ended', async () => {
    const releasers = new Releasers();
    const order: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      releasers.add(async () => {
        order.push(`${name} begins`);
        await Promise.resolve();
        order.push(`${name} ends`);
      });
    }
    await releasers.releaseAll();
    expect(order).toEqual(['third', 'second', 'first'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  test('all run although some fail, and then the first failure is thrown', async () => {
    const releasers = new Releasers();
    const ran: number[] = [];
    for (const n of [1, 2, 3, 4]) {
      releasers.add(async () => {
        ran.push(n);
        if (n % 2 === 1) throw new Error(`failure ${n}`);
      });
    }
    await expect(releasers.releaseAll()).rejects.toThrow('failure 3');
    expect(ran).toEqual([4, 3, 2, 1]);
  });

  test('run once each: a second time there is nothing left to do', async () => {
    const releasers = new Releasers();
    const release = vi.fn(async () => {});
    releasers.add(release);
    await releasers.releaseAll();
    await releasers.releaseAll();
    expect(release).toHaveBeenCalledTimes(1);
  });
});
