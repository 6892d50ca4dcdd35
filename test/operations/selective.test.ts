// A list that selects by two names is read by the rarer one, however common the other is.
import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { checkFilter } from '../../src/domain/conditions/event-filter.ts';
import { findEvents } from '../../src/store/events/find-events.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce } from '../support/gateway.ts';
import { lookUps, plansOf, recording } from '../support/plans.ts';

describeDatabases('A rare project on a common topic', (backend) => {
  const gateway = composedOnce(backend);

  test('is listed whole and counted exactly', async () => {
    const sent = await Promise.all(
      [1, 2, 3].map((n) => gateway().send({ topic: 'common', project: 'rare', payload: { n } })),
    );
    const database = gateway().database;
    await database.query({
      text: `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status, project,
          created_at, updated_at)
        SELECT gen_random_uuid(), 1000000 + n, 1000000 + n, 'common', 't', 'r' || n, 'n', 'FINISHED', 'noise', now(), now()
        FROM generate_series(1, $1::int) AS n`,
      values: [limits.scanRows + 1_000],
    });
    const filter = { topics: ['common'], projects: ['rare'] };
    const order = { by: 'CREATED', direction: 'DESC' } as const;
    const page = await gateway().operations.listEvents(filter, order, { first: 10 }, []);
    expect(page.rows.map(({ row }) => row.id).sort()).toEqual(sent.sort());
    expect(page.hasNextPage).toBe(false);
    expect(await gateway().operations.countEvents(filter)).toEqual({ count: 3, exact: true });
  });
});

describeDatabases('A rare topic beside a few common ones', (backend) => {
  const gateway = composedOnce(backend);

  test('is listed, in either direction, without reading those', async () => {
    await gateway().send({ topic: 'rare' });
    const { database } = gateway();
    await database.query({
      text: `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status,
          created_at, updated_at)
        SELECT gen_random_uuid(), 1000000 + n, 1000000 + n, 'common' || n % 2, 't', 'r' || n, 'n', 'FINISHED',
          now() + n * interval '1 ms', now()
        FROM generate_series(1, 20000) AS n`,
      values: [],
    });
    // With these figures, the planner expects a rare topic to be as frequent as the others.
    await database.query({ text: 'ANALYZE events', values: [] });
    const { database: asked, statements } = recording(database);
    const filter = checkFilter({ topics: ['rare'] });
    for (const direction of ['ASC', 'DESC'] as const) {
      const query = { filter, by: 'CREATED', direction, after: null, before: null, limit: 51 } as const;
      expect((await findEvents(asked, { ...query, fields: ['id'] })).rows).toHaveLength(1);
    }
    expect(statements).toHaveLength(2);
    for (const statement of statements)
      for (const plan of await plansOf(database, statement))
        expect(lookUps(plan)).toEqual([expect.stringMatching(/^events_topic_idx .*topic = /)]);
  });

  test('leaves the list of all events its index', async () => {
    const { database: asked, statements } = recording(gateway().database);
    const filter = checkFilter({});
    const after = { at: new Date(), position: 1_010_000n };
    for (const direction of ['ASC', 'DESC'] as const) {
      const query = { filter, by: 'CREATED', direction, after, before: null, limit: 51 } as const;
      await findEvents(asked, { ...query, fields: ['id'] });
    }
    for (const statement of statements)
      for (const plan of await plansOf(gateway().database, statement)) {
        expect(lookUps(plan)).toEqual([expect.stringMatching(/^events_created_idx .*created_at/)]);
        expect(JSON.stringify(plan)).not.toContain('"Sort"');
      }
  });
});
