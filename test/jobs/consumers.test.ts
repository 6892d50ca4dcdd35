// Consumers that are named, listed with their backlog, paused, moved and deleted, at one gateway and at two.
import { beforeAll, expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { Consumer } from '../../src/domain/jobs/consumer.ts';
import { describeDatabases, describePostgres } from '../support/database.ts';
import { type Composed, composedOnce, fresh, operationsOn, refusalOf, tester } from '../support/gateway.ts';
import { type Asked, enroll, enrollMany, pass, take, update } from './support.ts';

const idsOf = (jobs: readonly { source: { id: string } | null }[]) => jobs.map(({ source }) => source!.id);

async function consumerOf({ operations }: Composed, targetTopic: string): Promise<Consumer> {
  const { rows } = await operations.consumers({ targetTopic });
  if (rows.length !== 1) throw new Error(`there are ${rows.length} consumers of ${targetTopic}`);
  return rows[0]!.row;
}

describeDatabases('A named consumer', (backend) => {
  const once = composedOnce(backend);
  let gateway: Composed;
  beforeAll(() => {
    gateway = once();
  });
  const send = (topic: string, count: number, input: object = {}) =>
    Promise.all(Array.from({ length: count }, (_, n) => gateway.send({ topic, payload: { n }, ...input })));

  test('keeps its position when its topics, filters and target change', async () => {
    const [a, b, name] = [fresh('a'), fresh('b'), fresh('name')];
    const first = [await gateway.send({ topic: a }), await gateway.send({ topic: a })];
    const old: Asked = { consumer: name, sourceTopics: [a], targetTopic: fresh('t') };
    expect(idsOf(await enrollMany(gateway, old, 5))).toEqual(first);
    await gateway.jobs.store();
    const second = [await gateway.send({ topic: a }), await gateway.send({ topic: b })];
    const changed: Asked = { ...old, sourceTopics: [a, b], where: 'topic != "x"' };
    expect(idsOf(await enrollMany(gateway, changed, 5))).toEqual(second);
    const third = await gateway.send({ topic: b });
    const moved: Asked = { ...changed, targetTopic: fresh('t') };
    expect(idsOf(await enrollMany(gateway, moved, 5))).toEqual([third]);
    const { rows } = await gateway.operations.consumers({ targetTopic: moved.targetTopic });
    expect(rows.map(({ row }) => [row.name, row.sourceTopics, row.where])).toEqual([
      [name, [a, b].sort(), 'topic != "x"'],
    ]);
  });

  test('gives each source one job while two of its definitions are in use', async () => {
    const [a, b, name, target] = [fresh('a'), fresh('b'), fresh('name'), fresh('t')];
    const old: Asked = { consumer: name, sourceTopics: [a], targetTopic: target };
    const changed: Asked = { ...old, sourceTopics: [a, b] };
    const got: string[] = [];
    const sent: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      sent.push(await gateway.send({ topic: a }), await gateway.send({ topic: b }));
      got.push(...idsOf(await enrollMany(gateway, round % 2 ? old : changed, 3)));
    }
    got.push(...idsOf(await enrollMany(gateway, old, 50)), ...idsOf(await enrollMany(gateway, changed, 50)));
    expect([...got].sort()).toEqual([...sent].sort());
  });

  test('begins at startAfter or startAt, if it is new', async () => {
    const topic = fresh('a');
    const [first, second] = [await gateway.send({ topic }), await gateway.send({ topic })];
    const { position, createdAt } = await gateway.read(first);
    const ask = (more: object): Asked => ({
      consumer: fresh('name'),
      sourceTopics: [topic],
      targetTopic: fresh('t'),
      ...more,
    });
    expect(idsOf(await enrollMany(gateway, ask({ startAfter: String(position) }), 5))).toEqual([second]);
    expect(
      idsOf(await enrollMany(gateway, ask({ startAt: new Date(createdAt.getTime() + 60_000) }), 5)),
    ).toEqual([]);
    expect(idsOf(await enrollMany(gateway, ask({ startAt: createdAt }), 5))).toEqual([first, second]);
    expect(idsOf(await enrollMany(gateway, ask({ startAfter: '0' }), 5))).toEqual([first, second]);
    expect(await refusalOf(enroll(gateway, ask({ startAfter: '999999999' })))).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
    const both = ask({ startAfter: '0', startAt: createdAt });
    expect(await refusalOf(enroll(gateway, both))).toMatchObject({ code: 'BAD_USER_INPUT' });
  });

  test('of keys with other restrictions is another one', async () => {
    const [topic, name, target] = [fresh('a'), fresh('name'), fresh('t')];
    const ask: Asked = { consumer: name, sourceTopics: [topic], targetTopic: target };
    const rows = { projects: ['p'], topics: null, requestIds: null };
    const restricted = { ...tester, name: 'restricted', keyId: 'k', scopes: ['jobs:work' as const], rows };
    const [open, own] = [await gateway.send({ topic }), await gateway.send({ topic, project: 'p' })];
    expect(idsOf(await enrollMany(gateway, ask, 1))).toEqual([open]);
    expect(idsOf(await enrollMany(gateway, ask, 5, restricted))).toEqual([own]);
  });

  test('of keys that differ only in whether they see the audit is the same one', async () => {
    const [topic, name, target] = [fresh('a'), fresh('name'), fresh('t')];
    const ask: Asked = { consumer: name, sourceTopics: [topic], targetTopic: target };
    const rows = { projects: null, topics: null, requestIds: null, hidesAudit: true };
    await send(topic, 2);
    await enroll(gateway, ask);
    await enroll(gateway, ask, { ...tester, rows });
    expect((await consumerOf(gateway, target)).name).toBe(name);
  });

  test('has a bounded number of definitions in use, and of targets', async () => {
    const [topic, target] = [fresh('a'), fresh('t')];
    const ask = (where: string, targetTopic = target): Asked => ({
      consumer: 'bounded',
      sourceTopics: [topic],
      targetTopic,
      where,
    });
    for (let n = 0; n < limits.consumerDefinitions; n += 1) await enroll(gateway, ask(`data.n == ${n}`));
    expect(await refusalOf(enroll(gateway, ask('data.n == -1')))).toMatchObject({ code: 'LIMIT_EXCEEDED' });
    // Definitions that are not in use any more make room.
    const { database } = gateway;
    const text = `UPDATE consumer_positions SET used_at = now() - interval '1 hour' WHERE definition_id <> (
      SELECT definition_id FROM consumers WHERE name = 'bounded')`;
    await database.query({ text, values: [] });
    expect(await enroll(gateway, ask('data.n == -1'))).toBeNull();
    const { id } = await consumerOf(gateway, target);
    const [row] = await database.query<{ count: number }>({
      text: 'SELECT count(*)::int4 AS count FROM consumer_positions WHERE consumer_id = $1',
      values: [id.replaceAll('-', '')],
    });
    expect(row!.count).toBe(2);
    await database.query({
      text: `UPDATE consumers SET targets = ARRAY(SELECT 'x' || n FROM generate_series(1, $1) n) || $2::text WHERE name = 'bounded'`,
      values: [limits.consumerTargets - 1, target],
    });
    expect(await refusalOf(enroll(gateway, ask('true', fresh('other'))))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  test('remembers the latest workers only, whatever names they have', async () => {
    const [topic, target] = [fresh('a'), fresh('t')];
    await enroll(gateway, { sourceTopics: [topic], targetTopic: target, worker: 'first' });
    const consumer = await consumerOf(gateway, target);
    const { database } = gateway;
    const consumerId = consumer.id.replaceAll('-', '');
    await database.query({
      text: `INSERT INTO consumer_workers SELECT $1, 'w' || n, now() - interval '1 second' FROM generate_series(1, $2) n`,
      values: [consumerId, limits.listedWorkers + 50],
    });
    await enroll(gateway, { sourceTopics: [topic], targetTopic: target, worker: 'last' });
    await gateway.jobs.store();
    const workers = (await gateway.operations.workersOf([consumer])).get(consumer.id)!;
    expect(workers).toHaveLength(limits.listedWorkers);
    expect(workers.map(({ name }) => name)).toContain('last');
  });

  test('shows its backlog and its workers', async () => {
    const [topic, target] = [fresh('a'), fresh('t')];
    const sources = await send(topic, 10);
    await gateway.send({ topic, sendAt: new Date(Date.now() + 3_600_000) });
    const ask: Asked = {
      consumer: fresh('name'),
      sourceTopics: [topic],
      targetTopic: target,
      maxRetries: 1,
      worker: 'w1',
    };
    const jobs = await enrollMany(gateway, ask, 6);
    const [held, retrying, released, exhausted, finished, lapsed] = jobs;
    await update(gateway, retrying!, { status: 'FAILED' });
    await gateway.operations.releaseJob(tester, released!.event.id, 1);
    await update(gateway, finished!, { status: 'FINISHED' });
    await gateway.operations.updateEvent(tester, {
      id: exhausted!.event.id,
      attempt: 1,
      status: 'FAILED',
      retries: 9,
    });
    await pass(gateway, lapsed!.event.id);
    const consumer = await consumerOf(gateway, target);
    const backlog = (await gateway.operations.backlogsOf([consumer])).get(consumer.id);
    expect(backlog).toMatchObject({
      waiting: 4,
      ready: 2,
      retrying: 1,
      held: 1,
      exhausted: 1,
      isExact: true,
    });
    expect(backlog!.oldestWaitingAt).toEqual((await gateway.read(sources[6]!)).finishedAt);
    expect((await gateway.operations.workersOf([consumer])).get(consumer.id)).toMatchObject([
      { name: 'w1', held: 1 },
    ]);
    expect(held!.attempt).toBe(1);
    expect(consumer.lastAskedAt).toBeInstanceOf(Date);
  });

  test('counts only what its filters select', async () => {
    const [topic, target] = [fresh('a'), fresh('t')];
    await send(topic, 10);
    await enroll(gateway, { sourceTopics: [topic], targetTopic: target, where: 'data.n * 2 >= 14' });
    const consumer = await consumerOf(gateway, target);
    const backlog = (await gateway.operations.backlogsOf([consumer])).get(consumer.id);
    expect(backlog).toMatchObject({ waiting: 2, held: 1, isExact: true });
  });

  test('counts patterns without the jobs of its target', async () => {
    const [topic, target] = [fresh('pattern'), fresh('pattern-t')];
    await send(topic, 3);
    for (const job of await enrollMany(gateway, { sourceTopics: ['pattern*'], targetTopic: target }, 100))
      await update(gateway, job, { status: 'FINISHED' });
    await send(topic, 2);
    const consumer = await consumerOf(gateway, target);
    expect((await gateway.operations.backlogsOf([consumer])).get(consumer.id)).toMatchObject({ waiting: 2 });
  });

  test('of a key that does not see the audit is counted like others, without the audit', async () => {
    const rows = { projects: null, topics: null, requestIds: null, hidesAudit: true };
    const [own, target] = [fresh('audited'), fresh('t')];
    const ask: Asked = { sourceTopics: [`${own}*`, 'throughline.audit.*'], targetTopic: target };
    await enroll(gateway, ask, { ...tester, rows });
    await send(own, limits.enrollScanRows + 1);
    await gateway.operations.sendEvent(tester, { topic: 'throughline.audit.test' }, { isOwn: true });
    const consumer = await consumerOf(gateway, target);
    expect((await gateway.operations.backlogsOf([consumer])).get(consumer.id)).toMatchObject({
      waiting: limits.enrollScanRows + 1,
      isExact: true,
    });
  });

  test('of a restricted key counts what that key sees', async () => {
    const rows = { projects: ['p', 'q'], topics: null, requestIds: null };
    const [topic, target] = [fresh('a'), fresh('t')];
    await send(topic, 3);
    await send(topic, 2, { project: 'q' });
    await enroll(gateway, { sourceTopics: [topic], targetTopic: target }, { ...tester, rows });
    const consumer = await consumerOf(gateway, target);
    expect((await gateway.operations.backlogsOf([consumer])).get(consumer.id)).toMatchObject({
      waiting: 1,
      held: 1,
    });
  });

  test('of a plain queue counts what waits in it', async () => {
    const target = fresh('queue');
    for (let n = 0; n < 4; n += 1) await gateway.send({ topic: target, finished: false });
    await enroll(gateway, { sourceTopics: null, targetTopic: target });
    const consumer = await consumerOf(gateway, target);
    expect(consumer.sourceTopics).toBeNull();
    expect((await gateway.operations.backlogsOf([consumer])).get(consumer.id)).toMatchObject({
      waiting: 3,
      held: 1,
    });
    expect(await refusalOf(gateway.operations.moveConsumer(consumer.id, '0'))).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });

  test('gives nothing while it is paused, and wakes waiting calls when it is resumed', async () => {
    const [topic, target] = [fresh('a'), fresh('t')];
    const ids = await send(topic, 2);
    const ask: Asked = { consumer: fresh('name'), sourceTopics: [topic], targetTopic: target };
    const first = await take(gateway, ask);
    const { id } = await consumerOf(gateway, target);
    expect(await gateway.operations.pauseConsumer(id)).toMatchObject({ paused: true });
    expect(await enroll(gateway, ask)).toBeNull();
    const waiting = take(gateway, { ...ask, waitMs: 20_000 });
    await update(gateway, first, { status: 'FINISHED' });
    expect(await gateway.operations.resumeConsumer(id)).toMatchObject({ paused: false });
    expect((await waiting).source!.id).toBe(ids[1]);
  });

  test('can be moved back and forward; sources that have a job get no second one', async () => {
    const [topic, target] = [fresh('a'), fresh('t')];
    const ids = await send(topic, 4);
    const ask: Asked = { consumer: fresh('name'), sourceTopics: [topic], targetTopic: target };
    const [first] = await enrollMany(gateway, ask, 1);
    const { id } = await consumerOf(gateway, target);
    await gateway.operations.moveConsumer(id, '0');
    expect(idsOf(await enrollMany(gateway, ask, 1))).toEqual([ids[1]]);
    const { position } = await gateway.read(ids[2]!);
    expect(await gateway.operations.moveConsumer(id, String(position))).toMatchObject({ position });
    expect(idsOf(await enrollMany(gateway, ask, 5))).toEqual([ids[3]]);
    await gateway.operations.moveConsumer(id, '0');
    expect(idsOf(await enrollMany(gateway, ask, 5))).toEqual([ids[2]]);
    expect(first!.source!.id).toBe(ids[0]);
    expect(await refusalOf(gateway.operations.moveConsumer(id, '999999999'))).toMatchObject({
      code: 'BAD_USER_INPUT',
    });
  });

  test('begins anew when it is deleted, and its jobs stay', async () => {
    const [topic, target] = [fresh('a'), fresh('t')];
    const ids = await send(topic, 2);
    const ask: Asked = { consumer: fresh('name'), sourceTopics: [topic], targetTopic: target };
    const first = await take(gateway, ask);
    const { id } = await consumerOf(gateway, target);
    expect(await gateway.operations.deleteConsumer(id)).toBe(id);
    expect((await gateway.operations.consumers({ targetTopic: target })).rows).toEqual([]);
    expect(await refusalOf(gateway.operations.pauseConsumer(id))).toMatchObject({ code: 'NOT_FOUND' });
    expect(idsOf(await enrollMany(gateway, ask, 5))).toEqual([ids[1]]);
    await update(gateway, first, { status: 'FINISHED' });
  });

  test('is a node, and answers in GraphQL', async () => {
    const [topic, target, name] = [fresh('a'), fresh('t'), fresh('name')];
    await send(topic, 3);
    await enroll(gateway, { consumer: name, sourceTopics: [topic], targetTopic: target });
    const fields = `__typename id name targetTopic sourceTopics where position paused createdAt lastAskedAt
      backlog { waiting ready retrying held exhausted oldestWaitingAt isExact } workers { name held lastSeenAt }`;
    const { data, errors } = await gateway.ask<any>(
      `{ consumers(first: 5, targetTopic: "${target}") { nodes { ${fields} } pageInfo { hasNextPage } } }`,
    );
    expect(errors).toEqual([]);
    const [node] = data.consumers.nodes;
    expect(node).toMatchObject({
      __typename: 'Consumer',
      name,
      sourceTopics: [topic],
      backlog: { waiting: 2, held: 1 },
    });
    const again = await gateway.ask<any>(
      `{ node(id: "${node.id}") { __typename id ... on Consumer { name } } }`,
    );
    expect(again.data.node).toEqual({ __typename: 'Consumer', id: node.id, name });
  });
});

describePostgres('A consumer at two gateways', (backend) => {
  const once = composedOnce(backend);

  test('stays where it was moved to, though the other gateway stores how far it has come', async () => {
    const gateway = once();
    const other = await operationsOn(gateway.database);
    try {
      const [topic, target] = [fresh('a'), fresh('t')];
      for (let n = 0; n < 3; n += 1) await gateway.send({ topic });
      await enrollMany(other, { sourceTopics: [topic], targetTopic: target }, 3);
      const { id } = await consumerOf(gateway, target);
      await gateway.operations.moveConsumer(id, '0');
      await other.jobs.store();
      expect((await consumerOf(gateway, target)).position).toBe(0n);
    } finally {
      await other.stop();
    }
  });

  test('gives no source a second job under another target, though its position is not stored yet', async () => {
    const gateway = once();
    const other = await operationsOn(gateway.database);
    try {
      const [topic, name] = [fresh('a'), fresh('name')];
      for (let n = 0; n < 3; n += 1) await gateway.send({ topic });
      const ask: Asked = { consumer: name, sourceTopics: [topic], targetTopic: fresh('t') };
      expect(await enrollMany(gateway, ask, 5)).toHaveLength(3);
      expect(await enrollMany(other, { ...ask, targetTopic: fresh('t') }, 5)).toEqual([]);
    } finally {
      await other.stop();
    }
  });

  test('is paused, moved and deleted at both, even if no notification arrives', async () => {
    const gateway = once();
    const other = await operationsOn(gateway.database);
    try {
      const [topic, target] = [fresh('a'), fresh('t')];
      const ids = await Promise.all([1, 2, 3, 4].map(() => gateway.send({ topic })));
      const ask: Asked = { consumer: fresh('name'), sourceTopics: [topic], targetTopic: target };
      await take(other, ask);
      await take(gateway, ask);
      const { id } = await consumerOf(gateway, target);
      const change = (text: string) => gateway.database.query({ text, values: [id.replaceAll('-', '')] });
      await change('UPDATE consumers SET paused = true WHERE id = $1');
      await other.jobs.sweep();
      expect(await enroll(other, ask)).toBeNull();
      await gateway.operations.resumeConsumer(id);
      await other.jobs.sweep();
      const third = await take(other, ask);
      await gateway.operations.moveConsumer(id, '0');
      await other.jobs.sweep();
      const fourth = await take(other, ask);
      expect(idsOf([third, fourth]).sort()).toEqual([ids[2], ids[3]].sort());
    } finally {
      await other.stop();
    }
  });
});
