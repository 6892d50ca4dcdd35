// The list of any length behind the tables of the console.
import { expect, test, vi } from 'vitest';
import { KeysetList, type LoadPage } from '../../src/console/base/list/keyset-list.ts';

const pageSize = 10;

/** Numbers, the highest first, whose cursors they are themselves. */
function listOf(numbers: Set<number>) {
  const load = vi.fn<LoadPage<number>>((after) => {
    const sorted = [...numbers]
      .sort((a, b) => b - a)
      .filter((number) => after === null || number < Number(after));
    const rows = sorted.slice(0, pageSize);
    const cursor = (row: number | undefined) => (row === undefined ? null : String(row));
    return Promise.resolve({
      rows,
      startCursor: cursor(rows[0]),
      endCursor: cursor(rows.at(-1)),
      hasNextPage: sorted.length > pageSize,
    });
  });
  return { load, list: new KeysetList(load, String) };
}

const numbersTo = (end: number) => new Set(Array.from({ length: end }, (_, index) => index + 1));

async function scrollTo(list: KeysetList<number>, from: number): Promise<void> {
  for (let seen = -1; seen !== list.version;) {
    seen = list.version;
    list.show(from, from + 5);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('A list reads what is to be seen, and keeps a bounded part of it', async () => {
  const { list, load } = listOf(numbersTo(1_000));
  for (let from = 0; from < 1_000; from += 5) await scrollTo(list, from);
  expect(list.count).toBe(1_000);
  expect(list.hasMore).toBe(false);
  expect(load).toHaveBeenCalledTimes(100);
  expect(list.keptRows).toBeLessThan(150);
  expect(list.rowAt(0)).toBe(1_000);
  expect(list.rowAt(20)).toBe(undefined);
  await scrollTo(list, 20);
  expect(list.rowAt(20)).toBe(980);
});

test('Rows that are new or deleted meanwhile move nothing of what is read again, and repeat nothing', async () => {
  const numbers = numbersTo(300);
  const { list } = listOf(numbers);
  for (let from = 0; from < 300; from += 5) await scrollTo(list, from);
  numbers.add(301);
  numbers.add(302);
  numbers.delete(285);
  await scrollTo(list, 0);
  await scrollTo(list, 10);
  await scrollTo(list, 20);
  const rows = Array.from({ length: 25 }, (_, index) => list.rowAt(index));
  expect(rows).toEqual([...numbers].sort((a, b) => b - a).slice(2, 27));
  expect(await list.newRows()).toEqual([302, 301]);
  list.refresh();
  await new Promise((resolve) => setImmediate(resolve));
  expect(list.rowAt(0)).toBe(302);
});

test('A list whose pages hold nothing stops after some, and searches on when it is asked to', async () => {
  let pages = 0;
  const empty = { rows: [], startCursor: null, hasNextPage: true };
  const load: LoadPage<number> = () => Promise.resolve({ ...empty, endCursor: String((pages += 1)) });
  const list = new KeysetList(load, String);
  await scrollTo(list, 0);
  expect(list.isStalled).toBe(true);
  const before = pages;
  list.searchOn();
  await scrollTo(list, 0);
  expect(pages).toBeGreaterThan(before);
});

test('A list that failed says so, and goes on when it is tried again', async () => {
  const { list, load } = listOf(numbersTo(20));
  load.mockRejectedValueOnce(new Error('away'));
  await scrollTo(list, 0);
  expect(list.error).toEqual(new Error('away'));
  list.retry();
  await scrollTo(list, 0);
  expect([list.error, list.rowAt(0)]).toEqual([null, 20]);
});
