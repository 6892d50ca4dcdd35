// Lists, counts and bulk mutations that look into large payloads: statements stay small, few are made at once, and the answers are right.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { Database, Statement } from '../../src/database/database.ts';
import type { EventField, EventRecord } from '../../src/domain/events/event.ts';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import { describeDatabases } from '../support/database.ts';
import { forwarding } from '../support/forwarding.ts';
import { type Composed, fresh, operationsOn, tester } from '../support/gateway.ts';

const megabyte = 1_000_000;

interface Told {
  /** Size of the JSON of the largest answer, as text, and how many ids the largest test is about. */
  jsonBytes: number;
  tested: number;
  /** Statements that test or find candidates, at the same time at most. */
  atOnce: number;
}

/** Of summary, payload, result and error. */
function jsonBytesIn(row: Partial<EventRecord>): number {
  const { summary = null, payload = null, result = null, error = null } = row;
  return [summary, payload, result, error].reduce<number>(
    (sum, value) => sum + (value === null ? 0 : JSON.stringify(value).length),
    0,
  );
}

/** Tells of statements with `unnest … WITH ORDINALITY`, which test events, and of all answers. */
function observed(database: Database): { database: Database; told: Told } {
  const told: Told = { jsonBytes: 0, tested: 0, atOnce: 0 };
  let inFlight = 0;
  const query = async <Row extends object>(statement: Statement): Promise<Row[]> => {
    const isTest = statement.text.includes('WITH ORDINALITY');
    if (isTest) told.tested = Math.max(told.tested, (statement.values[0] as unknown[]).length);
    const isCostly = isTest || statement.text.includes('pg_column_size');
    if (isCostly) told.atOnce = Math.max(told.atOnce, (inFlight += 1));
    try {
      const rows = await database.query<Row>(statement);
      const bytes = rows.reduce((sum, row) => sum + jsonBytesIn(row), 0);
      told.jsonBytes = Math.max(told.jsonBytes, bytes);
      return rows;
    } finally {
      if (isCostly) inFlight -= 1;
    }
  };
  return { database: forwarding(database, { query }), told };
}

/** All pages: on a slow machine one may end early. */
async function listed(
  gateway: Composed,
  filter: EventFilter,
  fields: readonly EventField[] = [],
): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const page = await gateway.operations.listEvents(filter, order, { first: 100, after }, fields);
    ids.push(...page.rows.map(({ row }) => row.id));
    if (!page.hasNextPage) return ids;
    after = page.endCursor;
  }
}

const order = { by: 'CREATED', direction: 'ASC' } as const;

describeDatabases('Filters on large payloads', (backend) => {
  async function withLarge(
    count: number,
  ): Promise<{ gateway: Composed; told: Told; topic: string; ids: string[] }> {
    const { database, told } = observed(await backend.open());
    const gateway = await operationsOn(database);
    const topic = fresh('large');
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const text =
        n % 2
          ? 'x'.repeat(megabyte)
          : Math.random()
              .toString(36)
              .repeat(megabyte / 20);
      ids.push(await gateway.send({ topic, payload: { n, text: `${text}end${n}` } }));
    }
    return { gateway, told, topic, ids };
  }

  const filters = [
    { what: 'CEL', filter: { where: 'data.n % 3 == 0 && data.text.endsWith("0") == (data.n % 10 == 0)' } },
    {
      what: 'LIKE',
      filter: {
        conditions: {
          conditions: ['0', '3', '6', '9', '12', '15', '18'].map((n) => ({
            key: 'payload/text',
            comparison: 'LIKE',
            value: `%end${n}`,
          })),
          operator: 'OR',
        },
      },
    },
    {
      what: 'long patterns of LIKE',
      filter: {
        conditions: {
          conditions: [0, 3, 6, 9, 12, 15, 18].map((n) => ({
            key: 'payload/text',
            comparison: 'LIKE',
            value: `%${'%'.repeat(100)}end${n}`,
          })),
          operator: 'OR',
        },
      },
    },
  ] as const;

  test('find what they select, a bounded part at a time', async () => {
    const { gateway, told, topic, ids } = await withLarge(20);
    const wanted = ids.filter((_, n) => n % 3 === 0);
    for (const { what, filter } of filters) {
      Object.assign(told, { jsonBytes: 0, tested: 0 });
      const given = { ...filter, topics: [topic] };
      expect({ what, ids: await listed(gateway, given as never) }).toEqual({ what, ids: wanted });
      expect(told.jsonBytes).toBeLessThanOrEqual(9 * megabyte);
      expect(told.tested).toBeLessThan(20);
      const { count, exact } = await gateway.operations.countEvents(given as never);
      // On a slow machine a count stops early, and says so.
      if (exact) expect(count).toBe(wanted.length);
      else expect(count).toBeLessThanOrEqual(wanted.length);
    }
    await gateway.stop();
  });

  describe('read what is answered beside it a bounded part at a time:', () => {
    const ofBig = { key: 'payload/big', comparison: 'EQ', value: true } as const;
    const like = { key: 'payload/word', comparison: 'LIKE', value: 'b%' } as const;
    test.each([
      ['CEL', { where: 'data.big' }],
      ['CEL and conditions', { where: 'data.big', conditions: { conditions: [like] } }],
      ['LIKE', { conditions: { conditions: [like] } }],
      ['a condition', { conditions: { conditions: [ofBig] } }],
    ])('%s', async (_what, filter) => {
      const { database, told } = observed(await backend.open());
      const gateway = await operationsOn(database);
      const topic = fresh('results');
      const ids: string[] = [];
      for (let n = 0; n < 30; n += 1) {
        const big = n % 5 !== 0;
        const id = await gateway.send({
          topic,
          payload: { big, word: big ? 'big' : 'small' },
          finished: false,
        });
        const error = { message: 'x', stack: 's'.repeat(90_000) };
        const result = { text: 'r'.repeat(megabyte) };
        await gateway.operations.updateEvent(tester, {
          id,
          result,
          error,
          status: 'FAILED',
        });
        if (big) ids.push(id);
      }
      for (const fields of [['result'], ['result', 'error', 'summary', 'payload']] as const) {
        told.jsonBytes = 0;
        expect(await listed(gateway, { ...filter, topics: [topic] }, fields)).toEqual(ids);
        expect(told.jsonBytes).toBeGreaterThan(megabyte);
        expect(told.jsonBytes).toBeLessThanOrEqual(limits.pageBytes + 2 * megabyte);
      }
      await gateway.stop();
    });
  });

  test('are tested by few statements at once, however many ask', async () => {
    const { gateway, told, topic } = await withLarge(4);
    const where = 'data.n >= 0';
    const asked = Array.from({ length: 30 }, () =>
      gateway.operations.listEvents({ topics: [topic], where }, order, { first: 100 }, [], tester),
    );
    for (const { rows } of await Promise.all(asked)) expect(rows).toHaveLength(4);
    expect(told.atOnce).toBe(gateway.database.kind === 'embedded' ? 1 : 3);
    await gateway.stop();
  });

  test('let bulk mutations do what they select, and dry runs tell of it', async () => {
    const { gateway, topic, ids } = await withLarge(6);
    const conditions = { conditions: [{ key: 'payload/text', comparison: 'LIKE' as const, value: '%end4' }] };
    const filter = { topics: [topic], conditions };
    const dry = await gateway.operations.deleteEvents(tester, filter, true);
    const done = await gateway.operations.deleteEvents(tester, filter, false);
    expect([dry.ids, done.ids]).toEqual([[ids[4]], [ids[4]]]);
    expect((await gateway.operations.countEvents({ topics: [topic] })).count).toBe(5);
    await gateway.stop();
  });
});
