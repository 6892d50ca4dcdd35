// Who waits: an event concerns those alone who wait at its subscription.
import { expect, test } from 'vitest';
import { Waiter } from '../../src/base/waiting-call.ts';
import { Callers } from '../../src/subscriptions/waiting-calls.ts';
import type { NextCall, NextWaiter } from '../../src/subscriptions/assign-events.ts';

function waitingAt(callers: Callers, ...ids: string[]): NextWaiter {
  const call: NextCall = { ids, count: 1, waitMs: 0, signal: null };
  const waiter: NextWaiter = new Waiter(call, () => callers.remove(waiter));
  callers.add(waiter);
  return waiter;
}

test('Who comes is looked for once, and again when there may be something at one of its subscriptions', () => {
  const callers = new Callers();
  const [a, both, b] = [waitingAt(callers, 'a'), waitingAt(callers, 'a', 'b'), waitingAt(callers, 'b')];
  expect(callers.takeOpen()).toEqual([a, both, b]);
  expect(callers.takeOpen()).toEqual([]);
  callers.open('b');
  expect(callers.takeOpen()).toEqual([both, b]);
  callers.open('none');
  expect(callers.takeOpen()).toEqual([]);
});

test('First come is first looked for, in whatever order there was something for them', () => {
  const callers = new Callers();
  const [a, b] = [waitingAt(callers, 'a'), waitingAt(callers, 'b')];
  callers.takeOpen();
  const c = waitingAt(callers, 'c');
  callers.open('b');
  callers.reopen(a);
  expect(callers.takeOpen()).toEqual([a, b, c]);
});

test('Who has gone is not looked for, nor looked for again', () => {
  const callers = new Callers();
  const [gone, stays] = [waitingAt(callers, 'a'), waitingAt(callers, 'a')];
  gone.giveUp();
  callers.open('a');
  callers.reopen(gone);
  expect(callers.takeOpen()).toEqual([stays]);
  callers.giveUp();
  expect(callers.size).toBe(0);
});
