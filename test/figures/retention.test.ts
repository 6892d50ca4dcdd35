// Retention: what rules purge and what they leave, what the log and charts keep, and that purged work is not done twice.
import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import { Purger } from '../../src/log/retention/purger.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { composedForEach, operationsOn, tester } from '../support/gateway.ts';
import { recording } from '../support/plans.ts';
import { enroll, take, update } from '../jobs/support.ts';

const setRules = `mutation Set($rules: [RetentionRuleInput!]!) { setRetention(rules: $rules) {
  id topics projects statuses keepDays lastRunAt purged
} }`;

describeDatabases('Retention', (backend) => {
  const gateway = composedForEach(backend);
  const set = async (...rules: object[]) => {
    const { data, errors } = await gateway().ask<any>(setRules, { rules });
    expect(errors).toEqual([]);
    return data.setRetention;
  };
  const purge = async (dryRun = false) => {
    const { data, errors } = await gateway().ask<any>(`mutation { purge(dryRun: ${dryRun}) { count ids } }`);
    expect(errors).toEqual([]);
    return data.purge;
  };
  /** As if it had happened so many days ago. */
  const age = (days: number, ...ids: readonly string[]) =>
    gateway().database.query({
      text: `UPDATE events SET created_at = created_at - $2::int * interval '1 day', updated_at = updated_at - $2::int * interval '1 day'
        WHERE id = ANY ($1::uuid[])`,
      values: [ids, days],
    });
  const remaining = async () =>
    (await gateway().ask<any>('{ events(first: 100) { nodes { id } } }')).data.events.nodes.map(
      ({ id }: any) => id,
    );
  const sendOld = async (days: number, input: object = {}) => {
    const id = await gateway().send({ topic: 'a', ...input });
    await age(days, id);
    return id;
  };

  test('purges what is older than its rule keeps it, of its topics, projects and statuses, and counts it', async () => {
    const old = await sendOld(8);
    const others = [
      await sendOld(6),
      await sendOld(8, { topic: 'b' }),
      await sendOld(8, { finished: false }),
      await sendOld(8, { topic: 'c', project: 'q' }),
      await sendOld(8, { topic: 'c' }),
      await sendOld(8, { sendAt: new Date(Date.now() + 86_400_000) }),
    ];
    const ofProject = await sendOld(8, { topic: 'c', project: 'p' });
    const [first, second] = await set(
      { topics: ['a'], keepDays: 7 },
      { topics: ['c*'], projects: ['p'], keepDays: 7 },
    );
    expect(first).toMatchObject({
      topics: ['a'],
      projects: null,
      statuses: null,
      keepDays: 7,
      lastRunAt: null,
      purged: 0,
    });
    expect(await purge(true)).toEqual({ count: 2, ids: [ofProject, old] });
    expect((await remaining()).length).toBe(8);
    expect(await purge()).toEqual({ count: 2, ids: [ofProject, old] });
    expect((await remaining()).sort()).toEqual(others.sort());
    const { data } = await gateway().ask<any>('{ retention { id lastRunAt purged } }');
    expect(data.retention).toEqual([
      { id: first.id, lastRunAt: expect.any(String), purged: 1 },
      { id: second.id, lastRunAt: expect.any(String), purged: 1 },
    ]);
    expect(await purge()).toEqual({ count: 0, ids: [] });
    const { data: node } = await gateway().ask<any>(
      `{ node(id: "${first.id}") { ... on RetentionRule { keepDays } } }`,
    );
    expect(node.node).toEqual({ keepDays: 7 });
  });

  test('keeps an event that changed lately, or of another status; with statuses, purges those alone', async () => {
    const [touched, pending, failed] = [
      await sendOld(8),
      await sendOld(8, { finished: false }),
      await sendOld(8, { finished: false }),
    ];
    await gateway().operations.updateEvent(tester, { id: touched, description: 'touched' });
    await gateway().operations.updateEvent(tester, { id: failed, status: 'FAILED' });
    await age(8, failed);
    await set({ topics: ['*'], keepDays: 7, statuses: ['PENDING'] });
    expect((await purge()).ids).toEqual([pending]);
    await set({ topics: ['*'], keepDays: 7 });
    expect((await purge()).ids).toEqual([failed]);
    expect(await remaining()).toEqual([touched]);
  });

  test('replaces all rules; one with the same terms keeps its id and counts', async () => {
    await sendOld(2);
    const [rule] = await set({ topics: ['b', 'a', 'a'], keepDays: 1 });
    await purge();
    const [other, same] = await set({ topics: ['x'], keepDays: 1 }, { topics: ['a', 'b'], keepDays: 1 });
    expect(same).toMatchObject({ id: rule.id, purged: 1, topics: ['a', 'b'] });
    expect(other.id).not.toBe(rule.id);
    expect(await set()).toEqual([]);
    expect(await purge()).toEqual({ count: 0, ids: [] });
  });

  test('leaves parents of what stays, and purges whole chains across rules', async () => {
    const root = await sendOld(9);
    const child = await sendOld(9, { topic: 'b', dependsOn: root });
    const leaf = await sendOld(9, { topic: 'c', dependsOn: child });
    await set({ topics: ['a', 'b'], keepDays: 7 });
    for (const dryRun of [true, false]) expect((await purge(dryRun)).ids).toEqual([]);
    await set({ topics: ['c'], keepDays: 7 }, { topics: ['a'], keepDays: 7 }, { topics: ['b'], keepDays: 7 });
    for (const dryRun of [true, false]) expect((await purge(dryRun)).ids).toEqual([leaf, child, root]);
  });

  test('reads no events that its rules have nothing to do with, with exact topics, patterns and all at once', async () => {
    await gateway().database.query({
      text: `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status, created_at, updated_at)
        SELECT gen_random_uuid(), n, n, 'kept', 't', 'r', n::text, 'FINISHED', now() - interval '50 days', now() - interval '50 days'
        FROM generate_series(1, 4500) AS n`,
      values: [],
    });
    const old = [
      await sendOld(8, { topic: 'tmp.a' }),
      await sendOld(8, { topic: 'tmp.b' }),
      await sendOld(8),
    ];
    const oldest = await sendOld(101, { topic: 'b' });
    await set(
      { topics: ['a'], keepDays: 7 },
      { topics: ['tmp.*'], keepDays: 7 },
      { topics: ['*'], keepDays: 100 },
    );
    const { database, statements } = recording(gateway().database);
    const counter = { catchUp: async () => {} };
    const purger = new Purger(database, { hint: '', onCommit: () => {} }, counter);
    expect(await purger.run(false)).toEqual({
      count: 4,
      ids: expect.arrayContaining([...old, oldest]),
    });
    // One page of at most 2,000 events.
    expect(statements.filter(({ text }) => text.includes('"isSelected"'))).toHaveLength(1);
  });

  test('moves the beginning of the log, which keeps the deletions for a week; a reader before it goes on', async () => {
    const [first, second] = [await sendOld(8), await sendOld(8)];
    const kept = await gateway().send({ topic: 'kept' });
    const { position } = await gateway().read(kept);
    const system = async () =>
      (await gateway().ask<any>('{ system { position oldestPosition } }')).data.system;
    const reader = await gateway().subscribe<any>(
      'subscription { eventFeed(after: "0") { kind event { id } } }',
    );
    const next = async () => {
      const { eventFeed } = (await reader.next()) as any;
      return `${eventFeed.kind} ${eventFeed.event.id}`;
    };
    expect([await next(), await next(), await next()]).toEqual(
      [first, second, kept].map((id) => `CREATED ${id}`),
    );
    await set({ topics: ['a'], keepDays: 7 });
    await purge();
    expect([await next(), await next()]).toEqual([`DELETED ${second}`, `DELETED ${first}`]);
    reader.stop();
    expect((await system()).oldestPosition).toBe(String(position));
    const late = await gateway().subscribe<any>(
      'subscription { eventFeed(after: "0") { kind event { id } } }',
    );
    const kinds = [];
    for (let n = 0; n < 3; n += 1) kinds.push(((await late.next()) as any).eventFeed.kind);
    expect(kinds).toEqual(['CREATED', 'DELETED', 'DELETED']);
    late.stop();
    const { position: end } = await system();
    await gateway().database.query({
      text: `UPDATE purged_events SET at = at - interval '8 days'`,
      values: [],
    });
    await purge();
    const left = await gateway().database.query<{ kind: string; position: bigint }>({
      text: 'SELECT kind, position FROM log ORDER BY position',
      values: [],
    });
    // The last entry is the end of the log.
    expect(left).toEqual([
      { kind: 'CREATED', position },
      { kind: 'DELETED', position: BigInt(end) },
    ]);
    expect((await system()).position).toBe(end);
  });

  test('leaves the rate of events as it was', async () => {
    const from = new Date();
    await sendOld(8);
    await gateway().send({ topic: 'kept' });
    await set({ topics: ['a'], keepDays: 7 });
    expect((await purge()).count).toBe(1);
    const variables = { from: from.toISOString(), to: new Date(from.getTime() + 3_600_000).toISOString() };
    const { data } = await gateway().ask<any>(
      'query Q($from: DateTime!, $to: DateTime!) { eventRate(from: $from, to: $to, steps: 2) { sent } }',
      variables,
    );
    expect(data.eventRate[0].sent + data.eventRate[1].sent).toBe(2);
  });

  test('does not touch work that is not over, and finished work that it purged is not done again', async () => {
    const source = await sendOld(9, { topic: 'source' });
    const asked = { targetTopic: 'job', consumer: 'c' };
    const job = await take(gateway(), asked);
    await age(9, job.event.id);
    await set({ topics: ['job'], keepDays: 7, statuses: ['PENDING', 'IN_PROGRESS', 'FAILED', 'FINISHED'] });
    expect((await purge()).count).toBe(0);
    await update(gateway(), job, { status: 'FAILED' });
    await age(9, job.event.id);
    expect((await purge()).count).toBe(0);
    await gateway().operations.updateEvent(tester, { id: job.event.id, status: 'RESTARTED' });
    const again = await take(gateway(), asked);
    expect(again.event.id).toBe(job.event.id);
    await update(gateway(), again, { status: 'FINISHED' });
    await age(9, job.event.id);
    expect((await purge()).ids).toEqual([job.event.id]);
    const { nodes } = (await gateway().ask<any>('{ consumers { nodes { id backlog { waiting } } } }')).data
      .consumers;
    await gateway().ask('mutation Move($id: ID!) { moveConsumer(id: $id, after: "0") { id } }', {
      id: nodes[0].id,
    });
    expect(await enroll(gateway(), asked)).toBeNull();
    expect(await enroll(gateway(), { targetTopic: 'job', consumer: 'another' })).toBeNull();
    // Under another topic it is other work.
    expect((await enroll(gateway(), { targetTopic: 'other' }))?.source?.id).toBe(source);
  });

  test('purges the audit only by a rule that names it', async () => {
    const id = await sendOld(40);
    await gateway().database.query({
      text: `UPDATE events SET topic = 'throughline.audit.x' WHERE id = $1`,
      values: [id],
    });
    await set({ topics: ['*', 'throughline*'], keepDays: 0 });
    expect((await purge()).count).toBe(0);
    await set({ topics: ['throughline.audit.*'], keepDays: 30 });
    expect((await purge()).ids).toEqual([id]);
  });

  test('refuses rules beyond its limits, and changes nothing then', async () => {
    const [rule] = await set({ topics: ['a'], keepDays: 1 });
    const codeOf = async (...rules: object[]) =>
      (await gateway().ask<any>(setRules, { rules })).errors[0]?.extensions.code;
    const many = (count: number, name = 'n') => Array.from({ length: count }, (_, n) => `${name}${n}`);
    expect(await codeOf({ topics: [], keepDays: 1 })).toBe('BAD_USER_INPUT');
    expect(await codeOf({ topics: ['a b'], keepDays: 1 })).toBe('BAD_USER_INPUT');
    expect(await codeOf({ topics: ['a'], projects: [], keepDays: 1 })).toBe('BAD_USER_INPUT');
    expect(await codeOf({ topics: ['a'], statuses: [], keepDays: 1 })).toBe('BAD_USER_INPUT');
    for (const keepDays of [-1, limits.retentionKeepDays + 1])
      expect(await codeOf({ topics: ['a'], keepDays })).toBe('BAD_USER_INPUT');
    expect(
      await codeOf({ topics: ['throughline.audit.*'], keepDays: limits.retentionReservedDays - 1 }),
    ).toBe('BAD_USER_INPUT');
    expect(await codeOf({ topics: many(limits.retentionTopics + 1), keepDays: 1 })).toBe('LIMIT_EXCEEDED');
    expect(await codeOf({ topics: ['a'], projects: many(limits.retentionProjects + 1), keepDays: 1 })).toBe(
      'LIMIT_EXCEEDED',
    );
    expect(
      await codeOf(...many(limits.retentionRules + 1).map((topic) => ({ topics: [topic], keepDays: 1 }))),
    ).toBe('LIMIT_EXCEEDED');
    expect((await gateway().ask<any>('{ retention { id } }')).data.retention).toEqual([{ id: rule.id }]);
  });

  test('runs by itself, an hour after a rule was set and every hour then', async () => {
    const old = await sendOld(8);
    await set({ topics: ['a'], keepDays: 7 });
    await gateway().retention.runDue();
    expect(await remaining()).toEqual([old]);
    const later = (column: string) =>
      gateway().database.query({
        text: `UPDATE retention_rules SET ${column} = now() - interval '61 minutes'`,
        values: [],
      });
    await later('created_at');
    await gateway().retention.runDue();
    expect(await remaining()).toEqual([]);
    const second = await sendOld(8);
    await gateway().retention.runDue();
    expect(await remaining()).toEqual([second]);
    await later('last_run_at');
    await gateway().retention.runDue();
    expect(await remaining()).toEqual([]);
  });

  test('is for keys without restrictions alone', async () => {
    const rows = { projects: ['p'], topics: null, requestIds: null };
    for (const document of [
      '{ retention { id } }',
      'mutation { purge { count } }',
      'mutation { setRetention(rules: []) { id } }',
    ])
      expect((await gateway().askAs({ ...tester, rows }, document)).errors[0]?.extensions.code).toBe(
        'FORBIDDEN',
      );
  });
});

describePostgres('Retention', (backend) => {
  const gateway = composedForEach(backend);

  test('at several gateways at once purges each event once, beside others that write', async () => {
    const other = await operationsOn(await backend.openAnother());
    const count = 3 * limits.purgeBatch;
    await gateway().database.query({
      text: `INSERT INTO events (id, position, created_position, topic, event_type, request_id, node_id, status, created_at, updated_at)
        SELECT gen_random_uuid(), p, p, 'old', 't', 'r', n::text, 'FINISHED', now() - interval '9 days', now() - interval '9 days'
        FROM (SELECT n, nextval('log_positions') AS p FROM generate_series(1, $1::int) AS n) s`,
      values: [count],
    });
    await gateway().ask(setRules, { rules: [{ topics: ['old'], keepDays: 7 }] });
    const sent = Promise.all(Array.from({ length: 50 }, () => gateway().send({ topic: 'new' })));
    const outcomes = await Promise.all([gateway().purger.run(false), other.purger.run(false)]);
    await sent;
    expect(outcomes[0].count + outcomes[1].count).toBe(count);
    expect(outcomes[0].ids.length).toBe(Math.min(outcomes[0].count, limits.bulkIds));
    const { data } = await gateway().ask<any>('{ retention { purged } events { totalCount } }');
    expect(data).toEqual({ retention: [{ purged: count }], events: { totalCount: 50 } });
    await other.stop();
  });
});
