// Bounds on reading: counts stop at the count cap and say so; a search stops at the scan limit, and continues from its cursor.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { EventFilter } from '../../src/domain/conditions/event-filter.ts';
import type { Direction, PageArguments } from '../../src/domain/events/page.ts';
import { describeDatabases } from '../support/database.ts';
import { type Composed, composedForEach } from '../support/gateway.ts';

interface Filler {
  readonly from: number;
  readonly to: number;
  readonly dependsOn?: string;
  /** Which of the events have the description that is searched for. */
  readonly needles?: readonly number[];
}

/** Finished events of the topic `hay`, one a second, the first the oldest. */
async function insert({ database }: Composed, { from, to, dependsOn, needles = [] }: Filler): Promise<void> {
  await database.query({
    text: `INSERT INTO events (id, position, created_position, depends_on, topic, event_type, request_id, node_id, status,
        description, created_at, updated_at, finished_at)
      SELECT gen_random_uuid(), 1000000 + n, 1000000 + n, $3::uuid, 'hay', 'events.NormalType', 'request', n::text,
        'FINISHED', CASE WHEN n = ANY($4::int[]) THEN 'a Needle, number ' || n ELSE 'a straw' END, t, t, t
      FROM generate_series(1, $2::int) AS n, LATERAL (SELECT timestamptz '2025-01-01' + n * interval '1 second' AS t) AS at
      WHERE n >= $1::int`,
    values: [from, to, dependsOn ?? null, needles],
  });
}

describeDatabases('A count', (backend) => {
  const gateway = composedForEach(backend);

  /** Every count of the parent's children; `[total, is exact]` each. */
  async function countsOf(parent: string) {
    const { data } = await gateway().ask<any>(
      `query ($parent: ID!) {
        byTopic: events(filter: { topics: ["hay"] }, first: 1) { totalCount totalIsExact }
        byRequest: events(filter: { requestIds: ["request"] }, first: 1) { totalCount totalIsExact }
        byDescription: events(filter: { text: "straw" }, first: 1) { totalCount totalIsExact }
        log: eventLog(fullName: "hay", page: 1, pageSize: 1) { totalCount totalIsExact }
        event(id: $parent) { dependents(first: 1) { totalCount totalIsExact } }
      }`,
      { parent },
    );
    const { event, ...lists } = data;
    const counts = { ...lists, dependents: event.dependents } as Record<string, any>;
    return Object.fromEntries(
      Object.entries(counts).map(([name, { totalCount, totalIsExact }]) => [
        name,
        [totalCount, totalIsExact],
      ]),
    );
  }

  const all = (count: readonly [number, boolean]) => ({
    byTopic: count,
    byRequest: count,
    byDescription: count,
    log: count,
    dependents: count,
  });

  test('is exact up to 25,000, and stops there and says so', async () => {
    expect(limits.countCap).toBe(25_000);
    const parent = await gateway().send({ topic: 'parent' });
    await insert(gateway(), { from: 1, to: 24_999, dependsOn: parent });
    expect(await countsOf(parent)).toEqual(all([24_999, true]));
    await insert(gateway(), { from: 25_000, to: 25_000, dependsOn: parent });
    expect(await countsOf(parent)).toEqual(all([25_000, true]));
    await insert(gateway(), { from: 25_001, to: 25_001, dependsOn: parent });
    expect(await countsOf(parent)).toEqual(all([25_000, false]));
    expect(await gateway().operations.countEvents(null)).toEqual({ count: 25_000, exact: false });
  });
});

describeDatabases('A search for little in much', (backend) => {
  const gateway = composedForEach(backend);
  const rows = 120_000;
  const needles = [7, 60_000, 119_990];
  const size = 10;

  interface Walk {
    readonly filter: EventFilter;
    readonly direction: Direction;
    readonly backwards: boolean;
  }

  /** What each page found, up to the last one. */
  async function walk({ filter, direction, backwards }: Walk): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | null = null;
    for (;;) {
      const args: PageArguments = backwards ? { last: size, before: cursor } : { first: size, after: cursor };
      const order = { by: 'CREATED', direction } as const;
      const page = await gateway().operations.listEvents(filter, order, args, ['description']);
      pages.push(page.rows.map(({ row }) => row.description ?? ''));
      if (!(backwards ? page.hasPreviousPage : page.hasNextPage)) return pages;
      cursor = backwards ? page.startCursor : page.endCursor;
      expect(cursor).not.toBeNull();
    }
  }

  describe('that finds 3 events in 120,000', () => {
    test('stops at the scan limit with a cursor, and continues from there until it has found all of them', async () => {
      await insert(gateway(), { from: 1, to: rows, needles });
      const found = needles.map((n) => `a Needle, number ${n}`);
      const length = Math.ceil(rows / limits.scanRows);
      for (const filter of [{ text: 'needle' }, { text: 'needle', topics: ['hay'] }]) {
        for (const direction of ['ASC', 'DESC'] as const) {
          for (const backwards of [false, true]) {
            const pages = await walk({ filter, direction, backwards });
            expect(pages).toHaveLength(length);
            const inOrder = (backwards ? pages.toReversed() : pages).flat();
            expect(inOrder).toEqual(direction === 'ASC' ? found : found.toReversed());
          }
        }
        const { count, exact } = await gateway().operations.countEvents(filter);
        expect(exact).toBe(false);
        expect(count).toBeLessThanOrEqual(needles.length);
      }
    });
  });
});
