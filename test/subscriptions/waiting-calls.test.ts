// Who waits: an event concerns those alone who wait at its subscription.
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

test('Who comes is looked for once, and again when there may be something at one of its subscriptions', () => {
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

test('First come is first looked for, in whatever order there was something for them', () => {
  const waitingCalls = new WaitingCalls();
  const [a, b] = [waitingAt(waitingCalls, 'a'), waitingAt(waitingCalls, 'b')];
  waitingCalls.takeOpen();
  const c = waitingAt(waitingCalls, 'c');
  waitingCalls.open('b');
  waitingCalls.reopen(a);
  expect(waitingCalls.takeOpen()).toEqual([a, b, c]);
});

test('Who has gone is not looked for, nor looked for again', () => {
  const waitingCalls = new WaitingCalls();
  const [gone, stays] = [waitingAt(waitingCalls, 'a'), waitingAt(waitingCalls, 'a')];
  gone.giveUp();
  waitingCalls.open('a');
  waitingCalls.reopen(gone);
  expect(waitingCalls.takeOpen()).toEqual([stays]);
  waitingCalls.giveUp();
  expect(waitingCalls.size).toBe(0);
});
