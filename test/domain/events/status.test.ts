// The life of an event: every pair of statuses, and the rules of each transition.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EventStatus, eventStatuses, logStatuses } from '../../../src/domain/events/event.ts';
import {
  invalidTransition,
  isFailure,
  isFinal,
  logStatusOf,
  mayBecome,
  statusesOf,
  transitions,
} from '../../../src/domain/events/status.ts';

/** Row by row as in the text of the rule: x where the status may be followed by the one of the column. */
const table = `
               PENDING IN_PROGRESS FINISHED FAILED ABORTED RESTARTED
  PENDING         x         x         x       x       x        .
  IN_PROGRESS     x         x         x       x       x        .
  FINISHED        .         .         x       .       .        x
  FAILED          .         .         .       x       .        x
  ABORTED         .         .         .       .       x        x
  RESTARTED       x         x         x       x       x        x
`;

const [columns = [], ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/\s+/));
const pairs = rows.flatMap(([from, ...marks]) =>
  columns.map((to, index) => ({
    from: from as EventStatus,
    to: to as EventStatus,
    allowed: marks[index] === 'x',
  })),
);

describe('a transition', () => {
  test('is judged for all 36 pairs', () => {
    expect(pairs).toHaveLength(36);
    expect(new Set(pairs.map(({ from, to }) => `${from} ${to}`)).size).toBe(36);
    expect([...columns].sort()).toEqual([...eventStatuses].sort());
  });

  test.each(pairs)('from $from to $to is allowed: $allowed', ({ from, to, allowed }) => {
    expect(mayBecome(from, to)).toBe(allowed);
  });

  test('that is refused names the event, where it is, where it wanted to go, and what is allowed', () => {
    const status = fc.constantFrom(...eventStatuses);
    fc.assert(
      fc.property(fc.uuid(), status, status, (id, from, to) => {
        const error = invalidTransition(id, from, to);
        const allowed = pairs.filter((pair) => pair.from === from && pair.to !== from && pair.allowed);
        expect(error.code).toBe('INVALID_TRANSITION');
        expect(error.details).toMatchObject({ eventId: id, from, to });
        expect([...(error.details.allowed as string[])].sort()).toEqual(
          allowed.map((pair) => pair.to).sort(),
        );
        for (const word of [id, from, to, ...allowed.map((pair) => pair.to)])
          expect(error.message).toContain(word);
      }),
    );
  });

  test('is always left open: no status is a dead end', () => {
    for (const status of eventStatuses) expect(transitions[status].length).toBeGreaterThan(0);
  });
});

describe('a status', () => {
  test('is final exactly where nothing but a restart can follow', () => {
    for (const status of eventStatuses) {
      expect(isFinal(status)).toBe(transitions[status].every((next) => next === 'RESTARTED'));
    }
  });

  test('is a failure only if it is FAILED: an abort is a decision', () => {
    expect(eventStatuses.filter(isFailure)).toEqual(['FAILED']);
  });

  test('has one word in JitAI’s view, and that word leads back to it', () => {
    const words = Object.fromEntries(eventStatuses.map((status) => [status, logStatusOf(status)]));
    expect(words).toEqual({
      PENDING: 'WAITING',
      RESTARTED: 'WAITING',
      IN_PROGRESS: 'RUNNING',
      FINISHED: 'SUCCESS',
      FAILED: 'FAIL',
      ABORTED: 'FAIL',
    });
    expect(logStatuses.flatMap(statusesOf).sort()).toEqual([...eventStatuses].sort());
    for (const status of eventStatuses) expect(statusesOf(logStatusOf(status))).toContain(status);
  });
});
