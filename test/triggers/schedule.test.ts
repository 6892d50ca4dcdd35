// Schedules: which are right, when they tick in their zones, and what is due after a time away.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { checkSchedule, dueTicks, tickAfter } from '../../src/domain/triggers/schedule.ts';

function after(cron: string, timezone: string, time: string): string | undefined {
  return tickAfter(checkSchedule(cron, timezone), new Date(time))?.toISOString();
}

describe('A schedule', () => {
  test('has five fields, or six with seconds', () => {
    expect(after('30 9 * * 1-5', 'UTC', '2026-03-27T10:00:00Z')).toBe('2026-03-30T09:30:00.000Z');
    expect(after('*/10 * * * * *', 'UTC', '2026-03-27T10:00:00.500Z')).toBe('2026-03-27T10:00:10.000Z');
  });

  test('comes strictly after the time that is asked about', () => {
    expect(after('0 10 * * *', 'UTC', '2026-03-27T10:00:00Z')).toBe('2026-03-28T10:00:00.000Z');
  });

  test('keeps the clock of its zone when that changes', () => {
    expect(after('0 9 * * *', 'Europe/Berlin', '2026-03-28T08:30:00Z')).toBe('2026-03-29T07:00:00.000Z');
    // The clock goes from 2:00 to 3:00.
    expect(after('30 2 * * *', 'Europe/Berlin', '2026-03-28T02:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    // 2:30 comes twice, at 0:30 and at 1:30 UTC.
    expect(after('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(after('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
  });

  test.each([
    '',
    'soon',
    '* * *',
    '61 * * * *',
    '* * * * * * * *',
    '2026-01-01T00:00:00',
    '* * * * mon-fry',
    '@often',
  ])('is refused as %j, saying what would be right', (cron) => {
    expect(() => checkSchedule(cron, null)).toThrow(
      /is not a schedule.*five fields.*such as "0 9 \* \* 1-5"/,
    );
  });

  test.each(['Mars/Olympus', '', 'Europe/Berlin '])('is refused in the zone %j', (zone) => {
    expect(() => checkSchedule('* * * * *', zone)).toThrow('give an IANA name such as Europe/Berlin');
  });

  test('is in UTC unless a zone is given', () => {
    expect(checkSchedule(' * * * * * ', null)).toEqual({ cron: '* * * * *', timezone: 'UTC' });
  });
});

describe('What is due', () => {
  const minutely = checkSchedule('* * * * *', 'UTC');
  const from = new Date('2026-03-27T10:00:00Z');

  test('is the one tick, in time', async () => {
    expect(await dueTicks(minutely, from, new Date('2026-03-27T10:00:00Z'))).toEqual({
      last: from,
      missed: 0,
      next: new Date('2026-03-27T10:01:00Z'),
    });
  });

  test('is the last tick after a time away, with the number of those before it', async () => {
    expect(await dueTicks(minutely, from, new Date('2026-03-27T12:00:30Z'))).toEqual({
      last: new Date('2026-03-27T12:00:00Z'),
      missed: 120,
      next: new Date('2026-03-27T12:01:00Z'),
    });
  });

  test('is still the last tick where counting stops', async () => {
    const secondly = checkSchedule('* * * * * *', 'Europe/Berlin');
    expect(await dueTicks(secondly, from, new Date('2027-03-27T10:00:00.900Z'))).toEqual({
      last: new Date('2027-03-27T10:00:00Z'),
      missed: limits.missedTicks,
      next: new Date('2027-03-27T10:00:01Z'),
    });
  });

  test('is followed by nothing where the schedule ends', async () => {
    const once = checkSchedule('0 0 0 1 1 * 2026', 'UTC');
    const only = new Date('2026-01-01T00:00:00Z');
    expect(await dueTicks(once, only, new Date('2026-06-01T00:00:00Z'))).toEqual({
      last: only,
      missed: 0,
      next: null,
    });
  });
});
