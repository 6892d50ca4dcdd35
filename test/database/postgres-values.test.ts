// Times as Postgres writes them.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseTime } from '../../src/database/postgres/values.ts';
import { describePostgres } from '../support/database.ts';

const written = (time: Date) => time.toISOString().replace('T', ' ').replace('Z', '+00');

test('a time in UTC is the same after its trip through text, to the millisecond', () => {
  const [min, max] = [new Date('0001-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59.999Z')];
  fc.assert(
    fc.property(fc.date({ min, max, noInvalidDate: true }), (time) => {
      expect(parseTime(written(time))).toEqual(time);
    }),
  );
});

test.each([
  ['2024-02-29 12:00:00+00', '2024-02-29T12:00:00.000Z'],
  ['2024-02-29 12:00:00.1+00', '2024-02-29T12:00:00.100Z'],
  ['2024-02-29 12:00:00.123+05:30', '2024-02-29T06:30:00.123Z'],
  ['12024-02-29 12:00:00+00', '+012024-02-29T12:00:00.000Z'],
  ['0044-03-15 12:00:00+00 BC', '-000043-03-15T12:00:00.000Z'],
])('%s is read as %s', (text, iso) => {
  expect((parseTime(text) as Date).toISOString()).toBe(iso);
});

describePostgres('times that a server writes', (backend) => {
  test('are the instants that were stored, whatever the time zone of the server', async () => {
    const database = await backend.open();
    const times = ['2024-02-29T12:00:00.123Z', '1969-07-20T20:17:40Z', '9999-12-31T23:59:59.999Z'];
    const text = 'SELECT at FROM unnest($1::timestamptz[]) AS t(at)';
    const rows = await database.query<{ at: Date }>({ text, values: [times.map((time) => new Date(time))] });
    expect(rows.map(({ at }) => at.toISOString())).toEqual(times.map((time) => new Date(time).toISOString()));
    const [zone] = await database.query<object>({ text: 'SHOW TimeZone', values: [] });
    expect(zone).toEqual({ TimeZone: 'UTC' });
  });
});
