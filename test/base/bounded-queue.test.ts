// The bounded queue: order, the bound, and how it ends.
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { BoundedQueue } from '../../src/base/bounded-queue.ts';

const done = { value: undefined, done: true };

async function rest<Item>(queue: BoundedQueue<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of queue) items.push(item);
  return items;
}

describe('a bounded queue', () => {
  test('gives what was taken, in order, and refuses what is beyond its limit, whatever the order of pushes and reads', async () => {
    const steps = fc.array(fc.constantFrom('push', 'read'), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), steps, async (limit, sequence) => {
        const queue = new BoundedQueue<number>(limit);
        const model: number[] = [];
        for (const [item, step] of sequence.entries()) {
          if (step === 'push') {
            const fits = model.length < limit;
            expect(queue.push(item)).toBe(fits);
            if (fits) model.push(item);
          } else if (model.length > 0) {
            expect(await queue.next()).toEqual({ value: model.shift(), done: false });
          }
          expect(queue.size).toBe(model.length);
        }
        queue.end();
        expect(await rest(queue)).toEqual(model);
      }),
    );
  });

  test('keeps its order and its bound over many thousand items that pass through while some stay queued', async () => {
    const queue = new BoundedQueue<number>(3_000);
    const read: number[] = [];
    for (let item = 0; item < 10_000; item++) {
      expect(queue.push(item)).toBe(true);
      if (item >= 2_500) read.push((await queue.next()).value as number);
    }
    queue.end();
    expect([...read, ...(await rest(queue))]).toEqual(Array.from({ length: 10_000 }, (_, item) => item));
  });

  test('hands an item to a waiting reader without queueing it', async () => {
    const queue = new BoundedQueue<string>(1);
    const waiting = queue.next();
    expect(queue.push('first')).toBe(true);
    expect(queue.size).toBe(0);
    expect(queue.push('second')).toBe(true);
    expect(queue.push('third')).toBe(false);
    expect(await waiting).toEqual({ value: 'first', done: false });
    expect(await queue.next()).toEqual({ value: 'second', done: false });
  });

  test('that refused an item takes the next one once something was read', async () => {
    const queue = new BoundedQueue<number>(1);
    queue.push(1);
    expect(queue.push(2)).toBe(false);
    await queue.next();
    expect(queue.push(3)).toBe(true);
    expect((await queue.next()).value).toBe(3);
  });

  test('that is cleared forgets what was queued, and goes on', async () => {
    const queue = new BoundedQueue<number>(2);
    queue.push(1);
    queue.push(2);
    queue.clear();
    expect(queue.size).toBe(0);
    expect(queue.push(3)).toBe(true);
    expect((await queue.next()).value).toBe(3);
  });
});

describe('the end of a bounded queue', () => {
  test('comes after what was queued', async () => {
    const queue = new BoundedQueue<number>(2);
    queue.push(1);
    queue.push(2);
    queue.end();
    expect(await rest(queue)).toEqual([1, 2]);
    expect(await queue.next()).toEqual(done);
  });

  test('with a failure throws it once, after what was queued', async () => {
    const failure = new Error('broken');
    const queue = new BoundedQueue<number>(2);
    queue.push(1);
    queue.end(failure);
    expect(await queue.next()).toEqual({ value: 1, done: false });
    await expect(queue.next()).rejects.toBe(failure);
    expect(await queue.next()).toEqual(done);
  });

  test('reaches a reader that is waiting, with or without a failure', async () => {
    const quiet = new BoundedQueue<number>(1);
    const ended = quiet.next();
    quiet.end();
    expect(await ended).toEqual(done);

    const failure = new Error('broken');
    const failing = new BoundedQueue<number>(1);
    const failed = failing.next();
    failing.end(failure);
    await expect(failed).rejects.toBe(failure);
    expect(await failing.next()).toEqual(done);
  });

  test('is final: a second end changes nothing, and what is pushed later is dropped without complaint', async () => {
    const queue = new BoundedQueue<number>(1);
    queue.end();
    queue.end(new Error('too late'));
    expect(queue.push(1)).toBe(true);
    expect(queue.size).toBe(0);
    expect(await queue.next()).toEqual(done);
  });

  test('comes at once when the reader returns, also while it waits, and drops what was queued', async () => {
    const queue = new BoundedQueue<number>(2);
    queue.push(1);
    expect(await queue.return()).toEqual(done);
    expect(await queue.next()).toEqual(done);

    const idle = new BoundedQueue<number>(2);
    const waiting = idle.next();
    await idle.return();
    expect(await waiting).toEqual(done);
  });

  test('is notified exactly once, whichever side ends it', async () => {
    const onReturn = vi.fn();
    const queue = new BoundedQueue<number>(3, onReturn);
    for (const item of [1, 2, 3]) queue.push(item);
    for await (const item of queue) if (item === 2) break;
    expect(onReturn).toHaveBeenCalledTimes(1);
    queue.end();
    await queue.return();
    expect(onReturn).toHaveBeenCalledTimes(1);

    const onEnd = vi.fn();
    const other = new BoundedQueue<number>(3, onEnd);
    other.end();
    await other.return();
    expect(onEnd).toHaveBeenCalledTimes(1);
  });
});
