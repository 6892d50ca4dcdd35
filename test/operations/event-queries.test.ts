// Lists of events: every filter, alone and with others, gives what a plain look at each event gives, in order.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce, refusalOf } from '../support/gateway.ts';
import {
  clear,
  filter,
  idsOf,
  inOrder,
  listIds,
  orders,
  type Row,
  type RowPlan,
  row,
  select,
  selectByFeed,
  write,
} from './dataset.ts';

const plain: RowPlan = {
  topic: 'x',
  project: null,
  user: null,
  sender: null,
  description: '',
  status: 'FINISHED',
  requestId: 'r0',
  parent: null,
  second: 0,
};
/** By name; each of another second, in this order. */
const events = {
  plain: {},
  percent: { description: '50% off' },
  digits: { description: '50 off' },
  under: { topic: 'order_paid', description: 'a_b' },
  letters: { topic: 'orderXpaid', description: 'aXb' },
  slash: { description: 'C:\\temp' },
  upper: { topic: 'order.paid', description: 'ORDER Paid' },
  deep: { topic: 'order.line.added', project: 'p', user: 'Ümit', sender: 'Ann' },
  pending: { topic: 'order.paid', status: 'PENDING', project: 'q', sender: 'a%n' },
  failed: { topic: 'order.paid', status: 'FAILED', requestId: 'r1', user: 'ann' },
  child: { topic: 'Order', parent: 0, requestId: 'r1' },
} satisfies Record<string, Partial<RowPlan>>;
type Name = keyof typeof events;
const named = Object.keys(events) as Name[];
const all = named.length - 1;
const second = (n: number) => new Date(Date.UTC(2025, 0, 1) + n * 1000);

const cases: [EventFilter, readonly Name[]][] = [
  [{ text: '%' }, ['percent', 'pending']],
  [{ text: '50%' }, ['percent']],
  [{ text: '_' }, ['under']],
  [{ text: 'a_b' }, ['under']],
  [{ text: '\\' }, ['slash']],
  [{ text: 'c:\\TEMP' }, ['slash']],
  [{ text: 'order paid' }, ['under', 'letters', 'upper', 'pending', 'failed']],
  [{ text: 'üMIT' }, ['deep']],
  [{ text: 'ann added' }, ['deep']],
  [{ text: 'xorder' }, []],
  [{ text: ' \n' }, named],
  [{ topics: ['order.*'] }, ['upper', 'deep', 'pending', 'failed']],
  [{ topics: ['order_*'] }, ['under']],
  [{ topics: ['order*paid'] }, ['under', 'letters', 'upper', 'pending', 'failed']],
  [{ topics: ['order.paid'] }, ['upper', 'pending', 'failed']],
  [{ topics: ['Order', '*line*'] }, ['deep', 'child']],
  [{ topics: ['ORDER.*'] }, []],
  [{ topics: ['*'] }, named],
  [{ topics: [] }, []],
  [{ projects: ['p', 'q'] }, ['deep', 'pending']],
  [{ projects: [] }, []],
  [{ users: ['ann'] }, ['failed']],
  [{ senders: ['Ann', 'a%n', 'nobody'] }, ['deep', 'pending']],
  [{ statuses: ['PENDING', 'FAILED'] }, ['pending', 'failed']],
  [{ statuses: ['FINISHED'], topics: ['order.paid'] }, ['upper']],
  [{ statuses: [] }, []],
  [{ requestIds: ['r1'] }, ['failed', 'child']],
  [{ hasDependents: true }, ['failed']],
  [{ hasDependents: false, topics: ['order.paid'] }, ['upper', 'pending']],
  [{ createdAfter: second(all - 1) }, ['child']],
  [{ createdBefore: second(1) }, ['plain']],
  [{ createdAfter: second(2), createdBefore: second(4) }, ['under']],
  [{}, named],
];

describeDatabases('A list of events', (backend) => {
  const gateway = composedOnce(backend);

  describe('with a filter known in advance', () => {
    let rows: readonly Row[] = [];
    const idOf = (name: Name) => rows[named.indexOf(name)]!.id;
    beforeAll(async () => {
      await clear(gateway());
      const written = await write(
        gateway(),
        named.map((name, n) => ({ ...plain, ...events[name], second: n })),
      );
      rows = inOrder(written, 'CREATED', 'ASC');
    });

    test.each(cases)('%j has %j', async (given, expected) => {
      const ids = expected.map(idOf);
      expect(await listIds(gateway(), given)).toEqual(ids);
      expect(idsOf(select(rows, given))).toEqual(ids);
      if (given.hasDependents === undefined) expect(idsOf(selectByFeed(rows, given))).toEqual(ids);
      expect(await gateway().operations.countEvents(given)).toEqual({ count: ids.length, exact: true });
    });

    test('of ids, in any notation, has those that there are', async () => {
      const ids = [
        idOf('deep').toUpperCase(),
        idOf('plain').replaceAll('-', ''),
        '0195f000-0000-7000-8000-000000000000',
      ];
      expect(await listIds(gateway(), { ids })).toEqual([idOf('plain'), idOf('deep')]);
      expect(await listIds(gateway(), { ids, text: 'ümit' })).toEqual([idOf('deep')]);
      expect(await listIds(gateway(), { ids: [] })).toEqual([]);
    });

    test('that is malformed is refused', async () => {
      for (const given of [{ ids: ['x'] }, { topics: ['a b'] }, { users: [''] }, { text: 'a\u0000' }]) {
        expect((await refusalOf(listIds(gateway(), given))).code).toBe('BAD_USER_INPUT');
        expect((await refusalOf(gateway().operations.countEvents(given))).code).toBe('BAD_USER_INPUT');
      }
      const projects = Array.from({ length: 5_001 }, (_, n) => `p${n}`);
      expect((await refusalOf(listIds(gateway(), { projects }))).code).toBe('LIMIT_EXCEEDED');
    });
  });

  test('gives for any filter, in each order, what a plain look at each event gives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 25 }),
        fc.array(fc.record({ given: filter, ids: fc.option(fc.array(fc.nat(40), { maxLength: 8 })) }), {
          minLength: 12,
          maxLength: 12,
        }),
        async (plans, filters) => {
          await clear(gateway());
          const rows = await write(gateway(), plans);
          for (const { given, ids } of filters) {
            const whole = ids === null ? given : { ...given, ids: ids.flatMap((n) => rows[n]?.id ?? []) };
            const selected = select(rows, whole);
            for (const { by, direction } of orders) {
              const expected = idsOf(inOrder(selected, by, direction));
              expect({ whole, by, ids: await listIds(gateway(), whole, by, direction) }).toEqual({
                whole,
                by,
                ids: expected,
              });
            }
            if (given.hasDependents === undefined) expect(selectByFeed(rows, whole)).toEqual(selected);
            expect(await gateway().operations.countEvents(whole)).toEqual({
              count: selected.length,
              exact: true,
            });
          }
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });
});
