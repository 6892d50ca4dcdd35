// Failed events by topic and error.
import { describe, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { describeDatabases } from '../support/database.ts';
import { type Composed, composedForEach, tester } from '../support/gateway.ts';
import { plansOf, recording, wholeReads } from '../support/plans.ts';
import { readFailureGroups } from '../../src/store/figures/failures.ts';

const query = `query Failures($from: DateTime, $first: Int) { failures(from: $from, first: $first) {
  topic code message count lastAt sample { id topic status error { message } }
} }`;

interface Failure {
  readonly message?: string;
  readonly code?: string;
  readonly project?: string;
}

/** Its id. */
async function fail(
  gateway: Composed,
  topic: string,
  { project, message, code }: Failure = {},
): Promise<string> {
  const id = await gateway.send({ topic, finished: false, ...(project && { project }) });
  const error = message === undefined ? {} : { error: { message, ...(code !== undefined && { code }) } };
  await gateway.operations.updateEvent(tester, { id, status: 'FAILED', ...error });
  return id;
}

describeDatabases('Failures', (backend) => {
  const gateway = composedForEach(backend);
  const groupsOf = async (variables: object = {}) => {
    const { data, errors } = await gateway().ask<any>(query, variables as Record<string, unknown>);
    expect(errors).toEqual([]);
    return data.failures;
  };

  test('are grouped by topic, code and message, the largest group first, with the latest as sample', async () => {
    await fail(gateway(), 'a', { message: 'no', code: 'X' });
    const last = await fail(gateway(), 'a', { message: 'no', code: 'X' });
    const others = [
      await fail(gateway(), 'a', { message: 'no' }),
      await fail(gateway(), 'b', { message: 'no', code: 'X' }),
      await fail(gateway(), 'a', { message: 'not', code: 'X' }),
      await fail(gateway(), 'c'),
    ];
    const groups = await groupsOf();
    expect(groups[0]).toMatchObject({
      topic: 'a',
      code: 'X',
      message: 'no',
      count: 2,
      lastAt: (await gateway().read(last)).finishedAt?.toISOString(),
      sample: { id: last, topic: 'a', status: 'FAILED', error: { message: 'no' } },
    });
    expect(
      groups
        .slice(1)
        .map(({ sample }: any) => sample.id)
        .sort(),
    ).toEqual([...others].sort());
    expect(groups.find(({ topic }: any) => topic === 'c')).toMatchObject({
      code: null,
      message: '',
      count: 1,
    });
    expect(await groupsOf({ first: 1 })).toEqual([groups[0]]);
    expect(await groupsOf({ first: 0 })).toEqual([]);
  });

  test('are those of now, and since a time', async () => {
    const [early, late, retried] = [
      await fail(gateway(), 'early'),
      await fail(gateway(), 'late'),
      await fail(gateway(), 'retried'),
    ];
    await gateway().operations.updateEvent(tester, { id: retried, status: 'RESTARTED' });
    const text = `UPDATE events SET finished_at = now() - interval '1 hour' WHERE id = $1`;
    await gateway().database.query({ text, values: [early] });
    expect((await groupsOf()).map(({ topic }: any) => topic)).toEqual(['late', 'early']);
    const from = (await gateway().read(late)).finishedAt?.toISOString();
    expect((await groupsOf({ from })).map(({ topic }: any) => topic)).toEqual(['late']);
  });

  test('outside of the caller’s rows do not count', async () => {
    for (const project of ['own', 'other', 'other'])
      await fail(gateway(), 'a', { project, message: project });
    await fail(gateway(), 'a', { message: 'none' });
    const own = {
      ...tester,
      scopes: ['events:read'],
      rows: { projects: ['own'], topics: null, requestIds: null },
    };
    const { data } = await gateway().askAs<any>(own, query);
    expect(data.failures).toMatchObject([{ message: 'own', count: 1 }]);
    const others = { ...own, rows: { projects: null, topics: ['b*'], requestIds: null } };
    expect((await gateway().askAs<any>(others, query)).data.failures).toEqual([]);
  });

  test('are found within the caller’s rows however many others came later', async () => {
    await fail(gateway(), 'own.a', { project: 'own', message: 'mine' });
    const text = `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status, project,
        created_at, updated_at, finished_at, error)
      SELECT gen_random_uuid(), n, n, 'other', 't', 'r', n::text, 'FAILED', 'other', now(), now(), now() + interval '1 second',
        '{"message": "theirs"}'
      FROM generate_series(1, $1::int) AS n`;
    await gateway().database.query({ text, values: [limits.failureRows + 1] });
    const request = (await gateway().read(await fail(gateway(), 'own.b', { message: 'mine' }))).requestId!;
    for (const rows of [
      { projects: ['own'], topics: null, requestIds: null },
      { projects: ['own'], topics: ['own.*'], requestIds: null },
      { projects: null, topics: ['own.a'], requestIds: null },
      { projects: null, topics: ['own.*'], requestIds: null },
      { projects: null, topics: null, requestIds: [request] },
    ]) {
      const caller = { ...tester, scopes: ['events:read'], rows };
      const { database, statements } = recording(gateway().database);
      const groups = await readFailureGroups(database, null, 10, caller.rows);
      expect(groups.map(({ message }) => message)).toEqual(groups.map(() => 'mine'));
      expect(groups.length, JSON.stringify(rows)).toBeGreaterThan(0);
      for (const statement of statements)
        for (const plan of await plansOf(gateway().database, statement)) expect(wholeReads(plan)).toEqual([]);
    }
  });

  test('have bounds: groups, characters of a message, and failures that are read', async () => {
    for (const first of [-1, limits.failureGroups + 1])
      expect((await gateway().ask(query, { first })).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
    await fail(gateway(), 'long', { message: 'x'.repeat(limits.failureMessageLength + 1) });
    expect((await groupsOf())[0].message).toHaveLength(limits.failureMessageLength);
    const text = `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status, created_at,
        updated_at, finished_at, error)
      SELECT gen_random_uuid(), n, n, 'many', 't', 'r', n::text, 'FAILED', now(), now(), now() + interval '1 second', '{"message": "m"}'
      FROM generate_series(1, $1::int) AS n`;
    await gateway().database.query({ text, values: [limits.failureRows + 1] });
    expect(await groupsOf()).toMatchObject([{ topic: 'many', count: limits.failureRows }]);
  });

  test('are read by their index', async () => {
    const { database, statements } = recording(gateway().database);
    await readFailureGroups(database, new Date(), 10, null);
    for (const statement of statements)
      for (const plan of await plansOf(gateway().database, statement)) expect(wholeReads(plan)).toEqual([]);
  });
});

describe('The limit of errors that failures read', () => {
  test('leaves room for as many failures as are read', () => {
    expect(limits.failureBytes / limits.failureRows).toBeGreaterThan(400);
  });
});
