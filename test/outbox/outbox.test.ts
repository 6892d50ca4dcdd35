// The outbox: events sent with SQL, within a program's own transaction, come into the log once, in order, or are kept with
// the reason for which they were refused.
import { expect, test } from 'vitest';
import { limits } from '../../src/base/limits.ts';
import type { Database } from '../../src/database/database.ts';
import { countStatements, describeDatabases } from '../support/database.ts';
import { composedOnce, fresh, operationsOn, tester } from '../support/gateway.ts';
import { failuresOf, isEmpty, sendSql } from './support.ts';

const topicsOf = async (database: Database, prefix: string) =>
  (
    await database.query<{ topic: string }>({
      text: `SELECT topic FROM log WHERE topic LIKE $1 || '%' ORDER BY position`,
      values: [prefix],
    })
  ).map(({ topic }) => topic);

describeDatabases('An event sent with send_event', (backend) => {
  const gateway = composedOnce(backend);

  test('is in the log under the id that was returned, with the fields and defaults of SendEventInput', async () => {
    const { database, read } = gateway();
    const topic = fresh('order');
    const id = await sendSql(database, {
      topic,
      payload: { order: 7 },
      summary: { n: 1 },
      project: 'shop',
      user: 'ada',
      description: 'Paid.',
      priority: 3,
      hash: fresh('hash'),
      finished: false,
    });
    await isEmpty(database);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await read(id)).toMatchObject({
      id,
      topic,
      payload: { order: 7 },
      summary: { n: 1 },
      project: 'shop',
      user: 'ada',
      description: 'Paid.',
      priority: 3,
      status: 'PENDING',
      eventType: 'events.NormalType',
      requestId: id,
      nodeId: id,
    });
  });

  test('has the database role in its history', async () => {
    const { database } = gateway();
    const id = await sendSql(database, { topic: fresh('t') });
    await isEmpty(database);
    const [role] = await database.query<{ name: string }>({
      text: 'SELECT session_user::text AS name',
      values: [],
    });
    const [entry] = await database.query<{ by: string }>({
      text: 'SELECT "by" FROM log WHERE event_id = $1',
      values: [id],
    });
    expect(entry?.by).toBe(role?.name);
  });

  test('leaves nothing where its transaction is rolled back', async () => {
    const { database } = gateway();
    const topic = fresh('rolled-back');
    const failure = new Error('no');
    let id = '';
    const sending = database.transaction(async (tx) => {
      id = await sendSql(tx, { topic });
      throw failure;
    });
    await expect(sending).rejects.toBe(failure);
    await sendSql(database, { topic: `${topic}.after` });
    await isEmpty(database);
    expect(await topicsOf(database, topic)).toEqual([`${topic}.after`]);
    expect(await failuresOf(database, [id])).toEqual([]);
  });

  test('keeps its place: the events of a transaction follow one another', async () => {
    const { database } = gateway();
    const topic = fresh('place');
    const names = Array.from({ length: 40 }, (_, n) => `${topic}.t${Math.floor(n / 4)}.e${n % 4}`);
    for (let n = 0; n < names.length; n += 4)
      await database.transaction(async (tx) => {
        for (const name of names.slice(n, n + 4)) await sendSql(tx, { topic: name });
      });
    await isEmpty(database);
    expect(await topicsOf(database, topic)).toEqual(names);
  });

  test('may depend on one of the same transaction', async () => {
    const { database, read } = gateway();
    const [parent, child, grandchild] = await database.transaction(async (tx) => {
      const parent = await sendSql(tx, { topic: fresh('t') });
      const child = await sendSql(tx, { topic: fresh('t'), dependsOn: parent });
      return [parent, child, await sendSql(tx, { topic: fresh('t'), dependsOn: child.replaceAll('-', '') })];
    });
    await isEmpty(database);
    expect(await read(grandchild!)).toMatchObject({ dependsOnId: child, requestId: parent });
  });

  test('is published at its time where it has sendAt', async () => {
    const { database, ask } = gateway();
    const sendAt = new Date(Date.now() + 3_600_000).toISOString();
    const id = await sendSql(database, { topic: fresh('t'), sendAt });
    await isEmpty(database);
    const { data } = await ask<any>('query ($id: ID!) { event(id: $id) { status sendAt } }', { id });
    expect(data.event).toMatchObject({ status: 'PENDING', sendAt });
  });

  test('is dropped where another has its hash, unless it asks for more', async () => {
    const { database, read } = gateway();
    const hash = fresh('hash');
    const first = await sendSql(database, { topic: fresh('t'), hash, payload: { n: 1 } });
    const same = await sendSql(database, { topic: fresh('t'), hash });
    await isEmpty(database);
    expect(await read(first)).toMatchObject({ payload: { n: 1 } });
    await expect(read(same)).rejects.toThrow(/no event/);
    await sendSql(database, { topic: fresh('t'), hash, onDuplicate: 'REPLACE', payload: { n: 2 } });
    const failing = await sendSql(database, { topic: fresh('t'), hash, onDuplicate: 'FAIL' });
    await isEmpty(database);
    expect(await read(first)).toMatchObject({ payload: { n: 2 } });
    expect(await failuresOf(database, [same, failing])).toMatchObject([
      { id: failing, code: 'DUPLICATE_HASH' },
    ]);
  });

  test('reaches subscribers without being stored where store is false', async () => {
    const { database, subscribe } = gateway();
    const topic = fresh('t');
    const events = await subscribe<any>(
      'subscription ($topic: String!) { eventFeed(filter: { topics: [$topic] }) { event { id topic } } }',
      { topic },
    );
    const id = await sendSql(database, { topic, store: false });
    expect((await events.next()).eventFeed.event).toEqual({ id, topic });
    await isEmpty(database);
    expect(await topicsOf(database, topic)).toEqual([]);
    events.stop();
  });

  test.each([
    ['a topic that is none', { topic: 'no topic!' }, 'BAD_USER_INPUT', /topic/],
    ['no topic', {}, 'BAD_USER_INPUT', /topic/],
    ['a topic that is a number', { topic: 5 }, 'BAD_USER_INPUT', /^topic: String cannot represent/],
    ['a field that there is none of', { topic: 't', colour: 'red' }, 'BAD_USER_INPUT', /"colour"/],
    ['a list', [{ topic: 't' }], 'BAD_USER_INPUT', /not a JSON object/],
    ['a reserved topic', { topic: 'throughline.audit.x' }, '', /reserved/],
    [
      'a parent that is unknown',
      { topic: 't', dependsOn: '0198c0de-0000-7000-8000-000000000000' },
      'NOT_FOUND',
      /dependsOn/,
    ],
    [
      'too large a payload',
      { topic: 't', payload: { x: 'x'.repeat(limits.jsonBytes) } },
      'LIMIT_EXCEEDED',
      /payload/,
    ],
  ])('is kept with the reason where it has %s, and holds nothing up', async (_what, input, code, message) => {
    const { database, read } = gateway();
    const topic = fresh('t');
    const [id, next] = await database.transaction(async (tx) => [
      await sendSql(tx, input),
      await sendSql(tx, { topic }),
    ]);
    await isEmpty(database);
    expect(await read(next!)).toMatchObject({ topic });
    const [failure] = await failuresOf(database, [id!]);
    expect(failure).toMatchObject({ id, input, ...(code && { code }) });
    expect(failure?.message).toMatch(message);
  });

  test('aborts its transaction where it is larger than any event can be', async () => {
    const { database } = gateway();
    const payload = { x: 'x'.repeat(limits.outboxInputBytes) };
    await expect(sendSql(database, { topic: 't', payload })).rejects.toMatchObject({ code: '23514' });
  });

  test('aborts its transaction where it is null', async () => {
    const { database } = gateway();
    await expect(sendSql(database, null)).rejects.toMatchObject({ code: '23514' });
    const send = { text: 'SELECT send_event(NULL)', values: [] };
    await expect(database.query(send)).rejects.toMatchObject({ code: '23502' });
  });

  test('is seen in the outbox where it was refused, until it is discarded', async () => {
    const { database, ask } = gateway();
    const input = { topic: 'no topic!', payload: { n: [1, null] } };
    const id = await sendSql(database, input);
    await isEmpty(database);
    const query = '{ outbox { waiting oldestAt failed { id at code message input } } }';
    const { data, errors } = await ask<any>(query);
    expect(errors).toEqual([]);
    expect(data.outbox).toMatchObject({ waiting: 0, oldestAt: null });
    expect(data.outbox.failed.find((failure: any) => failure.id === id)).toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringContaining('topic'),
      input,
    });
    const discard = 'mutation ($ids: [ID!]!) { discardOutbox(ids: $ids) }';
    expect((await ask<any>(discard, { ids: [id] })).data).toEqual({ discardOutbox: 1 });
    expect((await ask<any>(discard, { ids: [id] })).data).toEqual({ discardOutbox: 0 });
    expect(await failuresOf(database, [id])).toEqual([]);
    expect((await ask(discard, { ids: ['x'] })).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
  });

  test('is seen in the outbox by nobody whose key is restricted', async () => {
    const { askAs } = gateway();
    const rows = { projects: ['p'], topics: null, requestIds: null };
    const { errors } = await askAs({ ...tester, rows }, '{ outbox { waiting } }');
    expect(errors[0]?.extensions.code).toBe('FORBIDDEN');
  });

  test('waits for the others before it where there are many more than are moved at once', async () => {
    const { database } = gateway();
    const topic = fresh('many');
    const count = 2 * limits.outboxBatch + 7;
    await database.query({
      text: `SELECT send_event(jsonb_build_object('topic', $1::text || '.n' || n)) FROM generate_series(1, $2::int) AS n`,
      values: [topic, count],
    });
    await isEmpty(database);
    expect(await topicsOf(database, topic)).toEqual(
      Array.from({ length: count }, (_, n) => `${topic}.n${n + 1}`),
    );
  });
});

describeDatabases('The outbox of a gateway', (backend) => {
  test('is moved at its start, and asked for nothing while it is empty', async () => {
    const database = countStatements(await backend.open());
    const id = await sendSql(database, { topic: 'before' });
    const gateway = await operationsOn(database);
    await isEmpty(database);
    await gateway.outbox.idle();
    expect(await gateway.read(id)).toMatchObject({ topic: 'before' });
    database.statements.length = 0;
    await gateway.operations.sendEvent(tester, { topic: 'other' });
    await gateway.outbox.idle();
    expect(database.statements.filter((text) => text.includes('outbox'))).toEqual([]);
    await gateway.stop();
  });
});
