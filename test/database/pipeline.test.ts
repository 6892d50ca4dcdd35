// Several statements in one trip and one transaction, and JSON in Postgres' binary form.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchedQuery, perform, together } from '../../src/database/batched-query.ts';
import type { Database, Statement } from '../../src/database/database.ts';
import { jsonArray } from '../../src/database/json-array.ts';
import { prepared } from '../../src/database/prepared.ts';
import { describeDatabases } from '../support/database.ts';

const insert = (name: string): Statement => ({
  text: `INSERT INTO api_keys VALUES (gen_random_uuid(), $1, $1, '{}', now()) RETURNING name`,
  values: [name],
});
const names: Statement = { text: 'SELECT name FROM api_keys ORDER BY name', values: [] };

describeDatabases('a pipeline', (backend) => {
  test('answers each statement in order, which sees what those before it did', async () => {
    const database = await backend.open();
    expect(await database.pipeline([insert('a'), names, insert('b'), names])).toEqual([
      [{ name: 'a' }],
      [{ name: 'a' }],
      [{ name: 'b' }],
      [{ name: 'a' }, { name: 'b' }],
    ]);
  });

  test('leaves nothing behind where one fails, says how that one failed, and goes on working', async () => {
    const database = await backend.open();
    const failing = database.pipeline([insert('a'), insert('b'), insert('a'), insert('c')]);
    await expect(failing).rejects.toMatchObject({ code: '23505', constraint: 'api_keys_hash_key' });
    expect(await database.query(names)).toEqual([]);
    expect(await database.pipeline([insert('a')])).toEqual([[{ name: 'a' }]]);
  });

  test('is kept apart from other statements at the same time', async () => {
    const database = await backend.open();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, (_, n) => {
        if (n % 3 === 0) return database.pipeline([insert(`p${n}`), insert(`q${n}`)]);
        if (n % 3 === 1) return database.pipeline([insert(`x${n}`), { text: 'SELECT 1/0', values: [] }]);
        return database.query(insert(`s${n}`));
      }),
    );
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(10);
    const written = (await database.query<{ name: string }>(names)).map(({ name }) => name[0]);
    expect([...new Set(written)].sort()).toEqual(['p', 'q', 's']);
    expect(written).toHaveLength(30);
  });

  test('answers each statement of a batch, in one round trip', async () => {
    const database = await backend.open();
    const trips: number[] = [];
    const watched: Pick<Database, 'pipeline'> = {
      pipeline: (statements) => (trips.push(statements.length), database.pipeline(statements)),
    };
    const named = (name: string) => batchedQuery(insert(name), (rows) => rows.length);
    expect(await perform(watched, together([named('a')]))).toEqual([1]);
    expect(await perform(watched, together([named('b'), named('c'), named('d')]))).toEqual([1, 1, 1]);
    expect(await perform(watched, together([]))).toEqual([]);
    expect(trips).toEqual([1, 3]);
  });
});

describeDatabases('a list of JSON texts', (backend) => {
  test('reaches the database as it is, whatever is in it', async () => {
    const database = await backend.open();
    const value = fc.option(fc.jsonValue({ maxDepth: 3, stringUnit: 'grapheme' }), { nil: undefined });
    const storable = (text: string | null) => text === null || !/\\u0000|\\ud[89a-f]/i.test(text);
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const texts = values
          .map((item) => (item === undefined ? null : JSON.stringify(item)))
          .filter(storable);
        fc.pre(texts.length > 0);
        const statement = {
          text: 'SELECT n::int4 AS n, ($1::jsonb[])[n] IS NULL AS none, ($1::jsonb[])[n] AS json FROM generate_series(1, $2) n',
          values: [jsonArray(texts), texts.length],
        };
        expect(await database.query(statement)).toEqual(
          texts.map((text, at) => ({
            n: at + 1,
            none: text === null,
            json: text === null ? null : JSON.parse(text),
          })),
        );
      }),
      { numRuns: 60 },
    );
  });
});

test('forms of statements have a name each, and the same one again, up to five hundred', () => {
  const form = (n: number) => prepared({ text: `SELECT ${n}`, values: [n] });
  const first = Array.from({ length: 600 }, (_, n) => form(n));
  const named = first.filter(({ name }) => name !== undefined);
  expect(named.length).toBeLessThanOrEqual(500);
  expect(named.length).toBeGreaterThan(400);
  expect(new Set(named.map(({ name }) => name)).size).toBe(named.length);
  expect(form(0).name).toBe(first[0]!.name);
  expect(form(599)).toEqual({ text: 'SELECT 599', values: [599] });
});
