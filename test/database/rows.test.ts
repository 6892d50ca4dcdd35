// Rows as objects: whatever the number of their columns, and however often they are asked for.
import { expect, test } from 'vitest';
import { asObjects } from '../../src/database/rows.ts';
import { describeDatabases } from '../support/database.ts';

describeDatabases('rows of few and of many columns', (backend) => {
  test('have each value under the name of its column', async () => {
    const database = await backend.open();
    for (const columns of [1, 15, 16, 40]) {
      const names = Array.from({ length: columns }, (_, n) => `column "${n}" of ${columns}, é`);
      const select = names.map((name, n) => `i * 100 + ${n} AS "${name.replaceAll('"', '""')}"`).join();
      const statement = { text: `SELECT ${select} FROM generate_series(1, $1::int) i`, values: [3] };
      for (let times = 0; times < 2; times += 1) {
        const rows = await database.query(statement);
        expect(rows.map((row) => Object.entries(row))).toEqual(
          [100, 200, 300].map((first) => names.map((name, n) => [name, first + n])),
        );
      }
    }
  });
});

test('rows are made one by one: to change one leaves the others as they are', () => {
  const fields = Array.from({ length: 20 }, (_, n) => ({ name: `f${n}` }));
  const values = fields.map((_, n) => n);
  const [one, other] = asObjects(fields, [values, values]) as Record<string, number>[];
  one!.f3 = -1;
  expect(other!.f3).toBe(3);
  expect(asObjects(fields, [values])).toEqual([other]);
  expect(asObjects(fields, [])).toEqual([]);
});
