// Statements with names: planned once for each connection, and otherwise as those without.
import { expect, test } from 'vitest';
import type { Database, Statement } from '../../src/database/database.ts';
import { describeDatabases } from '../support/database.ts';
import { fresh } from '../support/gateway.ts';

describeDatabases('a statement with a name', (backend) => {
  /** What the connection on which they go knows of a name after them. */
  async function plansAfter(database: Database, name: string, statements: readonly Statement[]) {
    const asked = {
      text: 'SELECT custom_plans::int4 AS custom, generic_plans::int4 AS kept FROM pg_prepared_statements WHERE name = $1',
      values: [name],
    };
    return (await database.pipeline([...statements, asked])).at(-1);
  }

  test('that is written with others takes the plan that is kept, from the first time on', async () => {
    const database = await backend.open();
    const name = fresh('planned');
    const one = { name, text: 'SELECT e.id FROM events e WHERE e.id = $1', values: [null] };
    expect(await plansAfter(database, name, Array<Statement>(7).fill(one))).toEqual([{ custom: 0, kept: 7 }]);
  });

  test('is planned anew by others only where it has no name', async () => {
    const database = await backend.open();
    const name = fresh('mixed');
    const one = { name, text: 'SELECT $1::int AS n', values: [1] };
    await database.query({ text: 'SELECT 1', values: [] });
    await database.pipeline([one, one]);
    await database.query({ text: 'SELECT 1', values: [] });
    expect(await plansAfter(database, name, [one])).toMatchObject([{ custom: 0 }]);
  });

  test('that fails leaves nothing behind, and can be asked again', async () => {
    const database = await backend.open();
    const name = fresh('failing');
    const divide = (by: number) => ({ name, text: 'SELECT 6 / $1::int AS n', values: [by] });
    expect(await database.query(divide(3))).toEqual([{ n: 2 }]);
    await expect(database.query(divide(0))).rejects.toMatchObject({ code: '22012' });
    expect(await database.query(divide(2))).toEqual([{ n: 3 }]);
    await expect(database.pipeline([divide(1), divide(0), divide(1)])).rejects.toMatchObject({
      code: '22012',
    });
    const inside = database.transaction(async (tx) => {
      expect(await tx.query(divide(6))).toEqual([{ n: 1 }]);
      await tx.query(divide(0));
    });
    await expect(inside).rejects.toMatchObject({ code: '22012' });
    expect(await database.pipeline([divide(1), divide(2)])).toEqual([[{ n: 6 }], [{ n: 3 }]]);
  });

  test('whose text is wrong is refused each time, and its name stays free', async () => {
    const database = await backend.open();
    const name = fresh('wrong');
    const wrong = { name, text: 'SELECT nothing_such FROM events', values: [] };
    await expect(database.query(wrong)).rejects.toMatchObject({ code: '42703' });
    await expect(database.query(wrong)).rejects.toMatchObject({ code: '42703' });
    expect(await database.query({ name, text: 'SELECT 1 AS n', values: [] })).toEqual([{ n: 1 }]);
  });

  test('takes and gives values of every type that we use as one without', async () => {
    const database = await backend.open();
    const text = `SELECT $1::int8 AS big, $2::timestamptz AS at, $3::text[] AS texts, $4::jsonb AS json, $5::uuid AS id,
      $6::boolean AS yes, $7::float8 AS part, $8::text AS nothing, $9::uuid[] AS ids, $10::text AS odd`;
    const id = '0192f0c1-2345-7000-8000-000000000000';
    const at = new Date('2026-11-21T12:34:56.789Z');
    const values = [
      2n ** 62n,
      at,
      ['a', 'b,"c"', ''],
      '{"a":[1,"ü"]}',
      id,
      true,
      0.1,
      null,
      [id],
      'ü\t\'"\\\n',
    ];
    const [plain] = await database.query({ text, values });
    const [named] = await database.query({ name: fresh('types'), text, values });
    expect(named).toEqual(plain);
    expect(named).toMatchObject({
      big: 2n ** 62n,
      at,
      texts: ['a', 'b,"c"', ''],
      json: { a: [1, 'ü'] },
      id,
      nothing: null,
    });
  });
});
