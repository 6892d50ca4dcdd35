// Conditions as SQL, held to the same table as those in process, and to the same answers on anything else.
import fc from 'fast-check';
import sql, { join, raw, type Sql } from 'sql-template-tag';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { CheckedConditions } from '../../src/domain/conditions/conditions.ts';
import { checkConditions, type ConditionsInput } from '../../src/domain/conditions/check-conditions.ts';
import { type Conditionable, conditionsMatch } from '../../src/domain/conditions/match-conditions.ts';
import { conditionsSql } from '../../src/store/events/conditions-sql.ts';
import { columns } from '../../src/store/events/event-columns.ts';
import {
  anyConditions,
  anyEvent,
  type Case,
  fieldCases,
  fieldRows,
  joinedCases,
  jsonCases,
  jsonRows,
  namesIn,
  plain,
  type Rows,
  uuid,
} from '../domain/conditions/condition-cases.ts';
import { describeDatabases } from '../support/database.ts';
import { composedOnce } from '../support/gateway.ts';

/** Rows of `events`, as they would be stored. */
function asTable(events: readonly Conditionable[]): Sql {
  const rows = events.map((event, n) => ({
    position: n,
    created_position: n,
    job: false,
    ...Object.fromEntries(
      Object.entries(event).map(([field, value]) => [
        columns[field as keyof Conditionable],
        value as unknown,
      ]),
    ),
  }));
  return sql`jsonb_populate_recordset(NULL::events, ${JSON.stringify(rows)}::text::jsonb)`;
}

/** For each of the conditions, whether it lets each row of `from` through; the rows are in order. */
async function answers(
  database: Database,
  from: Sql,
  all: readonly (CheckedConditions | null)[],
  alias?: string,
): Promise<boolean[][]> {
  const held = all.map((checked) => (checked === null ? sql`true` : conditionsSql(checked, alias)));
  const rows = await database.query<{ held: (boolean | null)[] }>(
    sql`SELECT ARRAY[${join(held)}] AS held FROM ${from} AS ${raw(alias ?? 'e')}
      ORDER BY ${raw(alias ?? 'e')}.position`,
  );
  return all.map((_, n) => rows.map((row) => row.held[n] === true));
}

const inputOf = ([key, comparison, value]: Case): ConditionsInput => ({
  conditions: [{ key, comparison, value }],
});
const wordOf = ([key, comparison, value]: Case) => `${key} ${comparison} ${JSON.stringify(value)}`;

type Asked = readonly [what: string, input: ConditionsInput, expected: string];
const asked = (cases: readonly Case[]): Asked[] =>
  cases.map((each) => [wordOf(each), inputOf(each), each[3]]);

describeDatabases('Conditions as SQL', (backend) => {
  const gateway = composedOnce(backend);

  test.each<[string, Rows, readonly Asked[]]>([
    ['on paths', jsonRows, asked(jsonCases)],
    ['on fields', fieldRows, asked(fieldCases)],
    ['joined', jsonRows, joinedCases],
  ])('%s select what the table says', async (_what, rows, cases) => {
    const names = Object.keys(rows);
    const all = cases.map(([, input]) => checkConditions(input));
    const held = await answers(gateway().database, asTable(Object.values(rows)), all);
    const found = cases.map(([what], n) => [what, names.filter((_name, row) => held[n]?.[row])]);
    expect(found).toEqual(cases.map(([what, , expected]) => [what, namesIn(rows, expected)]));
  });

  test('give the same answers as in process, whatever the conditions and events', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyConditions, { minLength: 30, maxLength: 30, size: 'max' }),
        fc.array(anyEvent, { minLength: 30, maxLength: 30, size: 'max' }),
        async (inputs, events) => {
          const all = inputs.map((input) => checkConditions(input));
          const held = await answers(gateway().database, asTable(events), all);
          all.forEach((checked, n) => {
            const here = events.map((event) => checked === null || conditionsMatch(checked, event));
            expect({ checked, held: held[n] }).toEqual({ checked, held: here });
          });
        },
      ),
      { numRuns: 25 },
    );
  });

  test('are on whatever the row is called', async () => {
    const checked = checkConditions({
      conditions: [
        { key: 'payload/v', value: 1 },
        { key: 'topic', value: 'json' },
      ],
    });
    const held = await answers(gateway().database, asTable(Object.values(jsonRows)), [checked], 'source');
    expect(held[0]?.filter(Boolean)).toHaveLength(1);
  });

  test('do not fail on numbers that no caller can send, nor on a path as long as a key can be', async () => {
    const row = { ...plain, payload: { v: 'HUGE', w: [1] } };
    const from = asTable([row]);
    const huge = sql`(SELECT (jsonb_populate_record(r, '{"payload": {"v": ${raw(`1${'0'.repeat(400)}.5`)}}}')).*
      FROM ${from} r)`;
    const all = (['EQ', 'NE', 'LT', 'GT', 'LTE', 'GTE'] as const).map((comparison) =>
      checkConditions({ conditions: [{ key: 'payload/v', comparison, value: 1e300 }] }),
    );
    const long = `payload${'/v'.repeat(246)}`;
    const far = checkConditions({
      operator: 'OR',
      conditions: Array.from({ length: 100 }, (_, n) => ({ key: long, comparison: 'GT' as const, value: n })),
    });
    const held = await answers(gateway().database, huge, [...all, far]);
    expect(held.map(([first]) => first)).toEqual([false, true, false, true, false, true, false]);
  });

  describe('in a list of events', () => {
    const query = `query ($filter: EventFilter) { events(filter: $filter, orderBy: {by: CREATED, direction: ASC}) {
      totalCount totalIsExact nodes { payload } } }`;
    interface Listed {
      readonly events: {
        readonly totalCount: number;
        readonly totalIsExact: boolean;
        readonly nodes: readonly { readonly payload: { readonly n: number } }[];
      };
    }

    async function send() {
      const ids: string[] = [];
      for (const [n, v] of ['a', 'B', 1, ['x', 'y'], { deep: true }].entries()) {
        const dependsOn = ids[0];
        const input = { topic: n % 2 ? 'odd' : 'even', project: n < 3 ? 'p' : 'q', payload: { n, v } };
        ids.push(await gateway().send({ ...input, sender: `s"${n}`, ...(dependsOn && { dependsOn }) }));
      }
      return ids;
    }

    test('select, page and count', async () => {
      const ids = await send();
      const list = async (conditions: object, others: object = {}) => {
        const { data, errors } = await gateway().ask<Listed>(query, {
          filter: { conditions, requestIds: null, ...others },
        });
        expect(errors).toEqual([]);
        const found = data!.events.nodes.map(({ payload }) => payload.n);
        expect([data!.events.totalCount, data!.events.totalIsExact]).toEqual([found.length, true]);
        return found;
      };
      const one = (key: string, comparison: string, value?: unknown) =>
        list({ conditions: [{ key, comparison, value }] });
      expect(await list({ conditions: [] })).toEqual([0, 1, 2, 3, 4]);
      expect(await list({ conditions: [{ key: 'payload/v', value: 'a' }] })).toEqual([0]);
      expect(await one('payload.v', 'LIKE', 'b')).toEqual([1]);
      expect(await one('payload.n', 'GTE', 3)).toEqual([3, 4]);
      expect(await one('payload/v', 'INCLUDESANY', ['y', 'z'])).toEqual([3]);
      expect(await one('payload/v/deep', 'NE', false)).toEqual([4]);
      expect(await one('depends_on', 'ISNULL')).toEqual([0]);
      expect(await one('dependsOn', 'EQ', ids[0])).toEqual([1, 2, 3, 4]);
      expect(await one('sender', 'IN', ['s"1', 's"2'])).toEqual([1, 2]);
      expect(await list({ conditions: [{ key: 'topic', value: 'odd' }] }, { projects: ['p'] })).toEqual([1]);
      expect(await list({ conditions: [{ key: 'topic', comparison: 'IN', value: [] }] })).toEqual([]);
      const either = {
        operator: 'OR',
        conditions: [
          { key: 'payload/n', value: 0 },
          {
            nested: {
              conditions: [
                { key: 'topic', value: 'odd' },
                { key: 'project', value: 'q' },
              ],
            },
          },
        ],
      };
      expect(await list(either)).toEqual([0, 3]);
    });

    test('are refused with what is wrong', async () => {
      const refused = async (condition: string) => {
        const document = `{ events(filter: {conditions: {conditions: [${condition}]}}) { totalCount } }`;
        const { errors } = await gateway().ask(document);
        return errors[0]?.extensions.code;
      };
      expect(await refused('{key: "nothing"}')).toBe('INVALID_FILTER');
      expect(await refused('{key: "payload/n", value: 12345678901234567890}')).toBe('INVALID_FILTER');
      expect(await refused('{}')).toBe('INVALID_FILTER');
      expect(await refused(Array.from({ length: 101 }, () => '{key: "topic", value: "a"}').join())).toBe(
        'LIMIT_EXCEEDED',
      );
    });
  });

  test('exhausted selects jobs that failed and have no run left, or all others', async () => {
    const database = gateway().database;
    const ids = await Promise.all(
      ['over', 'waits', 'aborted', 'no job'].map((requestId) => gateway().send({ topic: 'job', requestId })),
    );
    const statuses = ['FAILED', 'FAILED', 'ABORTED', 'FAILED'];
    await database.query({
      text: `UPDATE events SET status = t.status FROM unnest($1::uuid[], $2::event_status[]) AS t(id, status)
        WHERE events.id = t.id`,
      values: [ids, statuses],
    });
    const insert = (id: string, readyAt: string | null) =>
      database.query({
        text: `INSERT INTO jobs (event_id, source_id, position, source_position, ready_at, attempt, max_retries,
            retry_delay_ms, lease_ms, last_run, target, consumer)
          VALUES ($1::uuid, $1::uuid, 1, 1, $2::timestamptz, 1, 1, 1, 1000, false, 'job', 'w')`,
        values: [id, readyAt],
      });
    await insert(ids[0]!, null);
    await insert(ids[1]!, '2030-01-01T00:00:00Z');
    await insert(ids[2]!, null);
    const list = async (filter: object) => {
      const query = `query ($filter: EventFilter) { events(filter: $filter, orderBy: {by: CREATED, direction: ASC}) {
        totalCount nodes { requestId } } }`;
      const { data } = await gateway().ask<{
        events: { totalCount: number; nodes: { requestId: string }[] };
      }>(query, { filter: { topics: ['job'], ...filter } });
      const found = data!.events.nodes.map(({ requestId }) => requestId).sort();
      expect(data!.events.totalCount).toBe(found.length);
      return found;
    };
    expect(await list({ exhausted: true })).toEqual(['over']);
    expect(await list({ exhausted: false })).toEqual(['aborted', 'no job', 'waits']);
    expect(await list({ exhausted: null })).toHaveLength(4);
    expect(await list({ exhausted: true, statuses: ['ABORTED'] })).toEqual([]);
    expect(await list({ exhausted: true, statuses: ['FAILED', 'ABORTED'] })).toEqual(['over']);
    expect(
      await list({ exhausted: true, conditions: { conditions: [{ key: 'topic', value: 'none' }] } }),
    ).toEqual([]);
  });

  test('of a long and nested filter are asked as one statement', async () => {
    const conditions = Array.from({ length: 100 }, (_, n) => ({
      key: `payload/${'k/'.repeat(100)}v`,
      comparison: 'NOTIN' as const,
      value: [n, String(n), uuid(n)],
    }));
    const answer = await gateway().operations.listEvents(
      { conditions: { operator: 'OR', conditions } },
      { by: 'CREATED', direction: 'ASC' },
      { first: 10 },
      [],
    );
    expect(answer.rows).toEqual([]);
  });
});
