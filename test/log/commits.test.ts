// One group commit for all kinds of writes: what waits together is written together, and fails alone.
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Database, Statement } from '../../src/database/database.ts';
import { batchedQuery } from '../../src/database/batched-query.ts';
import { Commits, type WriteKind } from '../../src/log/commits.ts';
import { describeDatabases } from '../support/database.ts';
import { forwarding } from '../support/forwarding.ts';

/** Writes keys: one by its id twice is refused. */
function kindOf(name: string, more: Partial<WriteKind<string, string>> = {}): WriteKind<string, string> {
  return {
    name,
    ask: (ids) =>
      batchedQuery(
        {
          text: `INSERT INTO api_keys SELECT id, id::text, id::text, '{}', now() FROM unnest($1::uuid[]) AS i(id)`,
          values: [ids],
        },
        () => ids.map((id) => `${name} ${id}`),
      ),
    sizeOf: () => 1,
    ...more,
  };
}

/** Keeps the statements of each trip, and delays the first one until it is released. */
function watched(database: Database) {
  const trips: (readonly Statement[])[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const passing = forwarding(database, {
    pipeline: async (statements) => {
      trips.push(statements);
      await released;
      return database.pipeline(statements);
    },
  });
  return { passing, trips, release };
}

describeDatabases('writes of several kinds that wait together', (backend) => {
  test('go in one transaction, each kind in one statement, and each is answered', async () => {
    const { passing, trips, release } = watched(await backend.open());
    let commits = 0;
    const writer = new Commits(passing, { hint: '', onCommit: () => (commits += 1) });
    const [one, other] = [kindOf('one'), kindOf('other')];
    const ids = Array.from({ length: 9 }, () => randomUUID());
    const writing = [writer.submit(one, ids[0]!)];
    await expect.poll(() => trips.length).toBe(1);
    for (const [n, id] of ids.slice(1).entries()) writing.push(writer.submit(n % 2 ? one : other, id));
    release();
    expect(await Promise.all(writing)).toEqual(
      ids.map((id, n) => `${n === 0 || n % 2 === 0 ? 'one' : 'other'} ${id}`),
    );
    expect(trips.map((statements) => statements.length)).toEqual([1, 2]);
    expect(commits).toBe(2);
    await writer.stop();
  });

  test('fail alone where the database refuses them, and the others of any kind are written', async () => {
    const database = await backend.open();
    const writer = new Commits(database, { hint: '', onCommit: () => {} });
    const [one, other] = [kindOf('one'), kindOf('other')];
    const known = kindOf('known', { refused: () => 'was there' });
    const taken = randomUUID();
    await writer.submit(one, taken);
    const outcomes = await Promise.allSettled([
      ...Array.from({ length: 5 }, () => writer.submit(one, randomUUID())),
      writer.submit(other, taken),
      writer.submit(known, taken),
      ...Array.from({ length: 5 }, () => writer.submit(other, randomUUID())),
    ]);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: '23505' } },
    ]);
    expect(outcomes[6]).toMatchObject({ value: 'was there' });
    const [row] = await database.query<{ n: number }>({
      text: 'SELECT count(*)::int4 AS n FROM api_keys',
      values: [],
    });
    expect(row!.n).toBe(11);
    await writer.stop();
  });

  test('take the log’s lock first where one of them has to look around', async () => {
    const { passing, trips, release } = watched(await backend.open());
    const writer = new Commits(passing, { hint: '', onCommit: () => {} });
    release();
    await writer.submit(kindOf('looking', { looksAround: () => true }), randomUUID());
    expect(trips.map((statements) => statements.map(({ name }) => name))).toEqual([
      ['take-log-lock', undefined],
    ]);
    await writer.stop();
  });

  test('have limits of their own: where too many of one kind wait, others are still taken', async () => {
    const { passing, trips, release } = watched(await backend.open());
    const writer = new Commits(passing, { hint: '', onCommit: () => {}, queueLimit: 2 });
    const [one, other] = [kindOf('one'), kindOf('other')];
    const writing = [writer.submit(one, randomUUID()), writer.submit(one, randomUUID())];
    await expect.poll(() => trips.length).toBe(1);
    await expect(writer.submit(one, randomUUID())).rejects.toMatchObject({ code: 'OVERLOADED' });
    writing.push(writer.submit(other, randomUUID()));
    release();
    expect(await Promise.all(writing)).toHaveLength(3);
    await writer.stop();
  });
});
