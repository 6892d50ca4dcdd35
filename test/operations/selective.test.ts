// A list that selects by two names is read by the rarer one, however common the other is.
import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce } from '../support/gateway.ts';

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
