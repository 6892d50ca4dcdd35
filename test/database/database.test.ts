// The storage port: what every database behind it does alike.
import { expect, test, vi } from 'vitest';
import { type Database, DatabaseUnavailable } from '../../src/database/database.ts';
import { countStatements, describeDatabases } from '../support/database.ts';

const insertKey = `INSERT INTO api_keys VALUES (gen_random_uuid(), $1, $1, '{}', now())`;

async function keyNames(database: Database): Promise<string[]> {
  const rows = await database.query<{ name: string }>({
    text: 'SELECT name FROM api_keys ORDER BY name',
    values: [],
  });
  return rows.map(({ name }) => name);
}

describeDatabases('the storage port', (backend) => {
  test('gives each type as the port says', async () => {
    const database = await backend.open();
    const text = `SELECT 9007199254740993::int8 AS big, ARRAY[1, NULL]::int8[] AS bigs, 7 AS int, true AS yes,
      'A'::text AS word, ARRAY['a,"', NULL, 'b\\'] AS words, '{"a":[1,"ü"]}'::jsonb AS json, NULL::jsonb AS none,
      '2024-02-29T12:00:00.123Z'::timestamptz AS at, '00000000-0000-7000-8000-000000000001'::uuid AS id,
      'FAILED'::event_status AS status`;
    expect(await database.query({ text, values: [] })).toEqual([
      {
        big: 9007199254740993n,
        bigs: [1n, null],
        int: 7,
        yes: true,
        word: 'A',
        words: ['a,"', null, 'b\\'],
        json: { a: [1, 'ü'] },
        none: null,
        at: new Date('2024-02-29T12:00:00.123Z'),
        id: '00000000-0000-7000-8000-000000000001',
        status: 'FAILED',
      },
    ]);
  });

  test('takes scalars and arrays of them as values, among them enums and JSON as text', async () => {
    const database = await backend.open();
    const at = new Date('2024-02-29T12:00:00.123Z');
    const text = `SELECT n, s::text AS s, j, t, w FROM unnest($1::int8[], $2::event_status[], $3::text[]::jsonb[],
      $4::timestamptz[], $5::text[]) AS u(n, s, j, t, w)`;
    const values = [
      [2n ** 62n, null],
      ['FAILED', null],
      ['{"a":"\\"{,}"}', null],
      [at, null],
      ['x"\\,{}', null],
    ];
    expect(await database.query({ text, values, name: 'arrays' })).toEqual([
      { n: 2n ** 62n, s: 'FAILED', j: { a: '"{,}' }, t: at, w: 'x"\\,{}' },
      { n: null, s: null, j: null, t: null, w: null },
    ]);
    const scalars =
      'SELECT $1::int8 AS n, $2::bool AS b, $3::timestamptz AS t, $4::jsonb AS j, $5::text AS w, $6::int AS i';
    expect(await database.query({ text: scalars, values: [5n, false, at, '[1]', null, 3] })).toEqual([
      { n: 5n, b: false, t: at, j: [1], w: null, i: 3 },
    ]);
  });

  test('passes on a refusal with its SQLSTATE and constraint, and goes on working', async () => {
    const database = await backend.open();
    await database.query({ text: insertKey, values: ['a'] });
    const again = database.query({ text: insertKey, values: ['a'] });
    await expect(again).rejects.toMatchObject({
      code: '23505',
      constraint: 'api_keys_hash_key',
      table: 'api_keys',
    });
    await expect(database.query({ text: 'SELEKT', values: [] })).rejects.toMatchObject({ code: '42601' });
    expect(await keyNames(database)).toEqual(['a']);
  });

  test('leaves no transaction behind when a statement outside of one begins it and fails', async () => {
    const database = await backend.open();
    await database.query({ text: 'SELECT 1/0', values: [] }).catch(() => {});
    await Promise.allSettled([1, 2, 3].map(() => database.query({ text: 'SELECT 1/0', values: [] })));
    expect(await keyNames(database)).toEqual([]);
  });

  test('commits a transaction as a whole, and rolls it back as a whole when its work throws', async () => {
    const database = await backend.open();
    const result = await database.transaction(async (tx) => {
      await tx.query({ text: insertKey, values: ['kept'] });
      return 'done';
    });
    const failing = database.transaction(async (tx) => {
      await tx.exec(`DELETE FROM api_keys; SELECT 1;`);
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect([result, await keyNames(database)]).toEqual(['done', ['kept']]);
  });

  test('does not pass off as committed what was rolled back because a statement had failed', async () => {
    const database = await backend.open();
    const swallowing = database.transaction(async (tx) => {
      await tx.query({ text: insertKey, values: ['lost'] });
      await tx.query({ text: 'SELECT 1/0', values: [] }).catch(() => {});
    });
    await expect(swallowing).rejects.toMatchObject({ code: '25P02' });
    expect(await keyNames(database)).toEqual([]);
  });

  test('refuses a statement that comes after the end of its transaction', async () => {
    const database = await backend.open();
    const late = await database.transaction(
      async (tx) => () => tx.query({ text: insertKey, values: ['late'] }),
    );
    await expect(late()).rejects.toThrow('after the end of its transaction');
    expect(await keyNames(database)).toEqual([]);
  });

  test('keeps apart transactions and queries that run at the same time', async () => {
    const database = await backend.open();
    const counts = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        if (i % 2)
          return database.query<{ n: bigint }>({ text: 'SELECT count(*) AS n FROM api_keys', values: [] });
        return database.transaction(async (tx) => {
          await tx.query({ text: insertKey, values: [`first-${i}`] });
          await tx.query({ text: insertKey, values: [`second-${i}`] });
          return [{ n: 0n }];
        });
      }),
    );
    expect(counts.every(([row]) => row!.n % 2n === 0n)).toBe(true);
    expect(await keyNames(database)).toHaveLength(20);
  });

  test('gives a hint at once and then one for each notification, until it is stopped', async () => {
    const database = await backend.open();
    const hints: string[] = [];
    const others: string[] = [];
    const stop = await database.listen('odd "channel"; name', (payload) => hints.push(payload));
    await database.listen('odd "channel"; name', (payload) => others.push(payload));
    expect([hints, others]).toEqual([[''], ['']]);
    const notify = { text: 'SELECT pg_notify($1, $2)', values: ['odd "channel"; name', 'news'] };
    await database.query(notify);
    await vi.waitFor(() =>
      expect([hints, others]).toEqual([
        ['', 'news'],
        ['', 'news'],
      ]),
    );
    await stop();
    await stop();
    await database.query(notify);
    await vi.waitFor(() => expect(others).toHaveLength(3));
    expect(hints).toHaveLength(2);
  });

  test('counts the statements that pass, also within transactions', async () => {
    const counting = countStatements(await backend.open());
    await counting.query({ text: 'SELECT 1', values: [] });
    await counting.transaction((tx) => tx.query({ text: 'SELECT 2', values: [] }));
    expect(counting.statements).toEqual(['SELECT 1', 'SELECT 2']);
  });
});

describeDatabases('closing the database', (backend) => {
  test('is done once, and leaves a database that says it cannot be reached', async () => {
    const database = await backend.open();
    expect(await database.reachable()).toBe(true);
    const last = database.query({ text: 'SELECT 1 AS one', values: [] });
    await Promise.all([database.close(), database.close()]);
    expect(await last).toEqual([{ one: 1 }]);
    expect(await database.reachable()).toBe(false);
    await expect(database.query({ text: 'SELECT 1', values: [] })).rejects.toThrow(DatabaseUnavailable);
    await expect(database.transaction(async () => 1)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });
});
