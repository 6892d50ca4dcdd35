// The range of time that the overview shows, as its address says.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  boundsOf,
  chosenRange,
  coarseSteps,
  ranges,
  shortestZoom,
  zoomAddress,
} from '../../../src/console/views/overview/range.ts';

const now = Date.parse('2026-03-01T10:20:31.500Z');

test('is the last hour unless the address says another', () => {
  expect(chosenRange({})).toMatchObject({ name: '1h', zoom: null });
  expect(chosenRange({ range: '7d' })).toMatchObject({ name: '7d', zoom: null });
  expect(chosenRange({ range: 'toString' })).toMatchObject({ name: '1h', zoom: null });
  expect(chosenRange({ from: 'yesterday', to: 'today' })).toMatchObject({ name: '1h', zoom: null });
});

test('that goes on ends at the next whole step', () => {
  expect(boundsOf(chosenRange({ range: '1h' }), now)).toEqual({
    from: '2026-03-01T09:21:00.000Z',
    to: '2026-03-01T10:21:00.000Z',
  });
  for (const name of Object.keys(ranges)) {
    const { from, to } = boundsOf(chosenRange({ range: name }), now);
    expect(Date.parse(to)).toBeGreaterThanOrEqual(now);
    expect(Date.parse(to) - Date.parse(from)).toBe(ranges[name as keyof typeof ranges].ms);
  }
});

test('that was chosen in the chart is what the address has, and not too short', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1e12, max: 2e12 }), fc.integer({ min: 0, max: 1e9 }), (from, length) => {
      const { zoom } = chosenRange(zoomAddress(from, from + length));
      expect(zoom!.to - zoom!.from).toBeGreaterThanOrEqual(shortestZoom);
      expect(zoom!.to - zoom!.from).toBeLessThanOrEqual(Math.max(length, shortestZoom) + 1);
      expect(zoom!.from).toBeLessThanOrEqual(from);
    }),
  );
});

test('has steps of a minute or more where the log is too busy for others', () => {
  expect(coarseSteps(chosenRange({ range: '15m' }))).toBe(15);
  expect(coarseSteps(chosenRange({ range: '24h' }))).toBe(96);
  expect(coarseSteps(chosenRange(zoomAddress(now, now + 30_000)))).toBe(1);
});
