// Ids: unique, of version 7, in the order in which they were made.
import { expect, test } from 'vitest';
import { newId } from '../../src/base/ids.ts';

test('ids of one process are UUIDs of version 7 that sort in the order in which they were made', () => {
  const before = Date.now();
  const ids = Array.from({ length: 100_000 }, newId);
  const after = Date.now();
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  for (const id of ids.slice(0, 1_000))
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const times = ids.map((id) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));
  expect(times[0]).toBeGreaterThanOrEqual(before);
  expect(times.at(-1)).toBeLessThanOrEqual(after);
});

test('ids have random bits of their own, however many are made', () => {
  const ends = Array.from({ length: 10_000 }, () => newId().slice(-10));
  expect(new Set(ends).size).toBe(ends.length);
});
