// The rate of events: right at any time, whoever counts, and within what a caller may see.
import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { countEntries } from '../../src/store/figures/event-counts.ts';
import type { Database } from '../../src/database/database.ts';
import type { Caller } from '../../src/operations/callers.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { composedForEach, type Composed, tester } from '../support/gateway.ts';
import { plansOf, recording, wholeReads } from '../support/plans.ts';

const query = `query Rate($from: DateTime!, $to: DateTime!, $steps: Int, $filter: EventFilter) {
  eventRate(from: $from, to: $to, steps: $steps, filter: $filter) { at sent finished failed }
}`;

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

interface Rate {
  readonly at: string;
  readonly sent: number;
  readonly finished: number;
  readonly failed: number;
}

interface Asked {
  readonly from: Date;
  readonly to: Date;
  readonly steps?: number;
  readonly filter?: object;
}

async function rates(gateway: Composed, asked: Asked, caller: Caller = tester): Promise<readonly Rate[]> {
  const { from, to, ...more } = asked;
  const variables = { from: from.toISOString(), to: to.toISOString(), ...more };
  const { data, errors } = await gateway.askAs<any>(caller, query, variables);
  expect(errors).toEqual([]);
  return data.eventRate;
}

function sumOf(steps: readonly Rate[]) {
  const sum = (name: 'sent' | 'finished' | 'failed') => steps.reduce((total, step) => total + step[name], 0);
  return { sent: sum('sent'), finished: sum('finished'), failed: sum('failed') };
}

/** Entries of the log over the last days, in order of time, of all kinds, statuses, some topics and projects. */
async function writeHistory(database: Database, count: number, days: number): Promise<void> {
  await database.query({
    text: `INSERT INTO log (position, event_id, kind, from_status, status, at, topic, request_id, node_id, project)
      SELECT nextval('log_positions'), gen_random_uuid(), k.kind::change_kind, k.from_status::event_status, k.status::event_status,
        date_trunc('milliseconds', now() - (1 - n / $1::float8) * $2::int * interval '1 day'),
        (ARRAY['a', 'b.c', 'b.d', 'throughline.audit.x'])[1 + n * 7 % 4], 'r', 'n', (ARRAY[NULL, 'p', 'q'])[1 + n * 5 % 3]
      FROM generate_series(1, $1::int) AS n CROSS JOIN LATERAL (SELECT (ARRAY[
        '{CREATED,,FINISHED}', '{CREATED,,PENDING}', '{STATUS,PENDING,FAILED}', '{STATUS,FAILED,FINISHED}', '{UPDATED,,FAILED}',
        '{STATUS,,FINISHED}', '{DELETED,,FINISHED}'])[1 + n * 11 % 7] AS text) t
        CROSS JOIN LATERAL (SELECT split_part(btrim(text, '{}'), ',', 1) AS kind, nullif(split_part(btrim(text, '{}'), ',', 2), '') AS from_status,
          split_part(btrim(text, '{}'), ',', 3) AS status) k
      ORDER BY n`,
    values: [count, days],
  });
}

/** The same out of the log, entry by entry. */
async function expected(database: Database, steps: readonly Rate[], to: Date, condition: string) {
  const bounds = [...steps.map(({ at }) => at), to.toISOString()];
  const rows = await database.query<{ step: number; sent: number; finished: number; failed: number }>({
    text: `SELECT width_bucket(at, $1::timestamptz[]) - 1 AS step, sum((kind = 'CREATED')::int)::int4 AS sent,
        sum((status = 'FINISHED' AND kind IN ('CREATED', 'STATUS') AND (kind = 'CREATED' OR from_status IS NOT NULL))::int)::int4 AS finished,
        sum((status = 'FAILED' AND kind IN ('CREATED', 'STATUS') AND (kind = 'CREATED' OR from_status IS NOT NULL))::int)::int4 AS failed
      FROM log WHERE ${condition} GROUP BY 1`,
    values: [bounds],
  });
  return steps.map(({ at }, n) => {
    const { sent = 0, finished = 0, failed = 0 } = rows.find(({ step }) => step === n) ?? {};
    return { at, sent, finished, failed };
  });
}

const filters = [
  [undefined, 'true'],
  [{ topics: ['a'] }, `topic = 'a'`],
  [{ topics: ['b.*', 'a'] }, `topic IN ('a', 'b.c', 'b.d')`],
  [{ projects: ['p'] }, `project = 'p'`],
  [{ topics: ['b.d'], projects: ['q'] }, `topic = 'b.d' AND project = 'q'`],
  [{ topics: [] }, 'false'],
] as const;

describeDatabases('The rate of events', (backend) => {
  const gateway = composedForEach(backend);

  test('is that of the log, however much of it is counted, for any range, steps and filter', async () => {
    const { database, counter } = gateway();
    await writeHistory(database, 3_000, 30);
    const now = Date.now();
    const ranges = [
      { from: new Date(now - 30 * day), to: new Date(now + hour), steps: 60 },
      { from: new Date(now - 7 * day - 12_345), to: new Date(now), steps: 500 },
      { from: new Date(now - 5 * hour), to: new Date(now), steps: 7 },
      { from: new Date(now - 2 * hour), to: new Date(now), steps: 500 },
    ];
    const compare = async () => {
      for (const range of ranges)
        for (const [filter, condition] of filters) {
          const steps = await rates(gateway(), { ...range, ...(filter && { filter }) });
          expect(steps).toHaveLength(range.steps);
          const isWide = range.to.getTime() - range.from.getTime() >= range.steps * minute;
          const unit = !isWide ? 1 : range.from.getTime() > now - 8 * day ? minute : hour;
          const isTopic =
            filter !== undefined &&
            unit === minute &&
            range.to.getTime() - range.from.getTime() >= range.steps * hour;
          const end = new Date(
            Math.ceil(range.to.getTime() / (isTopic ? hour : unit)) * (isTopic ? hour : unit),
          );
          expect(steps).toEqual(await expected(database, steps, end, condition));
        }
    };
    await compare();
    // A part, and then the rest.
    expect(await countEntries(database, 1_000)).toBe(1_000);
    await counter.catchUp();
    await compare();
    await writeHistory(database, 50, 0);
    await compare();
  });

  test('counts what is sent, finished and fails now, exactly, in steps of less than a minute', async () => {
    const from = new Date();
    const id = await gateway().send({ topic: 'job', finished: false });
    await gateway().send({ topic: 'fact' });
    await gateway().operations.updateEvent(tester, { id, status: 'FAILED' });
    await gateway().operations.updateEvent(tester, { id, status: 'RESTARTED' });
    await gateway().operations.updateEvent(tester, { id, status: 'FINISHED' });
    const steps = await rates(gateway(), { from, to: new Date(from.getTime() + minute), steps: 4 });
    expect(steps.map(({ at }) => Date.parse(at) - from.getTime())).toEqual([0, 15_000, 30_000, 45_000]);
    expect(sumOf(steps)).toEqual({ sent: 2, finished: 2, failed: 1 });
    const wide = { from, to: new Date(from.getTime() + 2 * hour), steps: 2 };
    expect(sumOf(await rates(gateway(), wide))).toEqual({ sent: 2, finished: 2, failed: 1 });
    await gateway().operations.deleteEvent(tester, id);
    await gateway().counter.catchUp();
    expect(sumOf(await rates(gateway(), wide))).toEqual({ sent: 2, finished: 2, failed: 1 });
  });

  test('may be of other fields, as the events are now, over a bounded part of the log', async () => {
    const from = new Date();
    const to = new Date(from.getTime() + hour);
    const user = await gateway().send({ topic: 'a', user: 'ada' });
    await gateway().send({ topic: 'b', user: 'ada', finished: false });
    await gateway().send({ topic: 'a', user: 'bob' });
    const of = async (filter: object) => sumOf(await rates(gateway(), { from, to, filter })).sent;
    expect(await of({ users: ['ada'] })).toBe(2);
    expect(await of({ users: ['ada'], topics: ['a'] })).toBe(1);
    expect(await of({ users: ['ada'], statuses: ['PENDING'] })).toBe(1);
    expect(await of({ ids: [user] })).toBe(1);
    await gateway().database.query({
      text: `INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
        SELECT nextval('log_positions'), gen_random_uuid(), 'CREATED', 'FINISHED', now(), 'many', 'r', 'n'
        FROM generate_series(1, $1::int)`,
      values: [limits.rateFilteredEntries],
    });
    const variables = { from: from.toISOString(), to: to.toISOString() };
    const refusalOf = async (more: object) =>
      (await gateway().ask(query, { ...variables, ...more })).errors[0]?.extensions.code;
    expect(await refusalOf({ filter: { users: ['ada'] } })).toBe('LIMIT_EXCEEDED');
    expect(await of({ users: ['ada'], topics: ['a'] })).toBe(1);
    expect(await refusalOf({ filter: { text: 'x' } })).toBe('BAD_USER_INPUT');
    expect(
      await refusalOf({ filter: { conditions: { conditions: [{ key: 'payload.x', value: 1 }] } } }),
    ).toBe('BAD_USER_INPUT');
  });

  test('is within the rows of the caller, and the audit is hidden', async () => {
    await writeHistory(gateway().database, 700, 2);
    const [from, to] = [new Date(Date.now() - 3 * day), new Date(Date.now() + hour)];
    const none = { projects: null, topics: null, requestIds: null };
    const callers: readonly (readonly [Partial<Caller>, string])[] = [
      [{ scopes: ['metrics:read'] }, `topic NOT LIKE 'throughline.%'`],
      [{ scopes: ['metrics:read', 'audit:read'] }, 'true'],
      [
        { scopes: ['events:read'], rows: { ...none, projects: ['p'] } },
        `project = 'p' AND topic NOT LIKE 'throughline.%'`,
      ],
      [{ scopes: ['events:read'], rows: { ...none, topics: ['b.*', 'throughline.*'] } }, `topic LIKE 'b.%'`],
      [
        { scopes: ['events:read'], rows: { ...none, topics: ['a', 'b.c'], projects: ['q'] } },
        `topic IN ('a', 'b.c') AND project = 'q'`,
      ],
      [{ scopes: ['events:read'], rows: { ...none, requestIds: ['other'] } }, 'false'],
    ];
    for (const isCounted of [false, true]) {
      for (const [caller, condition] of callers) {
        const steps = await rates(gateway(), { from, to, steps: 3 }, { ...tester, ...caller });
        const end = new Date(Math.ceil(to.getTime() / hour) * hour);
        expect({ condition, steps }).toEqual({
          condition,
          steps: await expected(gateway().database, steps, end, condition),
        });
      }
      if (!isCounted) {
        await gateway().counter.catchUp();
        await gateway().counter.catchUp();
      }
    }
    const reader = { ...tester, scopes: ['metrics:read'] };
    const variables = { from: from.toISOString(), to: to.toISOString(), filter: { users: ['ada'] } };
    expect((await gateway().askAs(reader, query, variables)).errors[0]?.extensions).toMatchObject({
      code: 'FORBIDDEN',
      scope: 'events:read',
    });
  });

  test('has bounds: an order of times, steps, the age of short steps, and what is not counted yet', async () => {
    const now = Date.now();
    const codeOf = async (from: number, to: number, steps: number, filter: object | null = null) => {
      const variables = { from: new Date(from).toISOString(), to: new Date(to).toISOString(), steps, filter };
      return (await gateway().ask(query, variables)).errors[0]?.extensions.code;
    };
    expect(await codeOf(now, now, 1)).toBe('BAD_USER_INPUT');
    expect(await codeOf(now, now + 1, 2)).toBe('BAD_USER_INPUT');
    for (const steps of [-1, 0, limits.rateSteps + 1])
      expect(await codeOf(now - hour, now, steps)).toBe('BAD_USER_INPUT');
    expect(await codeOf(now - 9 * day, now - 8.5 * day, 12)).toBeUndefined();
    expect(await codeOf(now - 9 * day, now - 8.5 * day, 13)).toBe('LIMIT_EXCEEDED');
    expect(await codeOf(now - 500 * day, now, limits.rateSteps)).toBeUndefined();
    expect(await codeOf(now - 402 * day, now - 400 * day, 3)).toBe('LIMIT_EXCEEDED');
    await gateway().database.query({
      text: `INSERT INTO log (position, event_id, kind, status, at, topic, request_id, node_id)
        SELECT nextval('log_positions'), gen_random_uuid(), 'CREATED', 'FINISHED', now(), 'many', 'r', 'n'
        FROM generate_series(1, $1::int)`,
      values: [limits.rateEntries + 1],
    });
    expect(await codeOf(now - minute, now + hour, 60)).toBe('OVERLOADED');
    expect(await codeOf(now - minute, now + minute, 60)).toBe('LIMIT_EXCEEDED');
  });

  test('reads no table whole', async () => {
    const { database, statements } = recording(gateway().database);
    const { createFigureOperations } = await import('../../src/operations/figures/figures.ts');
    const { presence, writer } = gateway();
    const operations = createFigureOperations({ database, presence, writer });
    const [from, to] = [new Date(Date.now() - day), new Date()];
    for (const filter of [
      null,
      { topics: ['a'] },
      { topics: ['a*'] },
      { users: ['u'] },
      { users: ['u'], topics: ['a'] },
    ])
      for (const steps of [24, 500]) await operations.eventRate({ from, to, steps, filter });
    await countEntries(database, 10);
    for (const statement of statements)
      for (const plan of await plansOf(gateway().database, statement)) expect(wholeReads(plan)).toEqual([]);
  });
});

describePostgres('The counts of events', (backend) => {
  const gateway = composedForEach(backend);

  test('are right when several gateways count while others write', async () => {
    const others = [await backend.openAnother(), await backend.openAnother()];
    await gateway().counter.catchUp();
    let isOver = false;
    const counting = [gateway().database, ...others].map(async (database) => {
      while (!isOver) await countEntries(database, 7);
    });
    const from = new Date(Date.now() - minute);
    for (let n = 0; n < 20; n += 1)
      await Promise.all(
        Array.from({ length: 10 }, (_, m) => gateway().send({ topic: `t.${m % 3}`, project: `p${m % 2}` })),
      );
    isOver = true;
    await Promise.all(counting);
    await gateway().counter.catchUp();
    const steps = await rates(gateway(), { from, to: new Date(Date.now() + hour), steps: 2 });
    expect(sumOf(steps)).toEqual({ sent: 200, finished: 200, failed: 0 });
    const [stored] = await gateway().database.query<{ sent: number }>({
      text: `SELECT sum(sent)::int4 AS sent FROM event_counts WHERE span = 60 AND topic = '*'`,
      values: [],
    });
    expect(stored?.sent).toBe(200);
  });

  test('are not moved by a statement that did not commit', async () => {
    await gateway().counter.catchUp();
    await gateway().send();
    const failure = new Error('no');
    const counting = gateway().database.transaction(async (tx) => {
      expect(await tx.query({ text: 'SELECT 1 AS one', values: [] })).toHaveLength(1);
      await countEntries(tx as unknown as Database, 10);
      throw failure;
    });
    await expect(counting).rejects.toBe(failure);
    expect(await countEntries(gateway().database, 10)).toBe(1);
    expect(await countEntries(gateway().database, 10)).toBe(0);
  });
});
