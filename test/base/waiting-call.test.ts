// A waiting call's end: by what it got, by its time, by its client's leaving, never before it has looked.
import { expect, test, vi } from 'vitest';
import { type Call, WaitingCall } from '../../src/base/waiting-call.ts';

function waiting({ waitMs, ...request }: Partial<Call> & Pick<Call, 'waitMs'>): {
  call: WaitingCall<Call, string>;
  ended: () => boolean;
  passTime: () => void;
} {
  vi.useFakeTimers();
  let hasEnded = false;
  const call = new WaitingCall<Call, string>({ count: 1, signal: null, ...request, waitMs }, () => {
    hasEnded = true;
  });
  const passTime = () => {
    vi.advanceTimersByTime(waitMs);
    vi.useRealTimers();
  };
  return { call, ended: () => hasEnded, passTime };
}

test('A call whose time is over before its first look still gets what that look finds', async () => {
  const { call, ended, passTime } = waiting({ waitMs: 1 });
  call.begin();
  passTime();
  expect(ended()).toBe(false);
  expect(call.missing).toBe(1);
  call.got.push('event');
  call.finish(false);
  expect(await call.answer).toEqual(['event']);
});

test('A call whose time is over before its first look ends with it where there is nothing', async () => {
  const { call, ended, passTime } = waiting({ waitMs: 1 });
  passTime();
  call.begin();
  call.finish(false);
  expect(ended()).toBe(false);
  call.finish(true);
  expect(await call.answer).toEqual([]);
});

test('A call that has looked ends with its time', async () => {
  const { call, passTime } = waiting({ waitMs: 1 });
  call.begin();
  call.finish(true);
  passTime();
  expect(await call.answer).toEqual([]);
});

test('A call that could never look fails with the reason when its time is over', async () => {
  for (const isTimeUpFirst of [true, false]) {
    const { call, passTime } = waiting({ waitMs: 1 });
    call.begin();
    if (isTimeUpFirst) passTime();
    call.postpone(new Error('unreachable'));
    if (!isTimeUpFirst) passTime();
    await expect(call.answer).rejects.toThrow('unreachable');
  }
});

test('A call that has looked outlasts a later failure, and ends with nothing', async () => {
  const { call, passTime } = waiting({ waitMs: 1 });
  call.finish(true);
  call.postpone(new Error('unreachable'));
  passTime();
  expect(await call.answer).toEqual([]);
});

test('A call whose client leaves ends at once, without a look', async () => {
  const leaving = new AbortController();
  const { call, passTime } = waiting({ waitMs: 60_000, signal: leaving.signal });
  leaving.abort();
  expect(await call.answer).toEqual([]);
  passTime();
});
