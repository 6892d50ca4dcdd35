// Pages: forwards or backwards, of whatever size, they come to the whole list, also while events arrive.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import { cursorOf, type Direction, type OrderKey, type PageArguments } from '../../src/domain/events/page.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, refusalOf } from '../support/gateway.ts';
import {
  clear,
  filter,
  idsOf,
  inOrder,
  listIds,
  orders,
  row,
  select,
  sendAsTester,
  write,
} from './dataset.ts';

describeDatabases('Pages of a list', (backend) => {
  const gateway = composedOnce(backend);
  const page = (given: EventFilter | null, by: OrderKey, direction: Direction, args: PageArguments) =>
    gateway().operations.listEvents(given, { by, direction }, args, []);

  interface Walk {
    readonly given: EventFilter | null;
    readonly by: OrderKey;
    readonly direction: Direction;
    readonly sizes: readonly number[];
    readonly backwards: boolean;
    readonly between?: () => Promise<unknown>;
  }

  /** All ids in the order of the list, page by page; each page is checked for what it says of its neighbours. */
  async function walk({ given, by, direction, sizes, backwards, between }: Walk): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null = null;
    for (let n = 0; ; n++) {
      const size = sizes[n % sizes.length]!;
      const args = backwards ? { last: size, before: cursor } : { first: size, after: cursor };
      const found = await page(given, by, direction, args);
      expect(found.rows.length).toBeLessThanOrEqual(size);
      const pageIds = found.rows.map(({ row }) => row.id);
      if (backwards) ids.unshift(...pageIds);
      else ids.push(...pageIds);
      const [more, behind] = backwards
        ? [found.hasPreviousPage, found.hasNextPage]
        : [found.hasNextPage, found.hasPreviousPage];
      expect(behind).toBe(cursor !== null);
      if (!more) return ids;
      expect(found.rows).toHaveLength(size);
      expect([found.startCursor, found.endCursor]).toEqual([
        found.rows[0]!.cursor,
        found.rows.at(-1)!.cursor,
      ]);
      cursor = backwards ? found.startCursor : found.endCursor;
      await between?.();
    }
  }

  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

  test('come to the whole sorted list, whatever their sizes, in both directions', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 25 }),
        fc.option(filter),
        sizes,
        async (plans, given, sizes) => {
          await clear(gateway());
          const selected = select(await write(gateway(), plans), given ?? {});
          for (const { by, direction } of orders) {
            const expected = idsOf(inOrder(selected, by, direction));
            for (const backwards of [false, true]) {
              expect(await walk({ given, by, direction, sizes, backwards })).toEqual(expected);
            }
          }
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });

  test('hold those that were there, once each, while others arrive between them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 5, maxLength: 20 }), sizes, async (plans, sizes) => {
        await clear(gateway());
        const rows = await write(gateway(), plans);
        const old = new Set(idsOf(rows));
        for (const { by, direction } of orders) {
          for (const backwards of [false, true]) {
            let arrivals = 0;
            // Not without end, where the pages run after those that arrive.
            const between = async () => arrivals++ < 12 && sendAsTester(gateway(), 'order.paid');
            const ids = await walk({ given: { topics: ['*'] }, by, direction, sizes, backwards, between });
            expect(new Set(ids).size).toBe(ids.length);
            expect(ids.filter((id) => old.has(id))).toEqual(idsOf(inOrder(rows, by, direction)));
          }
        }
      }),
      { numRuns: 4, endOnFailure: true },
    );
  });

  describe('of a known list', () => {
    let ids: string[] = [];
    beforeAll(async () => {
      await clear(gateway());
      for (let n = 0; n < 6; n++) await sendAsTester(gateway(), 'x');
      ids = await listIds(gateway(), null);
    });
    const idsOfPage = async (args: PageArguments) =>
      (await page(null, 'CREATED', 'ASC', args)).rows.map(({ row }) => row.id);

    test('between two cursors hold what lies strictly between them', async () => {
      const { rows } = await page(null, 'CREATED', 'ASC', {});
      const [after, before] = [rows[1]!.cursor, rows[4]!.cursor];
      expect(await idsOfPage({ first: 10, after, before })).toEqual(ids.slice(2, 4));
      expect(await idsOfPage({ last: 1, after, before })).toEqual(ids.slice(3, 4));
      expect(await idsOfPage({ first: 10, after: before, before: after })).toEqual([]);
    });

    test('may be empty, and say then what there is', async () => {
      expect(await page(null, 'CREATED', 'ASC', { first: 0 })).toMatchObject({
        rows: [],
        hasNextPage: true,
        hasPreviousPage: false,
      });
      expect(await page({ topics: ['none'] }, 'CREATED', 'ASC', {})).toEqual({
        rows: [],
        hasNextPage: false,
        hasPreviousPage: false,
        startCursor: null,
        endCursor: null,
        isCut: false,
      });
    });

    test.each([
      ['of another order', cursorOf('UPDATED', { at: new Date(0), position: 1n })],
      ['that is no cursor', 'nonsense'],
      ['that is empty', ''],
      ['cut short', cursorOf('CREATED', { at: new Date(0), position: 1n }).slice(0, -3)],
      ['of a time that is none', Buffer.from('CREATED:999999999999999:1').toString('base64url')],
      ['of a position beyond all', Buffer.from('CREATED:0:9999999999999999999').toString('base64url')],
    ])('are refused for a cursor %s', async (_what, cursor) => {
      for (const args of [{ after: cursor }, { last: 1, before: cursor }]) {
        expect((await refusalOf(page(null, 'CREATED', 'ASC', args))).code).toBe('BAD_USER_INPUT');
      }
    });

    test('are refused for a size that is out of bounds, or given twice', async () => {
      for (const args of [
        { first: -1 },
        { first: limits.pageSize + 1 },
        { last: 1.5 },
        { first: 1, last: 1 },
      ]) {
        expect((await refusalOf(page(null, 'CREATED', 'ASC', args))).code).toBe('BAD_USER_INPUT');
      }
      expect(await idsOfPage({ last: limits.pageSize })).toEqual(ids);
    });
  });
});
