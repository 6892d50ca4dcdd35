// The waiting calls of nextEvent: an event opens only the calls of its subscription.
import { expect, test } from 'vitest';
import { WaitingCall } from '../../src/base/waiting-call.ts';
import { WaitingCalls } from '../../src/subscriptions/waiting-calls.ts';
import type { NextCall, WaitingNext } from '../../src/subscriptions/assign-events.ts';

function waitingAt(waitingCalls: WaitingCalls, ...ids: string[]): WaitingNext {
  const request: NextCall = { ids, count: 1, waitMs: 0, signal: null };
  const call: WaitingNext = new WaitingCall(request, () => waitingCalls.remove(call));
  waitingCalls.add(call);
  return call;
}

test('A new call is open once, and again when one of its subscriptions may have an event', () => {
  const waitingCalls = new WaitingCalls();
  const [a, both, b] = [
    waitingAt(waitingCalls, 'a'),
    waitingAt(waitingCalls, 'a', 'b'),
    waitingAt(waitingCalls, 'b'),
  ];
  expect(waitingCalls.takeOpen()).toEqual([a, both, b]);
  expect(waitingCalls.takeOpen()).toEqual([]);
  waitingCalls.open('b');
  expect(waitingCalls.takeOpen()).toEqual([both, b]);
  waitingCalls.open('none');
  expect(waitingCalls.takeOpen()).toEqual([]);
});

test('Calls are taken in order of arrival, whatever the order of their events', () => {
  const waitingCalls = new WaitingCalls();
  const [a, b] = [waitingAt(waitingCalls, 'a'), waitingAt(waitingCalls, 'b')];
  waitingCalls.takeOpen();
  const c = waitingAt(waitingCalls, 'c');
  waitingCalls.open('b');
  waitingCalls.reopen(a);
  expect(waitingCalls.takeOpen()).toEqual([a, b, c]);
});

test('A removed call is not taken, nor reopened', () => {
  const waitingCalls = new WaitingCalls();
  const [gone, stays] = [waitingAt(waitingCalls, 'a'), waitingAt(waitingCalls, 'a')];
  gone.giveUp();
  waitingCalls.open('a');
  waitingCalls.reopen(gone);
  expect(waitingCalls.takeOpen()).toEqual([stays]);
  waitingCalls.giveUp();
  expect(waitingCalls.size).toBe(0);
});
