// A waiting call's end: by what it got, by its time, by its client's leaving, never before it has looked.
import { expect, test, vi } from 'vitest';
import { type Call, Waiter } from '../../src/base/waiting-call.ts';

function waiting({ waitMs, ...call }: Partial<Call> & Pick<Call, 'waitMs'>): {
  waiter: Waiter<Call, string>;
  ended: () => boolean;
  passTime: () => void;
} {
  vi.useFakeTimers();
  let hasEnded = false;
  const waiter = new Waiter<Call, string>({ count: 1, signal: null, ...call, waitMs }, () => {
    hasEnded = true;
  });
  const passTime = () => {
    vi.advanceTimersByTime(waitMs);
    vi.useRealTimers();
  };
  return { waiter, ended: () => hasEnded, passTime };
}

test('A call whose time is over before its first look still gets what that look finds', async () => {
  const { waiter, ended, passTime } = waiting({ waitMs: 1 });
  waiter.begin();
  passTime();
  expect(ended()).toBe(false);
  expect(waiter.missing).toBe(1);
  waiter.got.push('event');
  waiter.finish(false);
  expect(await waiter.answer).toEqual(['event']);
});

test('A call whose time is over before its first look ends with it where there is nothing', async () => {
  const { waiter, ended, passTime } = waiting({ waitMs: 1 });
  passTime();
  waiter.begin();
  waiter.finish(false);
  expect(ended()).toBe(false);
  waiter.finish(true);
  expect(await waiter.answer).toEqual([]);
});

test('A call that has looked ends with its time', async () => {
  const { waiter, passTime } = waiting({ waitMs: 1 });
  waiter.begin();
  waiter.finish(true);
  passTime();
  expect(await waiter.answer).toEqual([]);
});

test('A call that could never look fails with the reason when its time is over', async () => {
  for (const isTimeUpFirst of [true, false]) {
    const { waiter, passTime } = waiting({ waitMs: 1 });
    waiter.begin();
    if (isTimeUpFirst) passTime();
    waiter.postpone(new Error('unreachable'));
    if (!isTimeUpFirst) passTime();
    await expect(waiter.answer).rejects.toThrow('unreachable');
  }
});

test('A call that has looked outlasts a later failure, and ends with nothing', async () => {
  const { waiter, passTime } = waiting({ waitMs: 1 });
  waiter.finish(true);
  waiter.postpone(new Error('unreachable'));
  passTime();
  expect(await waiter.answer).toEqual([]);
});

test('A call whose client leaves ends at once, without a look', async () => {
  const leaving = new AbortController();
  const { waiter, passTime } = waiting({ waitMs: 60_000, signal: leaving.signal });
  leaving.abort();
  expect(await waiter.answer).toEqual([]);
  passTime();
});
